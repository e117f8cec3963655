"""The time that earlier runs took: of runs like the one to come alone."""

import pytest

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import list_runs
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.times import fastest

DEFAULTS = {name: one.default for name, one in step_parameters(list(STEPS)).items()}
FILTERS = dict.fromkeys(("min_year", "max_year", "min_runtime", "max_runtime"))
FILTERS |= {"genres_keep": [], "genres_drop": [], "services_keep": [], "min_ratings": 0, "require_tmdb": False}


def publish(artifacts, seconds, films=1000, dataset="mine", models=("popular", "ease"), **filters):
    """A run whose steps took `seconds`, by name."""
    draft = Draft.create(artifacts)
    draft.record("clean", dataset=dataset, filters=FILTERS | filters)
    draft.record("features", films=films)
    draft.record("evaluate", metrics={name: {} for name in (*models, "served", "served_seen")})
    draft.record("pipeline", dataset=dataset, steps=[{"step": one, "seconds": took} for one, took in seconds.items()])
    draft.publish(use=False)


@pytest.fixture
def runs(tmp_path):
    publish(tmp_path, {"fetch": 50.0, "clean": 4.0, "features": 9.0})
    publish(tmp_path, {"fetch": 90.0, "clean": 3.0, "features": 8.0})
    publish(tmp_path, {"fetch": 1.0, "clean": 1.0, "features": 1.0}, films=400, min_year=1990)
    publish(tmp_path, {"clean": 0.1, "features": 0.1}, dataset="other")
    publish(tmp_path, {"clean": 3.5, "evaluate": 60.0})
    publish(tmp_path, {"clean": 3.5, "evaluate": 5.0}, models=("popular",))
    return list_runs(tmp_path)


def test_runs_with_the_same_filters_count_and_fetching_does_not(runs):
    steps = ["fetch", "clean", "features"]
    assert fastest(runs, "mine", steps, DEFAULTS) == 11.0
    assert fastest(runs, "mine", steps, DEFAULTS | {"min_year": 1990}) == 2.0
    assert fastest(runs, "mine", steps, DEFAULTS | {"max_year": 1990}) is None
    assert fastest(runs, "mine", ["clean", "train"], DEFAULTS) is None
    assert fastest(runs, "nobody", steps, DEFAULTS) is None


def test_an_evaluation_of_the_same_models_counts(runs):
    steps = ["clean", "evaluate"]
    assert fastest(runs, "mine", steps, DEFAULTS | {"models": ["ease", "popular"]}) == 63.5
    assert fastest(runs, "mine", steps, DEFAULTS | {"models": ["popular"]}) == 8.5
    assert fastest(runs, "mine", steps, DEFAULTS) is None


def test_without_parameters_runs_of_few_films_do_not_count(runs):
    assert fastest(runs, "mine", ["fetch", "clean", "features"]) == 11.0
