"""The training matrix: histories, sessions, years and features."""

import numpy as np
import pandas as pd
import pytest
from support.tastes import ratings_by_taste

from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.training_matrix import TrainingMatrix, YearFeatures, sessions
from cinematch_lib.recommender.rating_weights import rating_weight

YEAR = 365.25 * 86_400


def interactions(rows: list[tuple], films: int = 5) -> Interactions:
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return Interactions.from_ratings(table, np.arange(1, films + 1))


def test_rating_weights_rise_with_the_rating():
    counts = rating_weight(np.arange(0.5, 5.5, 0.5))
    assert (np.diff(counts) >= 0).all()
    assert (counts > 0).all()


def test_sessions_are_in_order_of_time_and_hold_every_rating():
    train = interactions([(7, film, 4.0, 100 - film) for film in range(1, 6)] + [(8, 1, 4.0, 5)])
    made = sessions(train, length=2)
    assert made.toarray().tolist() == [[0, 0, 1, 1, 1], [1, 1, 0, 0, 0]]  # film 5 was rated first; user 8 has too few


def test_sessions_have_about_the_given_length():
    train = interactions([(user, film, 4.0, film) for user in (1, 2) for film in range(1, 101)], films=100)
    made = sessions(train, length=15)
    assert made.shape[0] == 2 * 7
    assert set(np.diff(made.indptr)) == {14, 15}


def test_year_features_are_the_share_of_ratings_in_each_year():
    train = interactions([(1, 1, 4.0, 30.0 * YEAR), (1, 2, 4.0, 40.0 * YEAR), (2, 3, 4.0, 35.0 * YEAR)])
    year_features = YearFeatures(train)
    assert year_features.years.tolist() == list(range(30, 41))
    parts = year_features.history_rows(train)[:, 5:].toarray()
    np.testing.assert_allclose(parts.sum(axis=1), 1, rtol=1e-6)
    assert parts[1].argmax() == 5
    assert parts[0, 0] > 10 * parts[0, 5]
    assert parts[0, 10] > 10 * parts[0, 5]


def test_years_outside_the_training_range_count_as_the_nearest():
    year_features = YearFeatures(interactions([(1, 1, 4.0, 30.0 * YEAR), (1, 2, 4.0, 33.0 * YEAR)]))
    parts = year_features.history_rows(interactions([(1, 1, 4.0, 60.0 * YEAR)]))[:, 5:].toarray()[0]
    assert parts.sum() == pytest.approx(1)
    assert parts.argmax() >= len(parts) - 2


def test_a_time_in_another_unit_does_not_decide_the_number_of_years():
    train = interactions([(1, 1, 4.0, 30.0 * YEAR), (1, 2, 4.0, 30.0 * YEAR * 1e9), (2, 1, 4.0, -1e18)])
    year_features = YearFeatures(train)
    assert len(year_features.years) <= 202
    assert np.isfinite(year_features.history_rows(train).toarray()).all()


def test_without_timestamps_there_are_no_year_features():
    table = pd.DataFrame({"userId": [1], "movieId": [2], "rating": [4.0]})
    timeless = Interactions.from_ratings(table, np.arange(1, 6))
    assert timeless.timestamps is None
    assert YearFeatures(timeless).history_rows(timeless).toarray().tolist() == [[0, 1, 0, 0, 0]]


def test_blocks_of_users_do_not_change_the_rows(monkeypatch):
    train = Interactions.from_ratings(ratings_by_taste(users=40), np.arange(1, 91))
    whole = TrainingMatrix.from_interactions(train)
    monkeypatch.setattr("cinematch_lib.models.training_matrix._BLOCK_RATINGS", 45)
    by_blocks = TrainingMatrix.from_interactions(train)
    for one, other in ((whole.histories, by_blocks.histories), (whole.sessions, by_blocks.sessions)):
        assert (one != other).nnz == 0
        assert np.array_equal(one.indices, other.indices)
