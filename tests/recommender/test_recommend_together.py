"""People who wait at the same time get the lists, the explanations and the reasons that each gets alone."""

import numpy as np
import pytest
from support.small_runs import check_reasons

from cinematch_lib import Preferences
from cinematch_lib.errors import UnknownNameError
from cinematch_lib.recommender.best_films import Request


def stated(found):
    return [(one, one.explanation, one.reasons) for one in found]


def drawn(recommender, n, seed=0):
    """Requests of all kinds."""
    draw = np.random.default_rng(seed)
    for _ in range(n):
        films = draw.choice(recommender.movie_ids, 30, replace=False).tolist()
        optional = {
            "liked_movie_ids": films[: draw.integers(1, 8)],
            "disliked_movie_ids": films[8 : draw.integers(9, 12)],
            "seen": films[12 : draw.integers(13, 16)],
            "ratings": dict(zip(films[16:20], draw.choice([1.0, 3.0, 4.5, 5.0], 4).tolist(), strict=True)),
            "preferred_genres": draw.choice(recommender.genres, draw.integers(1, 4), replace=False).tolist(),
            "year_min": int(draw.integers(1930, 2000)),
            **{name: 0.4 for name in ("discovery", "diversity", "recency", "unrated_share") if draw.random() < 0.1},
        }
        given = {name: value for name, value in optional.items() if draw.random() < 0.5}
        k = int(draw.choice([1, 5, 20, 120]))
        yield Request(Preferences(**given), min(k, len(recommender)), capped=bool(draw.random() < 0.2))


@pytest.mark.parametrize("films", ["rated", "sample", "thrillers"])
def test_lists_made_together_are_those_made_alone(films, request):
    recommender = request.getfixturevalue(films)
    if films == "thrillers":
        asked = [Request(Preferences(liked_movie_ids=[one]), 2) for one in recommender.movie_ids] + [
            Request(Preferences(), 2)
        ]
    else:
        asked = list(drawn(recommender, 24))
    together = recommender.recommend_together(asked)
    for one, found in zip(asked, together, strict=True):
        assert stated(found) == stated(recommender.recommend(one.preferences, one.k, capped=one.capped))
        check_reasons(found)


def test_nobody_waits(rated):
    assert rated.recommend_together([]) == []


def test_a_wrong_request_is_refused_as_it_is_alone(rated):
    with pytest.raises(UnknownNameError, match="no film here has the id 999999"):
        rated.recommend_together([Request(Preferences(), 5), Request(Preferences(liked_movie_ids=[999999]), 5)])
