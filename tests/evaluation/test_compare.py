"""Models under one plan: what they come to is what the hand works out, and the same for the same inputs."""

import json

import numpy as np
import pandas as pd
import pytest
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.data.tables import MERGED_DTYPES
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import accuracy, recommend_for, search
from cinematch_lib.evaluation.as_served import serving
from cinematch_lib.evaluation.cold_start import cold_films, ranking, to_cold_users
from cinematch_lib.evaluation.compare import SERVED, contest, contest_by_time
from cinematch_lib.evaluation.protocols import plan
from cinematch_lib.evaluation.records import headline, metrics, values_by_user
from cinematch_lib.evaluation.report import (
    by_history,
    by_popularity,
    chosen,
    costs,
    explained,
    kinds_of_lists,
    leaderboard,
    margins,
    one_user,
)
from cinematch_lib.models import make
from cinematch_lib.models.interactions import LIKED

OURS = {"regularization": 20.0, "dropout": 0.3, "session_weight": 0.0, "year_weight": 0.0, "content_weight": 0.25}
KS = [5, 10]


def catalog():
    """The films with all columns that a recommender is made from."""
    films = films_by_taste()
    rest = {name: "" if dtype == "str" else None for name, dtype in MERGED_DTYPES.items() if name not in films}
    return films.assign(**rest | {"overview": films["title"]}).astype(MERGED_DTYPES)


@pytest.fixture(scope="module")
def ratings():
    return ratings_by_taste()


@pytest.fixture(scope="module")
def laid_out(ratings):
    return plan(ratings, catalog(), folds=2)


def meet(laid_out, **how):
    serve = serving({"min_df": 1}, most=30)
    return contest(laid_out, ["popular", "ease", "hybrid"], KS, ours=OURS, serve=serve, cold_users=True, **how)


@pytest.fixture(scope="module")
def result(laid_out):
    return meet(laid_out)


def test_every_tested_user_has_every_metric_by_every_model(result, laid_out):
    assert list(result.entries) == ["popular", "ease", "hybrid", SERVED]
    tested = sorted(user for one in laid_out.rounds for user in one.split.users)
    for entry in result.entries.values():
        assert entry.values.index.tolist() == tested
        assert np.isfinite(entry.values.to_numpy()).all()
        assert {f"{name}@{k}" for name in ("ndcg", "recall", "map", "mrr") for k in KS} <= set(entry.values)


def test_values_are_those_of_the_model_with_the_values_that_a_search_chose(result, laid_out):
    (chosen_for_ease,) = result.entries["ease"].chosen
    inner = laid_out.validation
    assert chosen_for_ease == search("ease", inner.split, inner.catalog, metric="ndcg@5")[0]
    assert len(result.entries["ease"].tried) == 8
    one = laid_out.rounds[1]
    lists = recommend_for("ease", one.split.train, one.split.histories, one.catalog, 10, **chosen_for_ease)
    expected = accuracy(lists, one.split.held_out, KS)
    pd.testing.assert_frame_equal(result.entries["ease"].values.loc[one.split.users, list(expected)], expected)


def test_without_a_search_defaults_run(laid_out):
    result = contest(laid_out, ["ease"], KS, tune=False)
    assert result.entries["ease"].chosen == [{}]
    assert result.entries["ease"].tried.empty


def test_the_hybrid_chooses_once_for_all_rounds_on_what_is_known_to_all(laid_out):
    open_values = {"session_weight": 0.0, "year_weight": 0.0, "dropout": 0.3, "content_weight": 0.25}
    entry = contest(laid_out, ["hybrid"], KS, ours=open_values).entries["hybrid"]
    inner = laid_out.validation
    alone = make("hybrid", **open_values).fit(inner.split.train, inner.catalog)
    assert entry.chosen == [alone.best_params]
    assert entry.tried["regularization"].tolist() == [one["regularization"] for one in alone.trials]


