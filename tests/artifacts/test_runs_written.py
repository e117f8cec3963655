"""A run's files are written whole or not at all, also when processes are killed or meet; one run is current."""

import os
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from support.run_files import MATRIX, NAMES, folder_of, published

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.estimators import load
from cinematch_lib.artifacts.runs import (
    FEATURES,
    FILMS,
    META,
    Run,
    current_run_id,
    list_runs,
    unreadable_runs,
    use_run,
)
from cinematch_lib.storage.files import sha256

# --- written whole ------------------------------------------------------------------------------------


def test_a_run_is_read_back_as_it_was_written(artifacts):
    run = Run.current(artifacts)
    assert sorted(run.info.files) == NAMES
    assert run.info.dataset == "tiny"
    assert run.info.facts["clean"]["min_year"] == 1980
    assert run.read_json(META) == {"films": "first"}
    assert (run.read_matrix(FEATURES) != MATRIX).nnz == 0
    assert run.read_matrix(FEATURES).dtype == np.float32
    assert load(run.read_bytes("genre_mlb.skops"), run.folder).classes_.tolist() == ["crime", "drama"]


def test_a_published_run_stands_alone_and_read_only(artifacts):
    assert [path.name for path in (artifacts / "runs").iterdir()] == [current_run_id(artifacts)]
    assert sorted(path.name for path in artifacts.iterdir()) == ["current", "history", "runs"]
    files = [path for path in folder_of(artifacts).rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o444"}
    assert not (folder_of(artifacts) / "facts.json").exists()


def test_an_id_says_when_and_what_and_the_manifest_counts_every_file(artifacts):
    info = Run.current(artifacts).info
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", info.run_id)
    assert info.run_id.endswith(info.fingerprint[:8])
    for name, file in info.files.items():
        data = (folder_of(artifacts) / name).read_bytes()
        assert file == {"sha256": sha256(data), "bytes": len(data)}


def test_the_same_contents_give_the_same_sums_and_fingerprint_but_another_id(artifacts):
    first = Run.current(artifacts).info
    second = published(artifacts)
    assert second.files == first.files
    assert second.fingerprint == first.fingerprint
    assert second.run_id != first.run_id
    assert len(list_runs(artifacts)) == 2
    assert published(artifacts, "other").fingerprint != first.fingerprint


def test_notebooks_carry_times_and_do_not_change_the_fingerprint(tmp_path):
    infos = []
    for text in ("one time", "another time"):
        draft = Draft.create(tmp_path)
        draft.write_json(META, {})
        draft.path("notebooks/01.ipynb").write_text(text)
        infos.append(draft.publish())
    assert infos[0].fingerprint == infos[1].fingerprint
    assert infos[0].files != infos[1].files


def test_a_run_without_features_is_kept_but_not_put_in_use(artifacts):
    before = current_run_id(artifacts)
    info = published(artifacts, served=False)
    assert current_run_id(artifacts) == before
    assert info.run_id in [run.run_id for run in list_runs(artifacts)]
    with pytest.raises(CineMatchError, match=f"the run {info.run_id} cannot be used: it has no {FEATURES} and no"):
        use_run(artifacts, info.run_id)


def test_nan_is_no_json_and_is_not_written(tmp_path):
    draft = Draft.create(tmp_path)
    with pytest.raises(ValueError, match="Out of range"):
        draft.write_json("metrics.json", {"recall": float("nan")})
    assert list(draft.folder.iterdir()) == []


def test_a_draft_that_is_discarded_leaves_nothing(tmp_path):
    draft = Draft.create(tmp_path)
    draft.write_json(META, {})
    draft.discard()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_draft_of_a_pipeline_is_left_to_the_pipeline(tmp_path):
    pipelines = Draft.create(tmp_path)
    step = Draft.open(tmp_path, str(pipelines.folder))
    step.write_json(META, {})
    assert step.finish() == "Kept for the run that the pipeline is making."
    assert pipelines.publish().files.keys() == {META}


def test_a_draft_of_a_notebook_publishes_itself(tmp_path):
    draft = Draft.open(tmp_path)
    draft.write_matrix(FEATURES, MATRIX)
    draft.write_json(META, {})
    draft.path(FILMS).write_bytes(b"films")
    assert draft.finish() == f"Published as {current_run_id(tmp_path)}, now the current run."


def test_a_folder_that_cannot_hold_runs(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CineMatchError, match=r"file cannot hold runs \(.*: Not a directory\); name another"):
        Draft.create(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


# --- processes that are killed, or meet ----------------------------------------------------------------


BEGIN = (
    "import sys; from pathlib import Path\n"
    "from cinematch_lib.artifacts.draft import Draft; Draft.create(Path(sys.argv[1]))"
)


def python(script, *arguments, **options):
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    quick = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # the scripts fork, and threads do not
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quick, **options)


def test_the_draft_of_a_living_process_is_left_and_that_of_a_killed_one_removed(artifacts):
    other = python(BEGIN + ".path('half').write_text('x'); print('begun', flush=True); sys.stdin.read()", artifacts)
    assert other.stdout.readline() == "begun\n"
    Draft.create(artifacts).discard()
    (left,) = (artifacts / "runs").glob(".draft-*")
    assert (left / "half").read_text() == "x"
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert left.exists()
    Draft.create(artifacts).discard()
    assert not left.exists()
    assert Run.current(artifacts).read_json(META) == {"films": "first"}


# Kills the process just before the n-th thing that it asks the file system to do, for every n.
KILLED_EVERYWHERE = """
    import os, signal, sys
    from pathlib import Path
    from scipy import sparse
    from cinematch_lib.artifacts.draft import Draft
    from cinematch_lib.artifacts.runs import FEATURES, FILMS, META

    artifacts, matrix = Path(sys.argv[1]), sparse.eye_array(2, format="csr", dtype="float32")

    def work():
        draft = Draft.create(artifacts)
        draft.write_matrix(FEATURES, matrix)
        draft.write_json(META, {"films": "second"})
        draft.path(FILMS).write_bytes(b"films")
        draft.record("clean", dataset="tiny")
        return draft.publish().run_id

    def child(n):
        asked = 0
        def count(event, arguments):
            nonlocal asked
            if event in EVENTS and any(str(artifacts) in str(one) for one in arguments):
                asked += 1
                if asked == n:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        work()
        os._exit(0)

    EVENTS = {"open", "os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "tempfile.mkstemp", "os.truncate"}
    n = 1
    while True:
        if not (process := os.fork()):
            child(n)
        killed = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        print((artifacts / "current").read_text().strip(), flush=True)
        if not killed:
            break
        n += 1
"""


def test_a_kill_at_any_moment_leaves_the_old_run_or_the_new_one_in_use(artifacts):
    old = current_run_id(artifacts)
    work = python(KILLED_EVERYWHERE, artifacts)
    out, err = work.communicate(timeout=60)
    in_use = out.split()
    assert work.returncode == 0, err
    kept = in_use.count(old)
    assert kept > 20  # all these moments came before the new one stood
    assert in_use[:kept] == [old] * kept
    assert in_use[-1] == current_run_id(artifacts) != old
    for run_id in {*in_use}:
        use_run(artifacts, run_id)  # whole
    assert unreadable_runs(artifacts) == {}
    Draft.create(artifacts).discard()
    assert [path for path in (artifacts / "runs").iterdir() if path.name.startswith(".")] == []
    assert sorted(path.name for path in artifacts.iterdir()) == ["current", "history", "runs"]


ALL_AT_ONCE = """
    import os, sys
    from pathlib import Path
    from scipy import sparse
    from cinematch_lib.artifacts.draft import Draft
    from cinematch_lib.artifacts.runs import FEATURES, FILMS, META

    artifacts, (wait, go) = Path(sys.argv[1]), os.pipe()
    def child():
        os.close(go)
        draft = Draft.create(artifacts)
        draft.write_matrix(FEATURES, sparse.eye_array(2, format="csr", dtype="float32"))
        draft.write_json(META, {})
        draft.path(FILMS).write_bytes(b"films")
        os.read(wait, 1)
        print(draft.publish().run_id, flush=True)
        os._exit(0)

    children = [os.fork() or child() for _ in range(8)]
    os.close(go)
    sys.exit(sum(os.waitpid(one, 0)[1] for one in children))
"""


def test_processes_that_publish_in_the_same_second_do_not_meet(artifacts):
    work = python(ALL_AT_ONCE, artifacts)
    out, err = work.communicate(timeout=60)
    assert work.returncode == 0, err
    made = out.split()
    assert len(set(made)) == 8
    assert {run.run_id for run in list_runs(artifacts)} > set(made)
    assert Run.current(artifacts).info.run_id in made
