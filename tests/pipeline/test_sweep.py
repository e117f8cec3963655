"""Sweeps: what they are made of, and one that is killed and finished."""

import json
import signal

import pytest
from support.commands import ended, started, wait_for
from support.small_projects import DATASET, lay_raw

from cinematch_lib.artifacts.runs import RunRecord, list_runs
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.recorded import recorded_parameters
from cinematch_lib.pipeline.sweep import SweepSpec

GRID = {"prior_weight": [1, 2], "ks": [[5, 10], [10, 20]]}


def test_a_grid_is_all_combinations_and_a_sample_some_of_them():
    spec = SweepSpec.from_mapping({"grid": GRID, "parameters": {"seed": 3}})
    assert [tuple(one.values()) for one in spec.settings] == [
        (1.0, [5, 10]),
        (1.0, [10, 20]),
        (2.0, [5, 10]),
        (2.0, [10, 20]),
    ]
    assert (spec.first_step, spec.common, spec.dataset) == ("train", {"seed": 3}, "sample")
    drawn = SweepSpec.from_mapping({"grid": GRID, "sample": 2, "seed": 1})
    assert len(drawn.settings) == 2 and all(one in spec.settings for one in drawn.settings)
    assert SweepSpec.from_mapping({"grid": {"ks": [[5]]}}).first_step == "evaluate"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"grid": {"prior_weight": 1}}, "grid must map parameters to lists"),
        ({}, "grid must map parameters to lists"),
        ({"grid": GRID, "jobs": 2}, "a sweep has grid, dataset, parameters, sample and seed, got 'jobs'"),
        ({"grid": GRID, "sample": 9}, r"sample must be from 1 to 4 \(the combinations\), got 9"),
        ({"grid": {"prior": [1]}}, "no notebook has the parameter 'prior'"),
        ({"grid": {"max_films": [10, -1]}}, "max_films must be 1 or more, got -1"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(content, message):
    with pytest.raises(CineMatchError, match=message):
        SweepSpec.from_mapping(content)


def test_a_sweep_that_is_killed_goes_on_and_keeps_each_executed_notebook(tmp_path):
    lay_raw(tmp_path / "raw")
    grid = f"dataset: {DATASET}\ngrid:\n  min_df: [1, 2, 3]\n"
    (tmp_path / "terms.yaml").write_text(grid)
    words = ("sweep", "-f", "terms.yaml", "--to", "features")
    process, folder = started(tmp_path, *words), tmp_path / "artifacts/sweeps/terms"
    wait_for(lambda: list(folder.glob("settings/*.json")), "the first setting", 200)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = {run.run_id for run in list_runs(folder)}
    done = ended(started(tmp_path, *words, "--jobs", "2"))
    assert done.code == 0, done.err
    assert "of them done" in done.out and "steps of all settings" not in done.out
    settings = [json.loads(one.read_text()) for one in sorted(folder.glob("settings/*.json"))]
    assert [one["setting"] for one in settings] == [{"min_df": 1}, {"min_df": 2}, {"min_df": 3}]
    assert before <= {one["run"] for one in settings} == {run.run_id for run in list_runs(folder)}
    for one in settings:
        record = RunRecord(folder / "runs" / one["run"])
        assert recorded_parameters(record)["min_df"] == one["setting"]["min_df"]
        assert record.info.facts["features"]["parameters"]["min_df"] == one["setting"]["min_df"]
    assert not (tmp_path / "artifacts/current").exists()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    (tmp_path / "terms.yaml").write_text(grid.replace("3]", "4]"))
    again = ended(started(tmp_path, *words))
    assert "holds a sweep of other parameters; name this one otherwise" in again.err
