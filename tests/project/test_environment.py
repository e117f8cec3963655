"""The lock, pyproject.toml and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+)"
)


@pytest.fixture(scope="module")
def lock():
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(lock):
    """Version by name, of what is installed on this Python."""
    here = default_environment()
    return {
        canonicalize_name(pin["name"]): pin["version"]
        for pin in PIN.finditer(lock)
        if not pin["marker"] or Marker(pin["marker"]).evaluate(here)
    }


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_line_of_the_lock_is_a_pin_with_hashes(lock):
    rest = PIN.sub("", lock).split("\n")
    assert [line for line in rest if line.strip() and not line.startswith("#")] == []


def test_the_lock_names_no_index_and_no_address(lock):
    assert not re.search(r"https?:|--(extra-)?index|--find-links|--trusted-host| @ |file:", lock)


def test_every_dependency_is_locked_within_its_range(project, pins):
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    for wanted in map(Requirement, [*project["dependencies"], *extras]):
        if wanted.name == project["name"]:
            continue  # an extra that includes others
        version = pins.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not in the lock; make lock"
        assert wanted.specifier.contains(version), f"{wanted} is locked at {version}; make lock"


def test_what_the_build_needs_is_locked_because_it_is_installed_without_isolation(pins):
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    for wanted in map(Requirement, build):
        assert wanted.specifier.contains(pins[wanted.name])


def test_the_conda_environment_installs_the_lock(project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, by_pip = environment["dependencies"]
    assert environment["name"] == "cinematch"
    assert environment["channels"] == ["conda-forge"]
    assert pip == "pip"
    assert by_pip == {"pip": ["-r requirements.lock"]}
    name, version = python.split("=")
    assert name == "python"
    assert Requirement(f"python{project['requires-python']}").specifier.contains(f"{version}.0")


def test_the_environment_that_runs_the_tests_is_the_lock_s(project, pins):
    from importlib import metadata

    for wanted in map(Requirement, project["dependencies"]):
        assert metadata.version(wanted.name) == pins[canonicalize_name(wanted.name)]
