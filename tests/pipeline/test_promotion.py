"""The gate: which new runs may take the place of the current one."""

import shutil

import pytest
from support.small_projects import lay_raw, publish

from cinematch_lib import CineMatchError
from cinematch_lib.artifacts.runs import use_run
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.pipeline.promotion import Gate

GOOD = [0.5, 0.3, 0.4, 0.6] * 15
ALL = Filters(min_year=1990)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("promotion")
    lay_raw(folder / "raw")
    return folder


def objections(project, *promoted, new, filters=ALL, new_filters=ALL, gate=None):
    """The gate's objections to a run with the values `new`, after runs with the values `promoted` were current."""
    for values in promoted:
        current = publish(project, filters, served=values).run_id
    made = publish(project, new_filters, served=new).run_id
    use_run(project / "artifacts", current, back=True)
    return (gate or Gate()).objections(made, project / "artifacts")


@pytest.fixture(autouse=True)
def _fresh_artifacts(project):
    yield
    shutil.rmtree(project / "artifacts", ignore_errors=True)


def test_an_equal_run_and_noise_may_pass(project):
    noise = [value + (0.1 if at % 2 else -0.1) for at, value in enumerate(GOOD)]
    assert objections(project, GOOD, new=GOOD) == []
    assert objections(project, GOOD, new=noise) == []


def test_a_fall_on_the_same_people_is_told_with_its_size(project):
    (found,) = objections(project, GOOD, new=[value - 0.05 - at % 3 / 100 for at, value in enumerate(GOOD)])
    assert found.startswith("nDCG@10 fell by 0.06")
    assert "on the same people (60 users, one-sided at 1 %" in found


def test_small_losses_do_not_add_up(project):
    steps = [[value - 0.004 * step - at % 2 / 200 for at, value in enumerate(GOOD)] for step in range(4)]
    assert objections(project, *steps[1:3], new=steps[3]) != []
    (found,) = objections(project, steps[0], steps[1], steps[2], new=steps[3])
    assert "the best of the latest" in found


def test_other_people_are_compared_unpaired(project):
    worse = [0.0] * 20  # of whom 20 are in both
    (found,) = objections(project, GOOD, new=worse[:20])
    assert found.startswith("nDCG@10 fell by")


def test_a_run_without_an_evaluation_cannot_follow_one_with(project):
    (found,) = objections(project, GOOD, new=())
    assert found.startswith("it has no evaluation, which ")


def test_a_catalog_that_shrank(project):
    (found, *rest) = objections(project, GOOD, new=GOOD, new_filters=Filters(min_year=1995))
    assert found.startswith("the catalog shrank from ")
    assert found.endswith("and --max-shrink is 5%")
    assert all("no longer finds it" in one for one in rest)
    assert objections(project, GOOD, new=GOOD, new_filters=Filters(min_year=1995), gate=Gate(1, smoke=[])) == []


def test_a_famous_film_that_is_gone(project):
    gate = Gate(1, smoke=["Heat (1995)", "Toy Story (1995)", "A film that nobody made (1990)"])
    kept = Filters(min_year=1990, genres_drop=["crime"])
    assert objections(project, GOOD, new=GOOD, new_filters=kept, gate=gate) == [
        "a search for Heat (1995) no longer finds it"
    ]


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_that_is_none(share):
    with pytest.raises(CineMatchError, match="max_shrink must be a share between 0 % and 100 %"):
        Gate(share)
