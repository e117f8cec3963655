"""What a command finds around it: closed streams, a deleted folder, few open files, a full disk. Never a traceback."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import COMMAND
from support.serving import publish

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are limits and streams of Unix")


@pytest.fixture
def folder(tmp_path):
    publish(tmp_path / "artifacts")
    return tmp_path


def run(folder, *arguments, **options):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, text=True, timeout=60, **streams | options)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("arguments", [["runs"], ["recommend", "-k", "1"], ["--version"]], ids=" ".join)
def test_closed_streams_lead_nowhere(folder, closed, arguments):
    def close():
        for number in closed:
            os.close(number)

    done = run(folder, *arguments, preexec_fn=close)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (1 not in closed)


@pytest.mark.parametrize("arguments", [["runs"], ["recommend", "-k", "1"], ["--version"]], ids=" ".join)
def test_a_full_disk_below_the_output_is_told_in_a_line(folder, arguments):
    with Path("/dev/full").open("w") as full:
        done = run(folder, *arguments, stdout=full)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("could not be read or written: No space left on device\n")


@pytest.mark.parametrize(
    "arguments", [["run"], ["recommend"], ["serve", "--port", "0"], ["setup", "--yes", "--mode", "quick"]], ids=" ".join
)
def test_a_deleted_working_folder_is_told_in_a_line(tmp_path, arguments):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = run(gone, *arguments, preexec_fn=gone.rmdir)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("cinematch: the working folder, which was deleted, could not be read")


@pytest.mark.parametrize("arguments", [["run"], ["serve", "--port", "0"]], ids=" ".join)
def test_too_few_open_files_are_told_before_anything_is_begun(tmp_path, arguments):
    done = run(tmp_path, *arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("cinematch: only 20 files may be open at once, and ")
    assert list(tmp_path.iterdir()) == []


def test_too_little_address_space_is_told_in_a_line(tmp_path):
    done = run(tmp_path, "run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (9 * 10**8,) * 2))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "memory" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_characters_that_the_terminal_lacks_are_replaced(folder, encoding):
    done = run(folder, "recommend", "-k", "3", env=os.environ | {"PYTHONIOENCODING": encoding}, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert "higher in this list (?100%)" in done.stdout


def test_a_user_without_a_home(folder):
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    for home in ({}, {"HOME": "/nonexistent"}):
        done = run(folder, "recommend", "-k", "1", env=environment | home)
        assert (done.returncode, done.stderr) == (0, "")
