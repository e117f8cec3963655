"""Pipelines that fail or are stopped on the way."""

import contextlib
import os
import pty
import re
import shlex
import subprocess

import nbformat
import psutil
import pytest
from support.commands import COMMAND, ended, started, wait_for
from support.movielens_files import FILES, NAME, movielens_server, names, publish, zipped
from support.runner_files import untouched

from cinematch_lib.artifacts.runs import current_run_id

# --- failures -----------------------------------------------------------------------------------------


def test_a_failing_notebook_shows_its_cell_and_its_error(project, sample_run, cinematch):
    done = cinematch(project, "run", "--dataset", "mine", "--from", "clean", "-p", "genres_keep", "[Sword and Sandal]")
    assert done.code == 1
    assert done.out == "[1/4] clean …\n"
    assert done.err == (
        "cinematch: step clean failed in cell [6] of 02_clean.ipynb: no film here has the genre 'sword and sandal'; "
        "there are action, adventure, animation, children, comedy, crime, fantasy, thriller\n"
        "The notebook as far as it came: artifacts/failed/02_clean.ipynb\n"
    )
    notebook = nbformat.read(project / "artifacts/failed/02_clean.ipynb", as_version=4)
    errors = [one for cell in notebook.cells for one in cell.get("outputs", []) if one.output_type == "error"]
    assert [one.ename for one in errors] == ["UnknownNameError"]
    assert untouched(project, sample_run)
    assert not (project / "data").exists()


def test_an_error_that_is_not_meant_for_people_shows_its_traceback(project, sample_run, cinematch):
    (project / "data" / "movies_merged.csv").mkdir(parents=True)
    done = cinematch(project, "run", "--dataset", "mine", "--from", "clean", "--to", "clean")
    assert done.code == 1
    assert "cinematch: step clean failed in cell [6] of 02_clean.ipynb:\n\n    metadata = find_metadata(" in done.err
    assert "Traceback (most recent call last)" in done.err
    assert re.search(r"^IsADirectoryError: ", done.err, flags=re.MULTILINE)
    assert "\x1b" not in done.err
    assert untouched(project, sample_run)


# --- stopped on the way -------------------------------------------------------------------------------


@pytest.fixture
def stalling(monkeypatch):
    """A server whose download stops in the middle: whoever fetches from it is busy for as long as one likes."""
    with movielens_server(monkeypatch) as server:
        publish(server, zipped(FILES, padding=400_000), stalls_after=200_000)
        yield server


def busy_fetching(project, process):
    """The kernel of a run that is in the middle of a download."""
    part = project / f"raw/.{NAME}.zip.part"
    wait_for(lambda: part.exists() and part.stat().st_size == 200_000, "the download to begin")
    (kernel,) = psutil.Process(process.pid).children(recursive=True)
    return kernel


def fetching(project):
    return started(project, "run", "--dataset", NAME, "--to", "fetch")


def test_a_run_that_is_terminated_leaves_the_last_good_one_in_use(stalling, project, sample_run):
    process = fetching(project)
    kernel = busy_fetching(project, process)
    process.terminate()
    done = ended(process)
    assert done.code == 130
    in_use = current_run_id(sample_run.artifacts)
    assert done.err == f"cinematch: interrupted; the current run is {in_use}\n"
    assert done.out == "[1/1] fetch …\n"
    assert gone(kernel)
    assert untouched(project, sample_run)
    assert not (project / "artifacts/failed").exists()


def test_a_kernel_that_is_killed_is_explained(stalling, project, sample_run):
    process = fetching(project)
    busy_fetching(project, process).kill()
    done = ended(process)
    assert done.code == 1
    assert re.fullmatch(
        r"cinematch: step fetch failed: its kernel died, most likely for want of memory \(it held up to \d+ MB\); "
        r"(close other programs|raise the .*limit.*,) or take a smaller data set\n\n"
        r"The notebook as far as it came: artifacts/failed/01_fetch\.ipynb\n",
        done.err,
    )
    assert nbformat.read(project / "artifacts/failed/01_fetch.ipynb", as_version=4).cells
    assert untouched(project, sample_run)


def test_a_command_that_is_killed_takes_its_kernel_along_and_the_next_one_cleans_up(
    stalling, project, sample_run, cinematch
):
    process = fetching(project)
    kernel = busy_fetching(project, process)
    process.kill()
    ended(process)
    wait_for(lambda: gone(kernel), "the kernel to notice")
    assert current_run_id(project / "artifacts") == current_run_id(sample_run.artifacts)
    assert len(names(project / "artifacts/runs")) == 2  # the current run and a draft

    (project / "raw/broken").mkdir(parents=True)
    (project / "raw/broken/movies.csv").write_text("film,name\n1,Heat (1995)\n")
    (project / "raw/broken/links.csv").write_text("movieId,imdbId,tmdbId\n1,1,1\n")
    done = cinematch(project, "run", "--dataset", "broken", "--to", "fetch")
    assert done.code == 1
    assert "movies.csv lacks the columns movieId, genres; its first line names film, name" in done.err
    assert "Traceback" not in done.err
    assert untouched(project, sample_run)


@pytest.mark.parametrize("terminal", ["dumb", "xterm-256color"])
def test_on_a_terminal_the_download_is_seen_and_ctrl_c_stops_it(stalling, project, sample_run, terminal):
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "run", "--dataset", NAME, "--to", "fetch"],
        cwd=project,
        stdin=its,
        stdout=its,
        stderr=its,
        preexec_fn=lambda: os.login_tty(its),
        env=os.environ | {"TERM": terminal, "COLUMNS": "80"},
    )
    os.close(its)
    seen = b""
    while b"%" not in seen:
        seen += os.read(mine, 4096)
    kernel = busy_fetching(project, process)
    os.write(mine, b"\x03")
    with contextlib.suppress(OSError):  # how the end of a terminal reads on Linux
        while more := os.read(mine, 4096):
            seen += more
    assert process.wait(timeout=60) == 130
    text = seen.decode()
    bar = rf"{NAME}\.zip: +0%\|.*/401k \["
    if terminal == "dumb":
        assert text.startswith("[1/1] fetch …\r\n")
        assert re.search(rf"\r{bar}", text), text
    else:
        assert re.search(rf"\[1/1\] fetch .*0:00:0\d.* {bar}", text), text
        assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is shown again
    assert f"cinematch: interrupted; the current run is {current_run_id(sample_run.artifacts)}\r\n" in text
    assert "Traceback" not in text and "Warning" not in text
    assert gone(kernel)
    assert untouched(project, sample_run)
    os.close(mine)


def gone(process):
    """Whether a process ended; one that was orphaned in a container may stay as a zombie."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_limit_of_address_space_is_told_before_the_first_step(project):
    limited = f"ulimit -v 1500000; exec {shlex.quote(str(COMMAND))} run --dataset sample"
    done = subprocess.run(["bash", "-c", limited], cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    (message,) = [line for line in done.stderr.splitlines() if line.startswith("cinematch: ")]
    assert "of address space, and the limit is 1.5 GB (ulimit -v 1500000); raise it" in message
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
