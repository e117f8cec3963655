"""The pipeline, run by the command: what it leaves, and what is left of it when it fails or is stopped."""

import json
import re
import shutil

import nbformat
from support.movielens_files import names
from support.runner_files import untouched

from cinematch_lib import Recommender
from cinematch_lib.artifacts.runs import Run, current_run_id, list_runs
from cinematch_lib.pipeline.notebooks import STEPS

RUN_FILES = {
    "cleaning_report.json",
    "embeddings.npz",
    "figures/evaluate_cold_films.png",
    "figures/evaluate_cold_users.png",
    "figures/evaluate_knobs.png",
    "figures/evaluate_groups.png",
    "figures/evaluate_leaderboard.png",
    "figures/neighbours.png",
    "figures/train_neighbours.png",
    "figures/train_trials.png",
    "figures/waterfall.png",
    "film_map.npz",
    "films.npz",
    "genre_mlb.skops",
    "held_out.csv",
    "held_out_embeddings.npz",
    "held_out_lists.csv",
    "held_out_weights.npz",
    "item_features.npz",
    "item_weights.npz",
    "rejects.csv",
    "metrics.json",
    "metrics_by_user.csv",
    "movies_meta.json",
    "search_index.npz",
    "notebooks/01_fetch.ipynb",
    "notebooks/02_clean.ipynb",
    "notebooks/03_features.ipynb",
    "notebooks/04_train.ipynb",
    "notebooks/05_evaluate.ipynb",
    "numeric_scaler.skops",
    "tfidf_vectorizer.skops",
}


# --- a run on the sample ------------------------------------------------------------------------------


def test_the_run_says_what_it_does_and_what_that_took(sample_run):
    assert (sample_run.done.code, sample_run.done.err) == (0, "")
    begun, table, account, named, found, after = sample_run.done.out.split("\n\n")
    lines = begun.split("\n")
    for number, step in enumerate(STEPS, start=1):
        assert lines.pop(0) == f"[{number}/5] {step} …"
        assert re.fullmatch(rf"\[{number}/5\] {step}: \d+\.\d s, [\d,]+ MB", lines.pop(0))
        if step == "clean":  # what the notebook prints of other tables
            assert lines.pop(0) == "  links.csv: 1,534 films without a TMDb or IMDb id"
    head, *rows = table.split("\n")
    assert head.split() == ["step", "seconds", "peak", "MB"]
    assert [row.split()[0] for row in rows] == list(STEPS)
    for _, seconds, megabytes in map(str.split, rows):
        assert 0.5 < float(seconds) < 400
        assert 50 < float(megabytes.replace(",", "")) < 2000
    run_id = current_run_id(sample_run.artifacts)
    assert account.startswith("9,066 films read = 9,046 kept + 20 dropped (5 no year known, 15 no genre known)")
    sizes = Run.current(sample_run.artifacts).info.facts["features"]
    assert named == f"run {run_id}: {sizes['films']:,} films, {sizes['features']:,} features"
    head, *models = found.split("\n")
    assert re.split("  +", head) == ["model", "ndcg@10 [95 %]", "recall@20 [95 %]"]
    served = {"served", "served, from seen", "served, from likes"}
    assert {re.split("  +", row)[0] for row in models} == {*served, "hybrid", "ease", "popular"}
    assert models[-1].startswith("popular ")
    assert after == 'It is the current run now. Try: cinematch recommend --like "The Shawshank Redemption (1994)"\n'


def test_the_run_is_whole_in_use_and_recommends(sample_run):
    run = Run.current(sample_run.artifacts)
    assert set(run.info.files) == RUN_FILES
    assert run.info.dataset == "sample"
    recommender = Recommender.load(sample_run.artifacts)
    toys = recommender.find("Toy Story (1995)").movie_id
    assert "Toy Story 2" in [one.title for one in recommender.similar(toys, 5)]


