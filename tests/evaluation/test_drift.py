"""What changed from one run to the next."""

import numpy as np
import pytest
from support.small_runs import film_table

from cinematch_lib import Recommender
from cinematch_lib.artifacts.diff import drift_line
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.evaluation.drift import RunContent, drift, rank_biased_overlap
from cinematch_lib.features import build_features

DRAMAS = [{"title": f"Drama {at}", "genres": "drama", "year": 1990 + at} for at in range(8)]
CRIMES = [{"title": f"Crime {at}", "genres": "crime", "year": 2010 + at} for at in range(4)]


def content(*films, drop=(), quality=None, metrics=None, **facts):
    table = film_table(*films)
    table = table[~table["movieId"].isin(drop)].reset_index(drop=True)
    built = build_features(table, min_df=1)
    prior = built.quality_prior if quality is None else np.array(quality)
    meta = movies_meta(table, prior, built.names, "none", [])
    return RunContent(meta.columns, Recommender(built.matrix, meta), facts, metrics or {})


def test_nothing_changed():
    same = content(*DRAMAS, train={"ratings": 10, "users": 2})
    found = drift(same, same, "A")
    assert (found["new"], found["gone"], found["genres"], found["decades"], found["overlap"]) == (0, 0, {}, {}, 1)
    assert drift_line(found) == "against A: 0 films new, 0 gone; lists 100 % alike"


def test_films_genres_decades_ratings_and_lists():
    before = content(*DRAMAS, train={"ratings": 1000, "users": 20})
    after = content(*DRAMAS, *CRIMES, drop=[1], train={"ratings": 1500, "users": 30})
    found = drift(before, after, "A")
    assert (found["films"], found["new"], found["gone"]) == ([8, 11], 4, 1)
    assert found["genres"] == {
        "crime": [0, pytest.approx(4 / 11, abs=1e-4)],
        "drama": [1, pytest.approx(7 / 11, abs=1e-4)],
    }
    assert found["decades"]["2010"] == [0, pytest.approx(4 / 11, abs=1e-4)]
    assert (found["ratings"], found["users"]) == ([1000, 1500], [20, 30])
    assert 0 < found["overlap"] < 1
    line = drift_line(found)
    assert line.startswith("against A: 4 films new, 1 gone; ratings 1,000 → 1,500; ")
    assert "drama 100.0 → 63.6 %" in line


def measured(few, many, protocol="users"):
    groups = {"0 to 9": {"users": 0}, "10 to 29": {"served": few}, "100 and more": {"served": many, "hybrid": 0.9}}
    return {"protocol": {"name": protocol}, "by_history": groups}


def test_the_years_of_ratings_and_the_metric_of_each_group():
    old, new = {"2020": 90, "2021": 10}, {"2020": 90, "2022": 110}
    before = content(*DRAMAS, train={"ratings": 100, "users": 2, "ratings_by_year": old}, metrics=measured(0.3, 0.5))
    after = content(*DRAMAS, train={"ratings": 200, "users": 3, "ratings_by_year": new}, metrics=measured(0.2, 0.6))
    found = drift(before, after, "A")
    assert found["rating_years"] == {"2020": [0.9, 0.45], "2021": [0.1, 0.0], "2022": [0.0, 0.55]}
    assert found["groups"] == {"10 to 29": [0.3, 0.2], "100 and more": [0.5, 0.6]}
    line = drift_line(found)
    assert "ratings of 2022 0.0 → 55.0 %; users with 10 to 29 ratings 0.300 → 0.200; lists" in line
    by_time = content(*DRAMAS, metrics=measured(0.1, 0.1, "time"))
    assert {"rating_years", "groups"}.isdisjoint(drift(before, by_time, "A"))


def test_lists_that_turned_around_overlap_less():
    before = content(*DRAMAS, quality=np.linspace(1, 0, 8))
    nudged = content(*DRAMAS, quality=np.linspace(1, 0, 8)[[1, 0, *range(2, 8)]])
    turned = content(*DRAMAS, quality=np.linspace(0, 1, 8))
    assert drift(before, turned, "A")["overlap"] < drift(before, nudged, "A")["overlap"] < 1


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2], [3, 4], 0.0),
        ([], [], 1.0),
        ([1], [], 0.0),
        # p = 0.9; agreements 0, 1: 1 · 0.81 + 0.1 / 0.9 · (0 · 0.9 + 1 · 0.81) = 0.9
        ([1, 2], [2, 1], 0.9),
    ],
)
def test_rank_biased_overlap_by_hand(first, second, expected):
    assert rank_biased_overlap(first, second) == pytest.approx(expected)
