"""Estimates of a run that was never shown, from lists that chance reordered."""

import numpy as np
import pytest
from support.serving import films
from support.small_runs import recommender_of

from cinematch_lib import Preferences
from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.off_policy import propensities, shuffled
from cinematch_lib.experiments.replay import estimate_run

K, EXPLORE = 5, 0.5
LIKED = {movie_id: 0.1 + 0.8 * (movie_id % 3 == 0) for movie_id in range(1, 61)}  # the chance of a click


@pytest.fixture(scope="module")
def shown():
    return recommender_of(*films(60))


@pytest.fixture(scope="module")
def other():
    """A recommender that ranks the same films by other features."""
    return recommender_of(*films(60), quality=np.linspace(0.0, 1.0, 60))


def ranking(recommender, preferences, k):
    return [one.movie_id for one in recommender.recommend(preferences, k)]


def log_of(recommender, n, seed=0):
    """Rows of a log of lists in answer to the same request."""
    rng = np.random.default_rng(seed)
    asked = Preferences(ratings={1: 4.5})
    top = ranking(recommender, asked, 50)
    for at in range(n):
        order = shuffled(50, int(rng.integers(2**32))) if rng.uniform() < EXPLORE else range(50)
        made = [top[place] for place in order][:K]
        events = [("seen", None)] + [("click", film) for film in made if rng.uniform() < LIKED[film]]
        yield {
            "movie_ids": made,
            "propensities": propensities(made, top, EXPLORE),
            "request": {"preferences": {"ratings": {"1": 4.5}}, "k": K, "capped": False},
            "events": [{"type": kind, "movie_id": film} for kind, film in (events if at % 10 else events[1:])],
        }


def test_the_estimate_covers_what_the_other_run_would_have_had(shown, other):
    asked = Preferences(ratings={1: 4.5})
    assert ranking(other, asked, K) != ranking(shown, asked, K)
    truth = np.mean([LIKED[film] for film in ranking(other, asked, K)])
    found = estimate_run(log_of(shown, 15_000), other, "click")
    assert found.effective_size > 100
    assert found.rate.low < truth < found.rate.high
    assert found.rate.high - found.rate.low < 0.3


def test_too_little_to_go_by_is_refused(shown, other):
    with pytest.raises(CineMatchError, match=r"the log is worth \d+ samples for this run, and 100 are needed"):
        estimate_run(log_of(shown, 300), other, "click")
    rows = [row | {"propensities": None} for row in log_of(shown, 3)]
    with pytest.raises(CineMatchError, match="no list of this experiment was both explored and seen; start one with"):
        estimate_run(rows, other, "click")
