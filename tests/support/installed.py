"""The wheel, and new environments with it: offline, with dependencies from the environment that runs the tests."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(sysconfig.get_path("purelib"))


def build_wheel(folder):
    """The wheel, built from the source distribution of the files that belong to the project."""
    source = folder / "source"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def base_requirements():
    """The distributions that the base needs, and those that these need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return _with_requirements(project["dependencies"])


def _with_requirements(lines):
    needed = map(Requirement, lines)
    names = {one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})}
    return names.union(*(_with_requirements(importlib.metadata.requires(name) or ()) for name in names))


class Environment:
    """A new environment with the wheel; `all_packages` adds those of the environment that runs the tests."""

    def __init__(self, folder, wheel, *, all_packages=False):
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        (site,) = folder.glob("lib/python*/site-packages")
        self._run("bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
        if all_packages:
            (site / "packages.pth").write_text(f"{HERE}\n")  # .pth files there, as of the checkout, are not read
        else:
            for name in base_requirements():
                link(name, site)

    def _run(self, command, *arguments):
        done = self.run(command, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, command, *arguments, cwd="/"):
        """Run a command of the environment."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return subprocess.run(
            [self.folder / command, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600
        )


def link(name, site):
    """Make the files of a distribution available in another folder of packages."""
    for top in {file.parts[0] for file in importlib.metadata.files(name)} - {"..", "__pycache__"}:
        (site / top).symlink_to(HERE / top)