def test_metrics_json_says_what_the_hand_calculates(result, laid_out):
    made = json.loads(json.dumps(metrics(result, seed=0)))
    for name in ("popular", SERVED):
        entry = result.entries[name]
        held = laid_out.held_out.groupby("userId")["movieId"].agg(set)
        lists = entry.lists[entry.lists["rank"] <= 10].groupby("userId")["movieId"].agg(set)
        recall = np.mean([len(held[user] & lists.get(user, set())) / len(held[user]) for user in held.index])
        assert made["models"][name]["recall@10"]["mean"] == pytest.approx(recall, abs=1e-6)
        first = entry.lists[entry.lists["rank"] <= 5]
        shown = set(first["movieId"])
        assert made["models"][name]["coverage@5"] == pytest.approx(len(shown) / 90, abs=1e-6)
        assert made["models"][name]["recall@10"]["low"] <= recall <= made["models"][name]["recall@10"]["high"]
    gap = result.values("ndcg@5")
    ahead = made["hybrid_ahead_of"]["popular"]["ndcg@5"]["mean"]
    assert ahead == pytest.approx((gap["hybrid"] - gap["popular"]).mean(), abs=1e-6)
    assert made["protocol"]["test_users"] == 40
    assert made["protocol"]["held_out"] == len(laid_out.held_out)
    assert made["protocol"]["main"] == ["ndcg@5", "recall@10"]
    assert made["protocol"]["seed"] == 0
    assert sum(row["users"] for row in made["by_history"].values()) == 40
    assert sum(row["films to find"] for row in made["by_popularity"].values()) == len(laid_out.held_out)
    assert headline(result)["hybrid"]["ndcg@5"] == made["models"]["hybrid"]["ndcg@5"]


def test_the_same_inputs_give_the_same_files_and_no_times_are_in_them(result, laid_out):
    again = meet(laid_out)
    assert metrics(again) == metrics(result)
    assert values_by_user(again) == values_by_user(result)
    assert "second" not in json.dumps(metrics(result))
    assert set(result.entries["hybrid"].cost) == {"search s", "fit s", "MB", "ms a user"}


def test_values_by_user_are_read_back(result):
    rows = values_by_user(result).splitlines()
    assert rows[0].startswith("userId,popular ndcg@5,popular recall@10,ease ndcg@5,")
    assert len(rows) == 1 + 40
    user, first = rows[1].split(",")[:2]
    assert float(first) == pytest.approx(result.entries["popular"].values["ndcg@5"][int(user)], abs=1e-6)


def test_the_tables_to_read(result, laid_out):
    table = leaderboard(result)
    means = result.values("ndcg@5").mean().sort_values(ascending=False)
    assert table.iloc[0, 0].startswith(f"{means.iloc[0]:.3f} [")
    assert set(table.index) == {"popular", "EASE", "hybrid", "hybrid as served"}
    both = margins(result)
    assert both["less"].unique().tolist() == ["EASE"]
    assert both["what"].unique().tolist() == ["hybrid", "hybrid as served"]
    assert set(explained(result)["metric"]) >= {"nDCG@5", "Recall@10", "MAP@5", "MRR@5", "Coverage@5", "Novelty@5"}
    assert kinds_of_lists(result).loc["popular", "Coverage@5"] < kinds_of_lists(result).loc["hybrid", "Coverage@5"]
    assert chosen(result)["model"].tolist() == ["popular", "EASE", "hybrid"]
    assert costs(result).loc["EASE", "fit s"] >= 0
    names = ["hybrid", "popular"]
    assert by_history(result, names)["users"].sum() == 40
    found = by_popularity(result, names)
    weighted = (found["hybrid"].fillna(0) * found["films to find"]).sum() / len(laid_out.held_out)
    hits = result.entries["hybrid"].lists.merge(laid_out.held_out[["userId", "movieId"]])
    assert weighted == pytest.approx((hits["rank"] <= 10).sum() / len(laid_out.held_out))


def test_the_user_to_look_at_is_an_ordinary_one(result, laid_out):
    words, history, listed = one_user(result, catalog())
    user = int(words.split()[1])
    values = result.entries["hybrid"].values["ndcg@5"]
    assert abs(values[user] - values.mean()) == (values - values.mean()).abs().min()
    held = laid_out.held_out[laid_out.held_out["userId"] == user]
    assert f"{len(held)} likes are held out" in words
    assert history["stars"].iloc[0] == "5"
    assert (listed["found"] == "✓").sum() == listed["recommended"].isin(
        [f"Film {film} (2000)" for film in held["movieId"]]
    ).sum()
    assert len(listed) == 10


# --- little to go on ----------------------------------------------------------------------------------


