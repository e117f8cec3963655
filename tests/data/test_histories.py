"""Histories of many people in a file of ratings, or of users, items and weights."""

import pytest

from cinematch_lib.data.histories import read_histories
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source
from cinematch_lib.errors import CineMatchError

NUMBERS = {"apple": 1, "pear": 2, "plum": 3}


def read(folder, text, numbers=None, name="users.csv"):
    (folder / name).write_text(text)
    return read_histories(Source(folder / name), numbers or {}, RejectLog())


def triples(found):
    return list(found.ratings[["userId", "movieId", "rating"]].itertuples(index=False, name=None))


def test_items_have_the_numbers_that_the_run_knows_and_others_numbers_beyond(tmp_path):
    found = read(tmp_path, "user;item;weight\neve;pear;2\neve;plum;1\neve;kiwi;1\nann;apple;-1\n", NUMBERS)
    assert triples(found)[:2] == [(1, 2, 5.0), (1, 3, 4.0)]
    assert triples(found)[2][1] > 3 and triples(found)[3] == (2, 1, 1.0)
    assert found.user_names.tolist() == ["eve", "ann"]
    assert found.item_names == {1: "apple", 2: "pear", 3: "plum"}


def test_without_weights_each_row_is_a_like_where_items_have_names(tmp_path):
    found = read(tmp_path, "user,item\n7,pear\n8,plum\n", NUMBERS)
    assert triples(found) == [(7, 2, 4.0), (8, 3, 4.0)] and found.user_names is None


@pytest.mark.parametrize("numbers", [{}, NUMBERS])
def test_a_table_of_ratings_is_read_as_such(tmp_path, numbers):
    found = read(tmp_path, "userId,movieId,rating\n1,2,3.5\n1,3,5\n", numbers)
    assert triples(found) == [(1, 2, 3.5), (1, 3, 5.0)] and found.item_names is None


def test_weights_of_numbered_items_need_no_names(tmp_path):
    found = read(tmp_path, "user,item,weight\n1,20,3\n1,30,1\n")
    assert triples(found) == [(1, 20, 5.0), (1, 30, 4.0)] and found.item_names is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user,item,weight\n1,sku-7,1\n", "names items as 'sku-7', and the run knows films by number; give movieId"),
        ("user,item\n1,2\n", "rating"),
        ("user,item,weight\n1,2,-1\n", "no weight above 0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, text, said):
    with pytest.raises(CineMatchError, match=said):
        read(tmp_path, text)
