"""What is deployed: each command of the Dockerfile outside a container, and the files that compose and systemd read."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request

import pytest
import yaml
from support.commands import COMMAND, wait_for
from support.http_files import unused_url
from support.installed import ROOT
from support.serving import client

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text(encoding="utf-8"))
UNIT = ROOT / "deploy/cinematch.service"


def instructions():
    """The instructions of the Dockerfile and their arguments, in order."""
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    return [line.split(" ", 1) for line in lines]


def of(name):
    (found,) = [argument for instruction, argument in instructions() if instruction == name]
    return found


def pins(name):
    """The pinned versions of a lock file, with their markers."""
    return set(re.findall(r"^(\S+==[^\\\n]+?) \\$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


class Image:
    """A folder in which the instructions of the Dockerfile were carried out, with its paths in place of the root's."""

    def __init__(self, folder):
        self.folder = folder
        workdir, copied = folder, []
        for instruction, argument in instructions():
            if instruction == "WORKDIR":
                workdir = folder / argument.lstrip("/")
                workdir.mkdir(parents=True, exist_ok=True)
            elif instruction == "COPY" and "--from" not in argument:
                *sources, target = argument.split()
                copied += sources
                for source in sources:
                    self._copy(ROOT / source, workdir / target / (source if target == "./" else ""))
            elif instruction == "RUN":
                self.run(argument, cwd=workdir)
        self.copied = copied

    def _copy(self, source, target):
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)

    def here(self, command):
        """The command with this folder's paths, and the Python that runs the tests."""
        command = re.sub(r"^python ", f"{sys.executable} ", command)
        return re.sub(r"(?<![\w.])/(opt|srv)/", rf"{self.folder}/\1/", command)

    def run(self, command, **options):
        """Run a command of the shell in the folder; without the right to, no file changes its owner."""
        command = self.here(command) if os.getuid() == 0 else self.here(command).replace("chown ", "true ")
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, **options)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return Image(tmp_path_factory.mktemp("image"))


def test_the_image_serves_a_run_and_is_healthy(image, _served):
    shutil.copytree(_served, image.folder / "srv/artifacts", dirs_exist_ok=True)
    port = unused_url().rpartition(":")[2].strip("/")
    command = [image.here(word).replace("8000", port) for word in json.loads(of("CMD"))]
    check = [image.here(word).replace("8000", port) for word in json.loads(of("HEALTHCHECK").partition(" CMD ")[2])]
    assert subprocess.run(check, capture_output=True).returncode
    environment = {"PATH": "/usr/bin:/bin", "CINEMATCH_API_TOKEN": "open-sesame"}
    process = subprocess.Popen(command, env=environment, cwd=image.folder / "srv", stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: not subprocess.run(check, capture_output=True).returncode, "a healthy server")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            metrics = answer.read().decode()
    finally:
        process.terminate()
        assert process.wait(10) == 0
    for expression in [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]:
        for name in re.findall(r"\b(?:cinematch|process)_\w+", expression):
            assert f"# TYPE {name.removesuffix('_bucket')} " in metrics, name


def test_the_image_holds_the_server_alone(image):
    listed = subprocess.run(
        [image.folder / "opt/cinematch/bin/python", "-m", "pip", "list", "--format=freeze"],
        capture_output=True,
        text=True,
    ).stdout
    names = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert {"cinematch-lib", "fastapi", "uvicorn", "numpy"} <= names
    assert not names & {"pandas", "scikit-learn", "jupyterlab", "papermill", "matplotlib"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for source in image.copied:
        assert f"!{source}" in ignored or f"!{source}/*.ipynb" in ignored


def test_the_lock_of_the_server_is_part_of_the_lock():
    assert pins("requirements-serve.lock") <= pins("requirements.lock")
    text = (ROOT / "requirements-serve.lock").read_text(encoding="utf-8")
    assert "://" not in text and text.count("--hash=sha256:") > len(pins("requirements-serve.lock"))


def test_compose_reads_files_that_are_there_and_listens_on_loopback():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], (name, target)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    server = COMPOSE["services"]["server"]
    assert server["read_only"] and server["cap_drop"] == ["ALL"]
    assert "CINEMATCH_API_TOKEN" in server["environment"]
    assert int(of("USER").partition(":")[0]) > 0
    targets = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]
    assert targets["targets"] == [f"server:{of('EXPOSE')}"]
    source = yaml.safe_load((ROOT / "deploy/grafana/datasource.yml").read_text())["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}


def test_alerts_ask_for_metrics_that_there_are(served, tmp_path):
    rules = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert (ROOT / "deploy/prometheus.yml").read_text().count("alerts.yml") == 1
    with client(served, state_dir=tmp_path / "state") as api:
        known = re.findall(r"^# TYPE (cinematch_\w+) ", api.get("/metrics").text, flags=re.MULTILINE)
    for rule in rules:
        assert set(re.findall(r"cinematch_\w+", rule["expr"])) <= set(known)
        assert rule["annotations"]["summary"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(image, tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(image.here(UNIT.read_text(encoding="utf-8")), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    exposure = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit]
    done = subprocess.run(exposure, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-200:]


def test_the_command_of_the_unit_is_one_that_cinematch_knows():
    (start,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    known = subprocess.run([COMMAND, "serve", "--help"], capture_output=True, text=True).stdout
    assert all(word in known for word in shlex.split(start) if word.startswith("--"))
