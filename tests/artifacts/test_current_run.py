"""The current run: which run is served."""

import pytest
from support.run_files import REMEDY, published, put, refusal

from cinematch_lib import CineMatchError, Recommender, UnknownNameError
from cinematch_lib.artifacts.manifest import MANIFEST
from cinematch_lib.artifacts.runs import (
    META,
    Run,
    current_run_id,
    list_runs,
    unreadable_runs,
    use_run,
)


def test_no_runs_yet(tmp_path):
    assert current_run_id(tmp_path) is None
    assert list_runs(tmp_path) == []
    with pytest.raises(CineMatchError) as refused:
        Recommender.load(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path} has no current run yet; make one (cinematch run), or name another folder (--artifacts-dir)"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("current", "named"),
    [
        (b"", "''"),
        (b"\n", "''"),
        (b"20200101T000000Z-00000000\n", "'20200101T000000Z-00000000'"),
        (b"../x", "'../x'"),
        (b"/etc", "'/etc'"),
        (b".", "'.'"),
        (b"..", "'..'"),
        (b"one\ntwo", r"'one\ntwo'"),
        (b"\xff\xfe", "'\ufffd\ufffd'"),
    ],
)
def test_current_that_names_no_run(artifacts, current, named):
    (artifacts / "x").mkdir()
    (artifacts / "current").write_bytes(current)
    assert refusal(artifacts) == (
        f"{artifacts / 'current'} names {named}, which is no run there; choose one (cinematch runs, "
        "cinematch use RUN) or make one (cinematch run)"
    )


def test_use_puts_an_older_run_in_use_again(artifacts):
    first = current_run_id(artifacts)
    second = published(artifacts, "second").run_id
    assert current_run_id(artifacts) == second
    assert use_run(artifacts, first).run_id == first
    assert Run.current(artifacts).read_json(META) == {"films": "first"}


def test_use_refuses_a_broken_run_and_leaves_the_one_in_use(artifacts):
    first = current_run_id(artifacts)
    second = published(artifacts, "second").run_id
    put(artifacts / "runs" / first / META, b"{}")
    with pytest.raises(CineMatchError, match=f"{META} was altered"):
        use_run(artifacts, first)
    assert current_run_id(artifacts) == second


@pytest.mark.parametrize("name", ["", ".", "..", "../runs", "/tmp", "a/b", "no such run"])
def test_use_of_what_is_no_run(artifacts, name):
    before = current_run_id(artifacts)
    with pytest.raises(UnknownNameError) as refused:
        use_run(artifacts, name)
    assert str(refused.value).startswith(f"{artifacts} has no run {name!r}; list them: cinematch runs")
    assert current_run_id(artifacts) == before


def test_a_misspelt_run_gets_a_suggestion(artifacts):
    run_id = current_run_id(artifacts)
    with pytest.raises(UnknownNameError) as refused:
        use_run(artifacts, run_id[:-1])
    assert refused.value.suggestions == (run_id,)


def test_a_broken_run_is_left_out_of_the_list_and_named(artifacts):
    broken = current_run_id(artifacts)
    whole = published(artifacts, "second").run_id
    put(artifacts / "runs" / broken / MANIFEST, b"{")
    assert [run.run_id for run in list_runs(artifacts)] == [whole]
    (problem,) = unreadable_runs(artifacts).values()
    assert problem.startswith(f"{artifacts / 'runs' / broken / MANIFEST} was altered")


def test_a_file_that_a_run_does_not_have(artifacts):
    run = Run.current(artifacts)
    with pytest.raises(CineMatchError) as refused:
        run.read_json("metrics.json")
    assert str(refused.value) == f"the run {run.info.run_id} has no metrics.json; {REMEDY}"


def test_a_file_altered_after_the_run_was_opened_is_refused(artifacts):
    run = Run.current(artifacts)
    put(run.folder / META, b"{}")
    with pytest.raises(CineMatchError, match="was altered"):
        run.read_json(META)
