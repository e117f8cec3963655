"""Data that are not films, made by the test, go through the whole pipeline and are recommended from."""

import pandas as pd
import pytest
from support.commands import ended, started
from support.shop import ITEMS, KINDS, lay_shop

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.cleaning import clean
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.records import METRICS

VALUES = {
    "item_facts": "none", "services": "none", "models": "[popular, hybrid]", "tune": "false", "folds": 1,
    "extra_analyses": "[cold_users, knobs]", "regularization": 30, "dropout": 0, "session_weight": 0,
    "year_weight": 0, "feature_weight": 1, "content_weight": 1,
}  # fmt: skip


def test_things_of_a_shop_are_learned_evaluated_and_recommended(tmp_path):
    lay_shop(tmp_path / "raw/shop")
    words = [word for name, value in VALUES.items() for word in ("-p", name, str(value))]
    done = ended(started(tmp_path, "run", "--dataset", "shop", *words))
    assert done.code == 0, done.err
    run = Run.current(tmp_path / "artifacts")
    means = {name: one["ndcg@10"]["mean"] for name, one in run.info.facts["evaluate"]["metrics"].items()}
    assert means["served"] > 1.5 * means["popular"]
    assert run.read_json(METRICS)["protocol"]["name"] == "users"
    numbers = pd.read_csv(tmp_path / "data/item_numbers.csv").set_index("item")["movieId"]
    assert sorted(numbers.index) == sorted(ITEMS)
    recommender = Recommender.load(tmp_path / "artifacts")
    assert not recommender.attributions
    liked = [int(numbers[f"books-{number:02}"]) for number in (1, 2, 3)]
    best = recommender.recommend(Preferences(liked_movie_ids=liked), 5)
    names = numbers.reset_index().set_index("movieId")["item"]
    assert all(names[one.movie_id].startswith("books") for one in best)
    assert all(one.movie.year is None for one in best) and best[0].explanation
    tools = recommender.recommend(Preferences(liked_movie_ids=liked, preferred_genres=["tools"]), 3)
    assert {one.movie.genres for one in tools} == {("tools",)}
    again = ["recommend", "--users", "raw/shop/interactions.csv", "-k", "5"]
    for out, more in (("all.parquet", ["--jobs", "1"]), ("tools.parquet", ["--jobs", "1", "--genre", "tools"])):
        done = ended(started(tmp_path, *again, "--out", out, *more))
        assert done.code == 0 and f"recommendations for 60 users in {out}" in done.out, done.err
    lists = pd.read_parquet(tmp_path / "all.parquet")
    assert (
        len(lists) == 300
        and set(lists.userId) == {f"customer {number}" for number in range(60)}
        and set(lists.movieId) <= set(ITEMS)
    )
    bought = pd.read_csv(tmp_path / "raw/shop/interactions.csv").rename(columns={"user": "userId", "item": "movieId"})
    assert lists.merge(bought).empty
    favourite = lists.userId.str.split().str[1].astype(int).map(lambda number: KINDS[number % 3])
    assert (lists.movieId.str.split("-").str[0] == favourite).mean() > 0.8
    assert set(pd.read_parquet(tmp_path / "tools.parquet").movieId) <= {one for one in ITEMS[::2] if "tools" in one}
    shown = ended(started(tmp_path, "recommend", "--like", "books-01", "--like", "The books-02", "-k", "3"))
    assert shown.code == 0 and "It is often liked together with" in shown.out


def test_items_without_facts_need_a_word_for_it(tmp_path):
    folder = lay_shop(tmp_path / "raw/shop", customers=6)
    with pytest.raises(CineMatchError, match="if these are no films, -p item_facts none keeps them"):
        clean(folder, tmp_path / "data")


def test_numbers_of_items_go_when_a_data_set_without_names_is_cleaned_there(tmp_path):
    clean(lay_shop(tmp_path / "raw/shop"), tmp_path / "data", filters=Filters(item_facts="none"))
    assert (tmp_path / "data/item_numbers.csv").is_file()
    clean(fetch("sample", tmp_path / "raw"), tmp_path / "data")
    assert not (tmp_path / "data/item_numbers.csv").exists()