def test_the_manifest_tells_parameters_inputs_sizes_and_costs(sample_run):
    facts = Run.current(sample_run.artifacts).info.facts
    assert facts["clean"]["filters"]["min_year"] is None
    assert set(facts["clean"]["inputs"]) >= {"movies.csv", "links.csv", "ratings.csv"}
    assert facts["features"]["films"] == len(Recommender.load(sample_run.artifacts))
    assert [step["step"] for step in facts["pipeline"]["steps"]] == list(STEPS)


def test_executed_notebooks_are_kept_with_their_outputs(sample_run):
    run = Run.current(sample_run.artifacts)
    for name in STEPS.values():
        notebook = nbformat.reads(run.read_bytes(f"notebooks/{name}").decode(), as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        outputs = [output for cell in code for output in cell.outputs]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
        assert not [output for output in outputs if "Warning" in output.get("text", "")]
        assert any("image/png" in output.get("data", {}) for output in outputs)


def test_nothing_is_written_but_into_the_folders_that_were_named(sample_run):
    assert names(sample_run.folder) == ["artifacts", "data", "raw"]
    assert names(sample_run.artifacts) == ["current", "history", "runs"]
    assert names(sample_run.artifacts / "runs") == [current_run_id(sample_run.artifacts)]
    assert names(sample_run.folder / "raw") == ["sample"]
    assert names(sample_run.folder / "data") == ["cleaning_report.json", "movies_merged.csv", "rejects.csv"]
    assert names(sample_run.worked_in) == []
    assert sample_run.appeared == set()


def test_a_run_elsewhere_gives_the_same_bytes(sample_run):
    assert (sample_run.done_elsewhere.code, sample_run.done_elsewhere.err) == (0, "")
    here, there = Run.current(sample_run.artifacts), Run.current(sample_run.elsewhere)
    assert here.info.fingerprint == there.info.fingerprint
    lasting = {name for name in RUN_FILES if not name.startswith("notebooks/")}
    assert {name: here.info.files[name] for name in lasting} == {name: there.info.files[name] for name in lasting}
    for name in lasting - {"item_features.npz"}:
        assert str(sample_run.folder.parent).encode() not in here.read_bytes(name), "a path of this machine"


# --- a part of it, on a folder of one's own -----------------------------------------------------------


def test_a_run_up_to_cleaning_is_kept_but_not_used_and_the_next_one_goes_on_from_there(project, sample_run, cinematch):
    """Without ratings: there the steps that need them do nothing, but asked for alone they say why."""
    (project / "p.yaml").write_text("genres_keep: [Crime, fantasy]\nmax_year: 1994\nservices: none\n")
    typed = ["-p", "max_year", "1995", "-p", "genres_keep", "[crime]"]
    done = cinematch(project, "run", "--dataset", "mine", "--from", "clean", "--to", "clean", "-f", "p.yaml", *typed)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("[1/1] clean …\n")
    assert done.out.endswith(" no features\nIt holds no features, so the current run does not change.\n")
    assert not untouched(project, sample_run)
    report = json.loads((project / "data/cleaning_report.json").read_text())
    assert report["filters"] | {"max_year": 1995, "genres_keep": ["crime"]} == report["filters"]
    assert report["services"]["source"] == "none"
    assert (report["read"], report["kept"]) == (4, 1)

    done = cinematch(project, "run", "--from", "features", "-p", "min_df", "1")
    assert (done.code, done.err) == (0, "")
    in_use = current_run_id(sample_run.artifacts)
    assert current_run_id(project / "artifacts") == in_use
    nothing = "nothing to do; mine has no ratings.csv, so there is nothing to learn from; films are recommended by"
    assert f"[2/3] train: {nothing} their content\n" in done.out
    assert f"[3/3] evaluate: {nothing} their content\n" in done.out
    assert f"\nThis run has no weights from ratings, which {in_use} has; the current run stays in use.\n" in done.out
    assert re.search(r"\nThis run has 1 films, fewer than half of the 9,\d{3} of ", done.out)
    made = list_runs(project / "artifacts")[-1].run_id
    files = Run(project / "artifacts/runs" / made).info.files
    assert not [name for name in files if "train" in name or "metrics" in name or "weights" in name]
    last = f"It holds less than the current run, which stays in use. To use it: cinematch use {made}\n"
    assert done.out.endswith(last)
    done = cinematch(project, "run", "--from", "features", "--to", "features", "-p", "min_df", "1", "--use")
    assert (done.code, done.err) == (0, "")
    assert "It is the current run now." in done.out
    run = Run.current(project / "artifacts")
    assert set(run.info.facts) == {"clean", "drift", "features", "pipeline"}
    assert run.info.dataset == "mine"
    assert run.info.facts["features"]["parameters"]["min_df"] == 1
    assert Recommender.load(project / "artifacts").search("heat", 1)[0].year == 1995
    said = cinematch(project, "runs", current_run_id(sample_run.artifacts), run.info.run_id)
    assert "\nclean.filters.max_year: None → 1995\n" in said.out

    done = cinematch(project, "run", "--from", "train", "--to", "train")
    assert done.code == 1
    assert done.err.startswith("cinematch: mine has no ratings.csv, so there is nothing to learn from; ")
    assert current_run_id(project / "artifacts") == run.info.run_id
    done = cinematch(project, "run", "--from", "evaluate", "--dataset", "sample")
    assert done.err == "cinematch: the catalog in data is of mine, not of sample; clean it first: --from clean\n"


def test_a_run_without_any_metadata_works_too(sample_run, tmp_path, cinematch):
    shutil.copytree(sample_run.folder / "raw", tmp_path / "raw")
    done = cinematch(
        tmp_path, "run", "--from", "clean", "--to", "features", "-p", "use_tmdb", "false", "-p", "services", "none"
    )
    assert (done.code, done.err) == (0, "")
    assert Recommender.load(tmp_path / "artifacts").find("Heat (1995)").runtime is None


def test_features_are_not_made_of_other_tables_than_the_catalog(sample_run, tmp_path, cinematch):
    for name in ("raw", "data"):
        shutil.copytree(sample_run.folder / name, tmp_path / name)
    (tmp_path / "raw" / "sample" / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,5.0,1\n")
    done = cinematch(tmp_path, "run", "--from", "features", "--to", "features")
    assert done.code == 1
    assert "ratings.csv in " in done.err
    assert "is not what the catalog was made from; clean again (cinematch run --from clean)" in done.err
    assert not (tmp_path / "artifacts" / "current").exists()


def test_a_run_goes_on_from_the_one_in_use(sample_run, tmp_path, cinematch):
    for name in ("raw", "data", "artifacts"):
        shutil.copytree(sample_run.folder / name, tmp_path / name)
    before = Run.current(tmp_path / "artifacts").info
    light = ["-p", "models", "[popular]", "-p", "extra_analyses", "[]", "-p", "tune", "false"]
    done = cinematch(tmp_path, "run", "--from", "evaluate", "-p", "protocol", "time", *light)
    assert (done.code, done.err) == (0, "")
    run = Run.current(tmp_path / "artifacts")
    kept = [name for name in before.files if not re.search("evaluate|metrics|held_out", name)]
    assert {name: run.info.files[name] for name in kept} == {name: before.files[name] for name in kept}
    assert {step: run.info.facts[step] for step in ("clean", "features", "train")} == {
        step: before.facts[step] for step in ("clean", "features", "train")
    }
    assert [one["step"] for one in run.info.facts["pipeline"]["steps"]] == list(STEPS)
    made = run.read_json("metrics.json")
    assert (made["protocol"]["name"], set(made["models"])) == ("time", {"popular"})
    assert Run(tmp_path / "artifacts/runs" / before.run_id).info == before
    said = cinematch(tmp_path, "runs", before.run_id, run.info.run_id, "--fail-if-worse")
    assert said.code == 1
    assert "the metrics cannot be compared: " in said.err
