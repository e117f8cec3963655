"""The scheduler and the worker of compose.yaml: their commands, run outside a container, and their image's files."""

import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from support.commands import COMMAND
from support.http_files import unused_url
from support.installed import ROOT

from cinematch_lib import CineMatchError
from cinematch_lib.cluster.connection import connect, workers

pytest.importorskip("distributed")
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def started(service, address, folder):
    """The command of a service, with an address and a folder of its own."""
    command = SERVICES[service]["command"].replace("tcp://scheduler:8786", address).replace("0.0.0.0", "127.0.0.1")
    command = command.replace("8786", address.rpartition(":")[2]).replace("/tmp", str(folder))
    program, *words = shlex.split(command)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([COMMAND.with_name(program), *words], cwd=folder, **quiet)


def test_the_scheduler_and_a_worker_take_a_task(tmp_path):
    address = unused_url().replace("http", "tcp")
    processes = [started(service, address, tmp_path) for service in ("scheduler", "worker")]
    try:
        client = connected(address)
        assert [one["memory_limit"] for one in workers(client).values()] == [3_000_000_000]
        assert client.submit(pow, 3, 2).result(timeout=30) == 9
        client.close()
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(30)


def connected(address):
    end = time.monotonic() + 120
    while True:
        try:
            return connect(address)
        except CineMatchError:
            if time.monotonic() > end:
                raise


def test_workers_see_the_data_at_the_path_of_this_machine_and_cannot_change_it():
    assert SERVICES["worker"]["volumes"] == ["./raw:${PWD}/raw:ro"]
    for name in ("scheduler", "worker"):
        assert SERVICES[name]["read_only"] and SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["profiles"] == ["cluster"]


def test_the_image_copies_files_that_are_there():
    text = (ROOT / SERVICES["scheduler"]["build"]["dockerfile"]).read_text(encoding="utf-8")
    sources = [source for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for source in line.split()]
    assert "requirements.lock" in sources
    assert [source for source in sources if not Path(ROOT / source).exists()] == []
