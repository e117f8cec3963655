"""``cinematch run`` on a cluster: the same artifacts although a worker is killed, and no process left after Ctrl-C."""

import os
import re
import shutil
import signal
import subprocess

import numpy as np
import psutil
import pytest
from support.commands import started, wait_for

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.cluster.connection import connect

pytest.importorskip("distributed")
ONLY_TRAIN = ["--from", "train", "--to", "train", "--workers", "2", "--memory", "800MB"]


@pytest.fixture
def project(sample_run, tmp_path):
    return shutil.copytree(sample_run.folder, tmp_path / "project")


def parameters_of(run):
    """The words that train as the run did."""
    given = run.info.facts["train"]["parameters"]
    return [word for name, value in given.items() if value is not None for word in ("-p", name, str(value))]


def at_work(project, *words):
    """The command once its workers have something to do: the process, and the address of its scheduler."""
    options = {"start_new_session": True, "stderr": subprocess.STDOUT}
    process = started(project, "run", *ONLY_TRAIN, *words, **options)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("[1/1] train"):
            break
    address = re.search(r"at (tcp://\S+);", "".join(lines))[1]
    client = connect(address)
    try:
        # A lambda, since the scheduler cannot import this file.
        wait_for(lambda: client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)), "tasks", 120)
    finally:
        client.close()
    return process


def workers_of(process):
    children = psutil.Process(process.pid).children(recursive=True)
    return [one for one in children if "spawn_main" in " ".join(one.cmdline())]


def test_a_killed_worker_changes_neither_weights_nor_lists(sample_run, project):
    before = Run.current(sample_run.artifacts)
    process = at_work(project, *parameters_of(before))
    workers_of(process)[0].kill()
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    after = Run.current(project / "artifacts")
    assert after.info.run_id != before.info.run_id
    for here, there in zip(*(run.read_item_weights().matrices for run in (before, after)), strict=True):
        assert all(np.array_equal(getattr(here, name), getattr(there, name)) for name in ("data", "indices", "indptr"))
    embeddings = [run.read_embeddings() for run in (before, after)]
    for name in ("item_embeddings", "history_embeddings", "history_corrections"):
        assert np.array_equal(*(getattr(one, name) for one in embeddings))
    lists = [top_20s(folder) for folder in (sample_run.artifacts, project / "artifacts")]
    assert lists[0] == lists[1]


def top_20s(artifacts):
    recommender = Recommender.load(artifacts)
    likes = [[1], [260, 1196], [318, 858, 527], [2571, 1270, 480, 110, 593]]
    return [[one.movie.movie_id for one in recommender.recommend(Preferences(liked_movie_ids=ids))] for ids in likes]


def test_ctrl_c_leaves_no_process_and_no_run(sample_run, project):
    before = Run.current(sample_run.artifacts).info.run_id
    process = at_work(project)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 4  # the kernel, two workers and the tracker of their resources
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output.splitlines()[-1] == f"cinematch: interrupted; the current run is {before}"
    assert "Traceback" not in output
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert Run.current(project / "artifacts").info.run_id == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--memory", "3GB"], "--memory is that of each worker, and needs --workers N; got --memory 3GB alone"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], "give it without --workers and --memory"),
        (["--workers", "0"], "--workers must be 1 or more, got 0"),
        (["--workers", "1", "--memory", "much"], "--memory must be a size such as 3GB or 800MB, got 'much'"),
        (["--workers", "1", "--memory", "1MB"], "--memory must be 500 MB or more, got '1MB'"),
        (["--workers", "1000", "--memory", "100GB"], "1000 workers with 100.0 GB each need 100000.0 GB, and"),
    ],
)
def test_options_that_cannot_be_met_are_refused(words, message, capsys, tmp_path, monkeypatch):
    from cinematch_lib.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["run", *words]) == 1
    assert message in capsys.readouterr().err
