"""A run that goes on from the current one: it holds what that one holds, and never changes it."""

import pytest
from support.run_files import MATRIX
from support.tables import write_movielens

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import FEATURES, FILMS, META, Run, current_run_id, list_runs
from cinematch_lib.catalog.cleaning import REPORT, CleaningReport, clean
from cinematch_lib.pipeline.resume import resume_draft, training_facts

LATER = {
    "item_weights.npz": "train",
    "embeddings.npz": "train",
    "figures/train_trials.png": "train",
    "notebooks/04_train.ipynb": "train",
    "metrics.json": "evaluate",
    "metrics_by_user.csv": "evaluate",
    "held_out.csv": "evaluate",
    "held_out_weights.npz": "evaluate",
    "figures/evaluate_groups.png": "evaluate",
    "notebooks/05_evaluate.ipynb": "evaluate",
}
EARLIER = {FEATURES, FILMS, META, REPORT, "figures/waterfall.png"}


def cleaned(folder, name="mine", title="Heat (1995)"):
    raw = write_movielens(folder / "raw" / name, [(1, title, "Crime"), (2, "Casino (1995)", "Drama")])
    return clean(raw, folder / "data")


def publish(artifacts, report, later=()):
    """A run of these films in use, with a file for each of `later`."""
    draft = Draft.create(artifacts)
    draft.write_matrix(FEATURES, MATRIX)
    draft.write_json(META, {})
    draft.path(FILMS).write_bytes(b"films")
    draft.write_json(REPORT, report.to_dict())
    for name in ("figures/waterfall.png", *later):
        draft.path(name).write_text(name)
    draft.record("clean", dataset=report.dataset, kept=2)
    draft.record("features", films=2, features=3, parameters={"min_df": 1})
    for step in dict.fromkeys(LATER[name] for name in later):
        draft.record(step, dataset=report.dataset, parameters={"seed": 0})
    return draft.publish()


@pytest.fixture
def artifacts(tmp_path):
    return tmp_path / "artifacts"


def test_the_new_run_holds_what_the_old_one_holds_and_what_is_added(tmp_path, artifacts):
    report = cleaned(tmp_path)
    first = publish(artifacts, report)
    draft = resume_draft("train", report, artifacts)
    draft.path("item_weights.npz").write_text("weights")
    draft.record("train", dataset="mine")
    said = draft.finish()
    second = Run.current(artifacts).info
    assert said == f"Published as {second.run_id}, now the current run."
    assert set(second.files) == {*first.files, "item_weights.npz"}
    assert all(second.files[name] == first.files[name] for name in first.files)
    assert list(second.facts) == ["clean", "features", "train"]
    assert second.facts["clean"] == first.facts["clean"]
    assert {run.run_id for run in list_runs(artifacts)} == {first.run_id, second.run_id}


def test_the_old_run_is_not_changed_by_what_is_done_to_the_new_one(tmp_path, artifacts):
    report = cleaned(tmp_path)
    first = publish(artifacts, report)
    draft = resume_draft("evaluate", report, artifacts)
    (draft.folder / REPORT).write_text("other")  # in place, as an editor may do
    draft.discard()
    assert Run(artifacts / "runs" / first.run_id).read_json(REPORT) == report.to_dict()
    assert current_run_id(artifacts) == first.run_id


@pytest.mark.parametrize(("step", "kept"), [("train", set()), ("evaluate", {"train"})])
def test_what_the_step_and_those_after_it_left_is_not_taken_over(tmp_path, artifacts, step, kept):
    report = cleaned(tmp_path)
    publish(artifacts, report, LATER)
    draft = resume_draft(step, report, artifacts)
    there = {path.relative_to(draft.folder).as_posix() for path in draft.folder.rglob("*") if path.is_file()}
    assert there - {"facts.json"} == EARLIER | {name for name, of in LATER.items() if of in kept}
    assert set(draft.facts()) == {"clean", "features", *kept}


def test_in_a_pipeline_the_draft_is_the_pipelines(tmp_path, artifacts):
    pipelines = Draft.create(artifacts)
    assert resume_draft("train", cleaned(tmp_path), artifacts, str(pipelines.folder)).folder == pipelines.folder


def refusal(step, report, artifacts):
    with pytest.raises(CineMatchError) as refused:
        resume_draft(step, report, artifacts)
    assert not list((artifacts / "runs").glob(".draft-*"))
    return str(refused.value)


def test_without_a_run_in_use_there_is_nothing_to_go_on_from(tmp_path, artifacts):
    assert refusal("train", cleaned(tmp_path), artifacts) == (
        f"{artifacts} has no current run yet; make one (cinematch run), or name another folder (--artifacts-dir)"
    )


def test_another_data_sets_run_is_not_gone_on_from(tmp_path, artifacts):
    info = publish(artifacts, cleaned(tmp_path, "theirs"))
    assert refusal("train", cleaned(tmp_path), artifacts) == (
        f"the current run ({info.run_id}) is of theirs, and the catalog is of mine; "
        "make the features first: cinematch run --from features"
    )


def test_a_run_of_another_catalog_is_not_gone_on_from(tmp_path, artifacts):
    info = publish(artifacts, cleaned(tmp_path))
    again = cleaned(tmp_path, title="Heat 2 (1995)")
    assert refusal("evaluate", again, artifacts) == (
        f"the current run ({info.run_id}) was made from another catalog of mine than the one that lies there now; "
        "make the features first: cinematch run --from features"
    )


def test_what_was_not_trained_is_not_evaluated(tmp_path, artifacts):
    report = cleaned(tmp_path)
    publish(artifacts, report)
    with pytest.raises(CineMatchError, match="nothing to evaluate; train first: cinematch run --from train"):
        training_facts(resume_draft("evaluate", report, artifacts))
    publish(artifacts, report, LATER)
    features, train = training_facts(resume_draft("evaluate", report, artifacts))
    assert (features["parameters"], train["parameters"]) == ({"min_df": 1}, {"seed": 0})


def test_the_report_in_the_data_folder_is_the_one_compared(tmp_path, artifacts):
    publish(artifacts, cleaned(tmp_path))
    assert resume_draft("train", CleaningReport.load(tmp_path / "data"), artifacts).facts().keys() == {
        "clean",
        "features",
    }
