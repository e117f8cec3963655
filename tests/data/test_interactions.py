"""Users, items, weights and times: read as likes, with the facts about the items that are there."""

import pandas as pd
import pytest
from support.tables import write_csv

from cinematch_lib.data.datasets import check_complete
from cinematch_lib.data.layouts import describe
from cinematch_lib.data.movielens import item_numbers, read_links, read_movies, read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.shards import write_shards
from cinematch_lib.errors import CineMatchError

TIME = 1_500_000_000
ROWS = [("eve", "pen", 5, TIME), ("eve", "ink", 1, TIME), ("eve", "pen", 4, TIME + 9), ("eve", "pad", 2, TIME)]
ROWS += [("bob", "ink", -1, TIME), ("bob", "pad", 3, TIME)]


@pytest.fixture
def shop(raw):
    write_csv(raw / "shop/interactions.csv", ["user", "item", "weight", "time"], ROWS)
    return raw / "shop"


def test_weights_are_added_up_and_read_as_likes(shop):
    log = RejectLog()
    ratings = read_ratings(shop, log)
    names = item_numbers(shop).set_index("movieId")["item"]
    found = ratings.assign(item=ratings["movieId"].astype("str").map(names))
    # eve's sums are 9, 1 and 2, with the median 2; bob's only one above 0 is his median
    assert dict(zip(zip(found["userId"], found["item"], strict=True), found["rating"], strict=True)) == {
        (1, "pen"): 5.0,
        (1, "ink"): 4.0,
        (1, "pad"): 4.0,
        (2, "ink"): 1.0,
        (2, "pad"): 4.0,
    }
    assert found.loc[found["item"] == "pen", "timestamp"].tolist() == [TIME + 9]
    assert "users without a number below 2^31, numbered in their order" in log.repairs["ratings.csv"]
    assert sum(log.repairs["interactions.csv"].values()) == len(ROWS)


def test_items_are_numbered_by_name_and_called_by_it_where_they_have_no_title(shop):
    assert read_movies(shop)[["movieId", "title"]].values.tolist() == [["1", "ink"], ["2", "pad"], ["3", "pen"]]
    write_csv(shop / "items.csv", ["item", "name", "category"], [("pen", "A pen", "office"), ("cap", "", "hats")])
    films = read_movies(shop)
    assert films[["movieId", "title", "genres"]].values.tolist() == [
        ["4", "A pen", "office"],
        ["1", "cap", "hats"],
        ["2", "ink", ""],
        ["3", "pad", ""],
    ]
    assert read_links(shop).empty
    assert check_complete(shop) == shop and "interactions of users and items" in describe(shop)[0]


def test_items_with_numbers_keep_them_and_without_weights_each_row_is_a_like(raw):
    write_csv(raw / "songs/interactions.csv", ["user", "item"], [(7, 30), (7, 4), (9, 30)])
    pd.testing.assert_frame_equal(
        read_ratings(raw / "songs"),
        pd.DataFrame({"userId": [7, 7, 9], "movieId": [30, 4, 30], "rating": 4.0}).astype(
            {"userId": "int32", "movieId": "int32", "rating": "float32"}
        ),
    )
    assert item_numbers(raw / "songs") is None


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("a", "x", 1), ("a", "", 1)], "has no item on line 3; every row needs one"),
        ([("a", "x", "much")], "has weight 'much' on line 2, which is not a number"),
        ([("a", "x", "inf")], "has weight 'inf' on line 2, which is not a number"),
        ([("a", "x", 0), ("b", "x", -2)], "has no weight above 0, so nobody likes anything"),
        ([("", "x", 1)], "has no userId on line 2"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(raw, rows, problem):
    write_csv(raw / "shop/interactions.csv", ["user", "item", "weight"], rows)
    with pytest.raises(CineMatchError, match=problem):
        read_ratings(raw / "shop")


def test_weights_have_no_shards(shop):
    with pytest.raises(CineMatchError, match="has weights; set shards to 0"):
        write_shards(shop, 2)