def test_cold_users_are_the_same_at_every_point_and_the_first_point_is_the_same_for_all_models(result):
    shown = {name: entry.cold for name, entry in result.entries.items()}
    assert shown["hybrid"].columns.tolist() == [0, 1, 3, 5, 10]
    assert all(of.index.equals(shown["hybrid"].index) for of in shown.values())
    assert shown["hybrid"][0].tolist() == shown["popular"][0].tolist() == shown["ease"][0].tolist()
    assert shown["popular"][10].tolist() == shown["popular"][0].tolist()
    assert shown["hybrid"][10].mean() > shown["hybrid"][0].mean()


def test_cold_users_are_recommended_nothing_that_they_have_rated(laid_out):
    one = laid_out.rounds[0]
    model = make("popular").fit(one.split.train, one.catalog)
    users = one.split.users[:3]
    lists = ranking(model)(one.split.histories.head(0), users, one.split.histories, 90)
    rated = one.split.histories.groupby("userId")["movieId"].agg(set)
    for user in users:
        found = lists[lists["userId"] == user]
        assert set(found["movieId"]) == set(range(1, 91)) - rated[user]
        assert found["rank"].tolist() == list(range(1, 91 - len(rated[user])))


def test_only_the_likes_shown_decide(laid_out):
    """With as many likes as a user has, and nothing else rated, the list is that of the whole history."""
    one = laid_out.rounds[0]
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
    assert to_cold_users(ranking(model), changed, 5)[10].tolist() == pytest.approx(expected.tolist())


def test_films_that_nobody_rated_are_found_by_their_content(ratings):
    found = cold_films(ratings, catalog(), ours=OURS)
    assert found.hidden == 9
    assert found.auc["hybrid"].low > 0.5  # the genre says much about what these users like
    assert found.auc["hybrid"].mean == pytest.approx(found.auc["content"].mean, abs=0.02)
    assert found.auc["hybrid without content"].mean == 0.5
    assert found.among_all["hybrid"].mean > found.among_all["hybrid without content"].mean
    assert found.chance == 1
    assert found.table().index.tolist() == ["hybrid", "content", "hybrid without content", "chance"]
    assert found.in_words().startswith("The ratings of 9 films are hidden; ")


def test_where_too_few_rate_nothing_is_said_of_cold_films(ratings):
    assert cold_films(ratings[ratings["userId"] <= 9], catalog(), ours=OURS) is None


# --- by time ------------------------------------------------------------------------------------------


def test_by_time_the_leading_models_meet_again(result, ratings):
    later = contest_by_time(result, ratings, catalog(), None, 0.7, ours=OURS, tune=False)
    assert list(later.entries) == ["hybrid", "ease", "popular"]
    assert later.plan.protocol == "time"
    assert metrics(result, by_time=later)["time"]["protocol"]["name"] == "time"
    assert contest_by_time(result, ratings.drop(columns="timestamp"), catalog(), None, 0.7) is None
    assert contest_by_time(result, ratings, catalog(), None, 0.01) is None


def test_whoever_has_no_history_is_served_what_anybody_new_is(ratings):
    laid_out = plan(ratings, catalog(), protocol="time", date=0.5)
    (one,) = laid_out.rounds
    hybrid = make("hybrid", **OURS).fit(one.split.train, one.catalog)
    ask = serving({"min_df": 1}, most=30)(one, hybrid)
    new = np.setdiff1d(one.split.users, one.split.histories["userId"])
    assert len(new)
    lists = ask(one.split.histories, one.split.users, 5)
    assert set(lists["userId"]) == set(one.split.users)
    anybody = [film.movie_id for film in ask.recommender.recommend(k=5)]
    for user in new:
        assert lists.loc[lists["userId"] == user, "movieId"].tolist() == anybody


# --- as published -------------------------------------------------------------------------------------


def test_the_published_protocol_runs_and_has_its_own_metrics(ratings):
    laid_out = plan(ratings, catalog(), protocol="liang2018", test_users=12)
    result = contest(laid_out, ["popular", "hybrid"], [10, 20], ours=OURS, tune=False)
    made = metrics(result)
    assert made["protocol"]["main"] == ["ndcg@100", "capped_recall@20", "capped_recall@50"]
    assert made["models"]["hybrid"]["ndcg@100"]["mean"] > made["models"]["popular"]["ndcg@100"]["mean"]


def test_an_unknown_model_is_refused_before_any_is_fitted(laid_out):
    with pytest.raises(CineMatchError, match=r"a model's name is one of popular, .* did you mean ease"):
        contest(laid_out, ["hybrid", "eas"], KS)
