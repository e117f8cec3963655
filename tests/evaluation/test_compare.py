"""Comparisons of models: metrics agree with direct calculations and are reproducible."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from support.tastes import catalog_by_taste, ratings_by_taste

from cinematch_lib.errors import CineMatchError, NothingToDoError
from cinematch_lib.evaluation import accuracy, recommend_for, search
from cinematch_lib.evaluation.cold_start import KnownLikes, ndcg_by_known_likes, rank_with
from cinematch_lib.evaluation.compare import SERVED, SERVED_BY_INPUTS, compare_by_time, compare_models
from cinematch_lib.evaluation.protocols import make_protocol
from cinematch_lib.evaluation.records import headline, metrics_record, values_by_user
from cinematch_lib.evaluation.report import (
    NAMES,
    best_params_table,
    beyond_accuracy_table,
    by_history,
    by_popularity,
    costs,
    differences,
    example_user,
    knob_references,
    leaderboard,
    metric_definitions,
    model_label,
    winner,
)
from cinematch_lib.evaluation.served import Serve, ServedRecommender
from cinematch_lib.models import make
from cinematch_lib.models.interactions import LIKED

FIXED = {"dropout": 0.3, "session_weight": 0.0, "year_weight": 0.0, "content_weight": 0.25}
HYBRID_PARAMS = FIXED | {"regularization": 20.0}
KS = [5, 10]


@pytest.fixture(scope="module")
def ratings():
    return ratings_by_taste()


@pytest.fixture(scope="module")
def protocol(ratings):
    return make_protocol(ratings, catalog_by_taste(), folds=2)


def serve():
    return Serve({"min_df": 1}, weights_per_film=30)


def compare(protocol):
    options = {"hybrid_params": HYBRID_PARAMS, "serve": serve(), "cold_users": True, "knobs": True}
    return compare_models(protocol, ["popular", "ease", "hybrid"], KS, **options)


@pytest.fixture(scope="module")
def result(protocol):
    return compare(protocol)


def test_every_test_user_has_every_metric_by_every_model(result, protocol):
    assert list(result.results) == ["popular", "ease", "hybrid", *SERVED_BY_INPUTS.values()]
    tested = sorted(user for one in protocol.folds for user in one.split.users)
    for entry in result.results.values():
        assert entry.values.index.tolist() == tested
        assert np.isfinite(entry.values.to_numpy()).all()
        assert {f"{name}@{k}" for name in ("ndcg", "recall", "map", "mrr") for k in KS} <= set(entry.values)


def test_values_are_those_of_the_model_with_its_best_params(result, protocol):
    (chosen_for_ease,) = result.results["ease"].best_params
    inner = protocol.validation
    assert chosen_for_ease == search("ease", inner.split, inner.catalog, metric="ndcg@5")[0]
    assert len(result.results["ease"].trials) == 8
    one = protocol.folds[1]
    lists = recommend_for("ease", one.split.train, one.split.histories, one.catalog, 10, **chosen_for_ease)
    expected = accuracy(lists, one.split.held_out, KS)
    pd.testing.assert_frame_equal(result.results["ease"].values.loc[one.split.users, list(expected)], expected)


def test_without_tuning_the_defaults_are_used(protocol):
    result = compare_models(protocol, ["ease"], KS, tune=False)
    assert result.results["ease"].best_params == [{}]
    assert result.results["ease"].trials.empty


def test_the_hybrid_is_tuned_once_on_the_data_common_to_all_folds(protocol):
    result = compare_models(protocol, ["hybrid"], KS, hybrid_params=FIXED, serve=serve())
    assert result.knobs is None and knob_references(result).empty  # where they are not asked for
    entry = result.results["hybrid"]
    inner = protocol.validation
    alone = make("hybrid", **FIXED).fit(inner.split.train, inner.catalog)
    assert entry.best_params == [alone.best_params]
    assert entry.trials["regularization"].tolist() == [one["regularization"] for one in alone.trials]


def test_metrics_json_agrees_with_a_direct_calculation(result, protocol):
    made = json.loads(json.dumps(metrics_record(result, seed=0)))
    for name in ("popular", SERVED):
        entry = result.results[name]
        held = protocol.held_out.groupby("userId")["movieId"].agg(set)
        lists = entry.lists[entry.lists["rank"] <= 10].groupby("userId")["movieId"].agg(set)
        recall = np.mean([len(held[user] & lists.get(user, set())) / len(held[user]) for user in held.index])
        assert made["models"][name]["recall@10"]["mean"] == pytest.approx(recall, abs=1e-6)
        first = entry.lists[entry.lists["rank"] <= 5]
        shown = set(first["movieId"])
        assert made["models"][name]["coverage@5"] == pytest.approx(len(shown) / 90, abs=1e-6)
        assert made["models"][name]["recall@10"]["low"] <= recall <= made["models"][name]["recall@10"]["high"]
    gap = result.values("ndcg@5")
    ahead = made["hybrid_minus"]["popular"]["ndcg@5"]["mean"]
    assert ahead == pytest.approx((gap["hybrid"] - gap["popular"]).mean(), abs=1e-6)
    assert made["protocol"]["test_users"] == 40
    assert made["protocol"]["held_out"] == len(protocol.held_out)
    assert made["protocol"]["main"] == ["ndcg@5", "recall@10"]
    assert made["protocol"]["seed"] == 0
    assert sum(row["users"] for row in made["by_history"].values()) == 40
    assert sum(row["held-out films"] for row in made["by_popularity"].values()) == len(protocol.held_out)
    assert headline(result)["hybrid"]["ndcg@5"] == made["models"]["hybrid"]["ndcg@5"]


def test_equal_inputs_give_equal_files_without_times(result, protocol):
    again = compare(protocol)
    assert metrics_record(again) == metrics_record(result)
    assert values_by_user(again) == values_by_user(result)
    assert "second" not in json.dumps(metrics_record(result))
    assert set(result.results["hybrid"].cost) == {"search s", "fit s", "MB", "ms a user"}


def test_values_by_user_are_read_back(result):
    rows = values_by_user(result).splitlines()
    assert rows[0].startswith("userId,popular ndcg@5,popular recall@10,ease ndcg@5,")
    assert len(rows) == 1 + 40
    user, first = rows[1].split(",")[:2]
    assert float(first) == pytest.approx(result.results["popular"].values["ndcg@5"][int(user)], abs=1e-6)


def test_the_tables_of_the_report(result, protocol):
    table = leaderboard(result)
    means = result.values("ndcg@5").mean().sort_values(ascending=False)
    assert table.iloc[0, 0].startswith(f"{means.iloc[0]:.3f} [")
    served = [NAMES[name] for name in SERVED_BY_INPUTS.values()]
    assert set(table.index) == {"popular", "EASE", "hybrid", *served}
    both = differences(result)
    assert both["baseline"].unique().tolist() == ["EASE"]
    assert both["model"].unique().tolist() == [*served, "hybrid"]
    assert set(metric_definitions(result)["metric"]) >= {
        "nDCG@5",
        "Recall@10",
        "MAP@5",
        "MRR@5",
        "Coverage@5",
        "Novelty@5",
    }
    assert (
        beyond_accuracy_table(result).loc["popular", "Coverage@5"]
        < beyond_accuracy_table(result).loc["hybrid", "Coverage@5"]
    )
    assert best_params_table(result)["model"].tolist() == ["popular", "EASE", "hybrid"]
    assert costs(result).loc["EASE", "fit s"] >= 0
    names = ["hybrid", "popular"]
    assert by_history(result, names)["users"].sum() == 40
    found = by_popularity(result, names)
    weighted = (found["hybrid"].fillna(0) * found["held-out films"]).sum() / len(protocol.held_out)
    hits = result.results["hybrid"].lists.merge(protocol.held_out[["userId", "movieId"]])
    assert weighted == pytest.approx((hits["rank"] <= 10).sum() / len(protocol.held_out))


def test_the_example_user_is_a_typical_one(result, protocol):
    words, history, listed = example_user(result, catalog_by_taste())
    user = int(words.split()[1])
    values = result.results["hybrid"].values["ndcg@5"]
    assert abs(values[user] - values.mean()) == (values - values.mean()).abs().min()
    held = protocol.held_out[protocol.held_out["userId"] == user]
    assert f"{len(held)} likes are held out" in words
    assert history["rating"].iloc[0] == "5"
    assert (listed["hit"] == "✓").sum() == listed["recommended"].isin(
        [f"Film {film} (2000)" for film in held["movieId"]]
    ).sum()
    assert len(listed) == 10


# --- cold start --------------------------------------------------------------------------------------


def test_cold_users_are_the_same_at_every_point_and_the_first_point_is_the_same_for_all_models(result):
    shown = result.cold_users
    assert set(shown) == {"popular", "ease", "hybrid", SERVED}
    assert shown["hybrid"].columns.tolist() == [0, 1, 2, 3, 5, 10]
    assert all(of.index.equals(shown["hybrid"].index) for of in shown.values())
    assert shown["hybrid"][0].tolist() == shown["popular"][0].tolist() == shown["ease"][0].tolist()
    assert shown["popular"][10].tolist() == shown["popular"][0].tolist()
    assert shown["hybrid"][10].mean() > shown["hybrid"][0].mean()


def test_the_knobs_are_measured_on_users_with_three_known_likes(result, protocol):
    points = result.knobs.points
    assert points.loc["discovery"].index.tolist() == points.loc["diversity"].index.tolist()
    assert points.loc[("default", 0.0)].equals(points.loc[("discovery", 0.1)])
    assert points.loc[("default", 0.0)].equals(points.loc[("recency", 0.0)])
    assert points.loc[("recency", 1.0), "year"] >= points.loc[("recency", 0.0), "year"]
    assert points.loc[("diversity", 1.0), "diversity"] > points.loc[("diversity", 0.0), "diversity"]
    assert set(result.knobs.users) <= set(protocol.folds[0].split.users)
    references = knob_references(result)
    assert references.index.tolist() == ["ease", "popular"]
    assert references["commonest"].between(0, 1).all()


def test_cold_users_are_not_recommended_rated_films(protocol):
    one = protocol.folds[0]
    model = make("popular").fit(one.split.train, one.catalog)
    users = one.split.users[:3]
    lists = rank_with(model)(one.split.histories.head(0), users, one.split.histories, 90)
    rated = one.split.histories.groupby("userId")["movieId"].agg(set)
    for user in users:
        found = lists[lists["userId"] == user]
        assert set(found["movieId"]) == set(range(1, 91)) - rated[user]
        assert found["rank"].tolist() == list(range(1, 91 - len(rated[user])))


def test_only_the_known_likes_decide(protocol):
    """With as many likes as a user has, and nothing else rated, the list is that of the whole history."""
    one = protocol.folds[0]
    split = one.split
    only_likes = split.histories[split.histories["rating"] >= LIKED]
    size = only_likes["userId"].value_counts()
    ten = only_likes[only_likes["userId"].isin(size.index[size >= 10])].groupby("userId").head(10)
    assert len(ten)
    model = make("ease").fit(split.train, one.catalog)
    changed = type(split)(split.train, ten, split.held_out, split.unused)
    lists = model.recommend(ten, 5)
    held = split.held_out[split.held_out["userId"].isin(ten["userId"])]
    expected = accuracy(lists, held, [5])["ndcg@5"]
    lists_by_number = KnownLikes.choose(changed).lists(rank_with(model), 5)
    found = ndcg_by_known_likes(lists_by_number, split.held_out, 5)
    assert found[10].tolist() == pytest.approx(expected.tolist())


# --- by time ------------------------------------------------------------------------------------------


def test_the_highlighted_models_are_compared_by_time(result, ratings):
    later = compare_by_time(result, ratings, catalog_by_taste(), None, 0.7, hybrid_params=HYBRID_PARAMS, tune=False)
    assert list(later.results) == ["hybrid", "ease", "popular"]
    assert later.protocol.name == "time"
    assert metrics_record(result, by_time=later)["time"]["protocol"]["name"] == "time"
    means = later.values(later.main_metrics[0]).mean()
    first, second = (model_label(name) for name in means.sort_values(ascending=False, kind="stable").index[:2])
    assert re.fullmatch(
        rf"{re.escape(first)} is first by nDCG@\d+, with {means.max():.3f}; its lead over {re.escape(second)} is "
        r"\+?[\d.]+ \[.*\], (beyond|within) the noise\.",
        winner(later),
    )
    with pytest.raises(CineMatchError, match="a split by time needs the column timestamp"):
        compare_by_time(result, ratings.drop(columns="timestamp"), catalog_by_taste(), None, 0.7)
    with pytest.raises(CineMatchError, match=r"^date must leave ratings on both sides"):
        compare_by_time(result, ratings.assign(timestamp=10**9), catalog_by_taste(), None)
    with pytest.raises(NothingToDoError, match=r"films before 0.01, and training needs 10$"):
        compare_by_time(result, ratings, catalog_by_taste(), None, 0.01)


def test_users_without_a_history_are_served_the_default_list(ratings):
    protocol = make_protocol(ratings, catalog_by_taste(), name="time", date=0.5)
    (one,) = protocol.folds
    hybrid = make("hybrid", **HYBRID_PARAMS).fit(one.split.train, one.catalog)
    ask = ServedRecommender(Serve({"min_df": 1}, weights_per_film=30)(one, hybrid))
    new = np.setdiff1d(one.split.users, one.split.histories["userId"])
    assert len(new)
    lists = ask(one.split.histories, one.split.users, 5)
    assert set(lists["userId"]) == set(one.split.users)
    anybody = [film.movie_id for film in ask.recommender.recommend(k=5)]
    for user in new:
        assert lists.loc[lists["userId"] == user, "movieId"].tolist() == anybody


def test_an_unknown_model_is_refused_before_any_is_fitted(protocol):
    with pytest.raises(CineMatchError, match=r"a model's name is one of popular, .* did you mean ease"):
        compare_models(protocol, ["hybrid", "eas"], KS)
