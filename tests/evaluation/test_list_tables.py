"""Lists from anywhere: measured by hand arithmetic, with any ids, and written in TREC's formats."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import accuracy, evaluate_table
from cinematch_lib.evaluation.trec import read_qrels, read_run, write_qrels, write_run

HELD_OUT = pd.DataFrame({"user": ["anna", "anna", "bob"], "item": ["a", "b", "z"]})
LISTS = pd.DataFrame(
    {"user": ["anna", "anna", "anna", "carl"], "item": ["x", "a", "b", "a"], "score": [0.9, 0.8, 0.7, 1.0]}
)


def test_metrics_are_those_of_hand_arithmetic():
    values = evaluate_table(LISTS, HELD_OUT, ks=[3]).by_user["model"]
    assert values.index.tolist() == ["anna", "bob"]
    ideal = 1 + 1 / np.log2(3)
    assert values.loc["anna", "ndcg@3"] == pytest.approx((1 / np.log2(3) + 1 / 2) / ideal)
    assert values.loc["anna", ["recall@3", "precision@3", "mrr@3"]].tolist() == pytest.approx([1, 2 / 3, 1 / 2])
    assert values.loc["bob"].tolist() == [0] * 6  # without a list


def test_ranks_and_scores_give_the_same_and_equal_scores_count_in_the_order_of_the_table():
    ranked = pd.DataFrame({"user": "anna", "item": ["b", "x", "a"], "rank": [3, 1, 2]})
    tied = pd.DataFrame({"user": "anna", "item": ["x", "a", "b"], "score": [1.0, 1.0, 1.0]})
    one, other = (evaluate_table(table, HELD_OUT, ks=[2, 3]).by_user["model"] for table in (ranked, tied))
    pd.testing.assert_frame_equal(one, other)


def test_models_are_compared_user_by_user():
    worse = LISTS.assign(score=-LISTS["score"])
    result = evaluate_table({"first": LISTS, "second": worse}, HELD_OUT, ks=[1])
    assert result.intervals().loc["second", "recall@1"].mean == pytest.approx(0.25)
    assert result.differences("first").loc["second", "recall@1"].mean == pytest.approx(0.25)
    with pytest.raises(CineMatchError, match="baseline must be one of first, second, got 'third'"):
        result.differences("third")


IDS = st.integers(0, 9)


@given(st.lists(st.tuples(IDS, IDS), min_size=1, unique=True), st.lists(st.tuples(IDS, IDS), unique=True))
def test_ids_of_any_type_give_what_numbers_give(held, listed):
    held_out = pd.DataFrame(held, columns=["user", "item"])
    lists = pd.DataFrame(listed, columns=["user", "item"])
    lists = lists[lists["user"].isin(held_out["user"])].assign(score=lambda table: -np.arange(len(table)))
    ranks = lists.assign(rank=lists.groupby("user").cumcount() + 1)
    names = {"user": "userId", "item": "movieId"}
    expected = accuracy(ranks.rename(columns=names), held_out.rename(columns=names), [1, 5])
    as_text = [table.astype({"user": str, "item": str}) for table in (lists, held_out)]
    for tables in ((lists, held_out), as_text):
        found = evaluate_table(*tables, ks=[1, 5]).by_user["model"]
        np.testing.assert_allclose(found.to_numpy(), expected.to_numpy())


@pytest.mark.parametrize(
    ("lists", "text"),
    [
        (
            LISTS.drop(columns="user"),
            "of model lack the column user; they have item, score; rename yours",
        ),
        (LISTS.drop(columns="score"), "need a column rank or score; they have user, item"),
        (LISTS.assign(score=[0.9, None, 0.7, 1.0]), r"have no score in row 1 \(of 3, from 0\)"),
        (LISTS.assign(item="a"), "name a film twice for a user"),
        (LISTS.assign(rank=1), "each rank once"),
        (LISTS.assign(user=7), r"are of no user of held_out; the ids are such as (np\.int64\(7\)|7) and 'anna'"),
    ],
)
def test_lists_that_cannot_be_measured_are_refused(lists, text):
    with pytest.raises(CineMatchError, match=text):
        evaluate_table(lists, HELD_OUT)


def test_without_relevant_items_there_is_nothing_to_measure():
    with pytest.raises(CineMatchError, match="held_out has no rows"):
        evaluate_table(LISTS, HELD_OUT[:0])


def test_what_is_written_for_trec_is_read_as_it_was(tmp_path):
    write_run(tmp_path / "run", LISTS.assign(rank=[1, 2, 3, 1]), tag="mine")
    assert (tmp_path / "run").read_text().splitlines()[0] == "anna Q0 x 1 0.9 mine"
    expected = LISTS.assign(rank=[1, 2, 3, 1])[["user", "item", "rank", "score"]]
    pd.testing.assert_frame_equal(read_run(tmp_path / "run"), expected, check_dtype=False)
    write_qrels(tmp_path / "qrels", HELD_OUT)
    pd.testing.assert_frame_equal(read_qrels(tmp_path / "qrels"), HELD_OUT, check_dtype=False)


def test_lists_without_ranks_are_written_by_falling_score(tmp_path):
    mixed = LISTS.iloc[[2, 3, 0, 1]]
    write_run(tmp_path / "run", mixed)
    pd.testing.assert_frame_equal(
        read_run(tmp_path / "run"), LISTS.assign(rank=[1, 2, 3, 1])[["user", "item", "rank", "score"]]
    )
    write_run(tmp_path / "run", mixed.assign(score=1.0))
    assert read_run(tmp_path / "run").item.tolist() == ["b", "x", "a", "a"]


def test_users_of_several_types_have_one_order():
    held_out = pd.DataFrame({"user": ["b", 7, "a"], "item": ["x", "y", 3]})
    values = evaluate_table(held_out.assign(score=1), held_out, ks=[1]).by_user["model"]
    assert values["ndcg@1"].to_dict() == {7: 1.0, "a": 1.0, "b": 1.0}


def test_scores_that_do_not_fall_with_the_rank_are_not_written(tmp_path):
    write_run(tmp_path / "run", LISTS.assign(rank=[3, 2, 1, 1]))
    assert read_run(tmp_path / "run")["item"].tolist() == ["b", "a", "x", "a"]


def test_a_run_orders_equal_scores_as_trec_eval_does(tmp_path):
    (tmp_path / "run").write_text("u Q0 a 1 0.5 t\nu Q0 b 2 0.5 t\n\n")
    assert read_run(tmp_path / "run")["item"].tolist() == ["b", "a"]


def test_relevance_below_the_least_is_not_relevant(tmp_path):
    (tmp_path / "qrels").write_text("u 0 a 2\nu 0 b 0\nu 0 c 1\n")
    assert read_qrels(tmp_path / "qrels")["item"].tolist() == ["a", "c"]
    assert read_qrels(tmp_path / "qrels", least=2)["item"].tolist() == ["a"]


def test_a_byte_order_mark_is_no_part_of_a_users_id(tmp_path):
    (tmp_path / "qrels").write_text("u 0 a 1\n", encoding="utf-8-sig")
    assert read_qrels(tmp_path / "qrels")["user"].tolist() == ["u"]


@pytest.mark.parametrize("score", ["nan", "1,5", "high"])
def test_a_score_that_is_no_number_is_named_with_its_line(tmp_path, score):
    (tmp_path / "run").write_text(f"u Q0 a 1 2.5 x\n\nu Q0 b 2 {score} x\n", encoding="utf-8")
    with pytest.raises(CineMatchError, match=rf"run, line 3: a score must be a number, got '{score}'"):
        read_run(tmp_path / "run")


def test_what_trec_has_no_place_for_is_named(tmp_path):
    with pytest.raises(CineMatchError, match="no item with white space or without letters, got 'The Matrix'"):
        write_qrels(tmp_path / "qrels", HELD_OUT.assign(item="The Matrix"))
    (tmp_path / "run").write_text("u Q0 a 1 0.5 t\nu a 1\n")
    with pytest.raises(CineMatchError, match="run, line 2: 3 fields, and this format has 6: user q0 item"):
        read_run(tmp_path / "run")
    with pytest.raises(CineMatchError, match="tag must be a word without white space, got 'of mine'"):
        write_run(tmp_path / "run", LISTS, tag="of mine")
    with pytest.raises(CineMatchError, match="recommendations lack the column score"):
        write_run(tmp_path / "run", LISTS[["user", "item"]])
    with pytest.raises(CineMatchError, match=r"held_out have no item in row 1 \(of 3"):
        write_qrels(tmp_path / "qrels", HELD_OUT.assign(item=["a", None, "b"]))
