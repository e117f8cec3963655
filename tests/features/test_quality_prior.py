import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cinematch_lib.features.quality_prior import bayesian_average, rating_summary


def films(*ids, votes=None):
    frame = pd.DataFrame({"movieId": list(ids)})
    if votes is not None:
        frame["vote_count"] = pd.array([count for count, _ in votes], dtype="Int64")
        frame["vote_average"] = pd.array([average for _, average in votes], dtype="Float64")
    return frame


def summary(counts, means):
    return pd.DataFrame({"count": counts, "mean": means}, index=range(1, len(counts) + 1))


def test_ratings_are_summed_up_by_film():
    ratings = pd.DataFrame({"movieId": [2, 1, 2], "rating": np.array([3.0, 4.5, 4.0], dtype="float32")})
    table = rating_summary(ratings)
    assert table.index.tolist() == [1, 2]
    assert table["count"].tolist() == [1, 2]
    assert table["mean"].tolist() == [4.5, 3.5]


def test_by_hand():
    # The average rating is (30*4 + 10*2) / 40 = 3.5; 90 % of films have fewer than 28 ratings.
    liking = bayesian_average(films(1, 2, 3), summary([30, 10], [4.0, 2.0]))
    assert liking.tolist() == [
        pytest.approx(30 * 0.5 / 58 / 2, abs=1e-6),
        pytest.approx(10 * -1.5 / 38 / 2, abs=1e-6),
        0.0,
    ]


def test_with_equal_means_more_ratings_weigh_more_and_a_few_hardly_count():
    liking = bayesian_average(films(1, 2, 3), summary([1000, 1, 1000], [4.5, 4.5, 2.5]))
    assert liking[0] > 10 * liking[1] > 0 > liking[2]


def test_films_come_in_the_order_asked_and_unrated_ones_are_average():
    table = summary([50, 50], [4.0, 2.0])
    forwards, backwards = bayesian_average(films(1, 9, 2), table), bayesian_average(films(2, 9, 1), table)
    assert forwards.tolist() == backwards[::-1].tolist()
    assert forwards[1] == 0.0


def test_votes_stand_in_where_there_are_no_ratings():
    rated = bayesian_average(films(1, 2), summary([30, 10], [4.0, 2.0]))
    voted = bayesian_average(films(1, 2, votes=[(30, 8.0), (10, 4.0)]), None)
    assert voted.tolist() == rated.tolist()


def test_unknown_votes_and_averages_of_zero_say_nothing():
    voted = films(1, 2, 3, 4, votes=[(30, 8.0), (10, 4.0), (500, 0.0), (None, 9.0)])
    assert bayesian_average(voted, None).tolist()[2:] == [0.0, 0.0]
    assert bayesian_average(voted, None)[:2].tolist() == bayesian_average(voted[:2], None).tolist()


def test_nothing_known_of_any_film_makes_all_average():
    assert bayesian_average(films(1, 2, votes=[(None, None), (0, 7.0)]), None).tolist() == [0.0, 0.0]
    assert bayesian_average(films(8, 9), summary([5], [4.0])).tolist() == [0.0, 0.0]


@given(
    counts=arrays("int64", 5, elements=st.integers(0, 100_000)),
    halves=arrays("int64", 5, elements=st.integers(1, 10)),
)
def test_it_stays_within_two_stars_of_the_average_and_follows_the_mean(counts, halves):
    liking = bayesian_average(films(1, 2, 3, 4, 5), summary(counts, halves / 2))
    assert liking.dtype == "float64"
    assert np.abs(liking).max() <= 2.25 / 1
    assert not np.signbit(liking[liking == 0]).any()
    if counts.sum():
        average = (counts * halves).sum() / counts.sum()
        assert (np.sign(liking) * np.sign(halves - average) >= 0).all()
