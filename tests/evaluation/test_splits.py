"""Splits of ratings into what is trained on and what is tested."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluation_ratings import some_ratings

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import (
    folds_by_users,
    split_by_time,
    split_by_users,
    split_liang2018,
)


def rows_of(*tables: pd.DataFrame) -> list[int]:
    return sorted(row for table in tables for row in table.index)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), part=st.sampled_from([1, 7, 0.1, 0.4]), least=st.integers(0, 8))
def test_splits_hold_every_row_and_train_without_test_users(seed, part, least):
    ratings = some_ratings(seed=seed % 7)
    split = split_by_users(ratings, part, seed=seed, min_likes=least)
    assert rows_of(split.train, split.histories, split.held_out, split.unused) == list(ratings.index)
    assert not set(split.train.userId) & set(split.users)
    assert set(split.histories.userId) == set(split.users)
    assert (split.held_out.rating >= 4).all()
    assert len(split.users) == (part if isinstance(part, int) else round(part * ratings.userId.nunique()))


def test_a_fifth_of_the_likes_is_held_out_and_all_lower_ratings_are_history():
    ratings = some_ratings()
    split = split_by_users(ratings, 20)
    for user in split.users:
        own = ratings[ratings.userId == user]
        likes = (own.rating >= 4).sum()
        assert (split.held_out.userId == user).sum() == max(1, round(0.2 * likes))
        shown = split.histories[split.histories.userId == user]
        assert (shown.rating < 4).sum() == (own.rating < 4).sum()
        assert likes >= 5


def test_the_seed_determines_the_split():
    ratings = some_ratings()
    first, again, other = (split_by_users(ratings, 20, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.held_out, again.held_out)
    assert set(first.users) != set(other.users)


def test_the_order_of_rows_does_not_change_the_test_users():
    ratings = some_ratings()
    shuffled = ratings.sample(frac=1, random_state=3)
    assert split_by_users(ratings, 20).users.tolist() == split_by_users(shuffled, 20).users.tolist()


def test_folds_test_every_eligible_user_once():
    ratings = some_ratings()
    splits = folds_by_users(ratings, 4)
    able = ratings[ratings.rating >= 4].userId.value_counts()
    assert sorted(user for split in splits for user in split.users) == sorted(able[able >= 5].index)
    for split in splits:
        assert rows_of(split.train, split.histories, split.held_out) == list(ratings.index)


@pytest.mark.parametrize("date", ["2015-01-01", 0.7, pd.Timestamp("2010-06-01")])
def test_nothing_of_the_future_leaks(date):
    ratings = some_ratings()
    split = split_by_time(ratings, date)
    latest = max(split.train.timestamp.max(), split.histories.timestamp.max())
    assert latest < split.held_out.timestamp.min()
    assert latest < split.unused.timestamp.min()
    assert rows_of(split.train, split.held_out, split.unused) == list(ratings.index)
    assert set(split.histories.index) <= set(split.train.index)
    past = ratings[ratings.timestamp <= latest]
    assert rows_of(split.histories) == rows_of(past[past.userId.isin(split.users)])


def test_liang2018_counts_likes_only_and_known_films_only():
    ratings = some_ratings()
    split = split_liang2018(ratings, 10)
    assert rows_of(split.train, split.histories, split.held_out, split.unused) == list(ratings.index)
    for table in (split.train, split.histories, split.held_out):
        assert (table.rating >= 4).all()
    assert set(split.held_out.movieId) | set(split.histories.movieId) <= set(split.train.movieId)
    assert split.histories.userId.nunique() == 10
    assert split.train.userId.value_counts().min() >= 5
    for user in split.users:
        held, shown = (split.held_out.userId == user).sum(), (split.histories.userId == user).sum()
        assert held == int(0.2 * (held + shown))


@pytest.mark.parametrize("split", [split_by_users, lambda r, n: split_liang2018(r, n)])
@pytest.mark.parametrize("number", [0, 10_000])
def test_too_many_test_users_are_refused_by_the_number(split, number):
    with pytest.raises(CineMatchError, match=rf"between 1 and \d+ .* got {number}"):
        split(some_ratings(), number)


def test_ratings_that_cannot_be_split_are_refused():
    ratings = some_ratings()
    with pytest.raises(CineMatchError, match="timestamp"):
        split_by_time(ratings.drop(columns="timestamp"), "2015-01-01")
    with pytest.raises(CineMatchError, match="both sides, got '2050-01-01'"):
        split_by_time(ratings, "2050-01-01")
    with pytest.raises(CineMatchError, match="lack the columns rating"):
        split_by_users(ratings.drop(columns="rating"))
    with pytest.raises(CineMatchError, match=r"fold_in must be between 0 and 1, got 1\.0"):
        split_by_users(ratings, fold_in=1.0)
    with pytest.raises(CineMatchError, match="folds must be between 2"):
        folds_by_users(ratings, 1)
