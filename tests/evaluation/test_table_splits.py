import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import (
    evaluate_table,
    leave_last_out,
    split_table_at_random,
    split_table_by_time,
    split_table_by_users,
)

ROWS = st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 9), st.integers(0, 5)), min_size=2, max_size=60)


def table_of(rows):
    table = pd.DataFrame(rows, columns=["user", "item", "time"])
    return table.assign(weight=1.5, note="kept").set_index(np.arange(len(rows)) * 3 + 7)


def check_whole(split, table):
    """That each row of the table, with its index and columns, is in one part."""
    parts = pd.concat([split.train, split.histories, split.held_out])
    assert parts.sort_index().equals(table), parts


@given(ROWS, st.integers(0, 3))
def test_no_row_is_lost(rows, seed):
    table = table_of(rows)
    for split in (
        split_table_at_random(table, 0.25, "user", seed),
        split_table_at_random(table, 0.25, "item", seed),
        leave_last_out(table, 2),
    ):
        check_whole(split, table)
        assert split.histories.empty
    if table.time.nunique() > 1:
        check_whole(split_table_by_time(table, table.time.max()), table)
    sizes = table.user.value_counts()
    if len(sizes) > 1 and sizes.max() > 1:
        split = split_table_by_users(table, 1, 0.3, seed)
        check_whole(split, table)
        assert not set(split.train.user) & set(split.held_out.user)
        assert split.histories.user.unique().tolist() == split.held_out.user.unique().tolist()


@given(ROWS, st.integers(1, 3))
def test_the_last_rows_are_held_out(rows, k):
    table = table_of(rows)
    held_out = leave_last_out(table, k).held_out
    ordered = table.sort_values("time", kind="stable")
    many = ordered.groupby("user").filter(lambda of_user: len(of_user) > k)
    assert set(held_out.index) == set(many.groupby("user").tail(k).index)


def test_of_each_item_a_quarter_is_held_out_to_the_nearest_number():
    table = table_of([(f"u{at}", item, 0) for item in range(1, 9) for at in range(item)])
    split = split_table_at_random(table, 0.25, "item", seed=3)
    kept = split.train.item.value_counts()
    assert [kept[item] for item in range(1, 9)] == [1, 2, 2, 3, 4, 4, 5, 6]
    assert not split.held_out.equals(split_table_at_random(table, 0.25, "item", seed=4).held_out)


def test_a_split_is_what_evaluate_table_takes():
    table = table_of([(user, item, item) for user in ("anna", "bob", "eve") for item in range(5)])
    split = split_table_by_users(table, 2, 0.4)
    lists = split.held_out[["user", "item"]].assign(score=1.0)
    assert evaluate_table(lists, split.held_out, [2]).by_user["model"]["recall@2"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda table: split_table_at_random(table, 1.5), "held_out must be between 0 and 1, got 1.5"),
        (lambda table: split_table_at_random(table, by="film"), "by must be user or item, got 'film'"),
        (
            lambda table: split_table_by_users(table, 3),
            "between 1 and 1, .* of 2 to train on; got 3",
        ),
        (lambda table: split_table_by_time(table, 99), "within those of the table, from 1 to 3, got 99"),
        (lambda table: leave_last_out(table.drop(columns="time")), "the rows lack the column time"),
        (lambda table: leave_last_out(table, 0), "k must be 1 or more, got 0"),
        (lambda table: leave_last_out(table.assign(time=[1, None, 2])), "no time in row 1"),
    ],
)
def test_what_is_wrong_is_told(call, message):
    with pytest.raises(CineMatchError, match=message):
        call(table_of([("a", 1, 1), ("a", 2, 2), ("b", 1, 3)]))
