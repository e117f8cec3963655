import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score
from support.evaluation_ratings import some_ratings

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import (
    CANDIDATES,
    accuracy,
    beyond_accuracy,
    by_activity,
    commonest,
    coverage,
    difference,
    interval,
    miscalibration,
    most_popular,
    recall_by_popularity,
    recommend_for,
    search,
    split_by_users,
)
from cinematch_lib.models import MODELS, make


def lists(**of_user: list[int]) -> pd.DataFrame:
    rows = [(int(user[1:]), film, rank) for user, films in of_user.items() for rank, film in enumerate(films, 1)]
    return pd.DataFrame(rows, columns=["userId", "movieId", "rank"])


def pairs(**of_user: list[int]) -> pd.DataFrame:
    return lists(**of_user)[["userId", "movieId"]]


# --- metrics -----------------------------------------------------------------------------------------


# User 1 likes 10 and 30 of the list 10 20 30 40, user 2 likes 99 and has the list 10 20, user 3 has no list.
LISTS = lists(u1=[10, 20, 30, 40], u2=[10, 20])


HELD = pairs(u1=[10, 30, 77], u2=[99], u3=[5])


@pytest.mark.parametrize(
    ("metric", "of_user_1"),
    [
        ("ndcg@2", 1 / (1 + 1 / np.log2(3))),
        ("ndcg@4", (1 + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2)),
        ("recall@2", 1 / 3),
        ("recall@4", 2 / 3),
        ("capped_recall@2", 1 / 2),
        ("capped_recall@4", 2 / 3),
        ("precision@2", 1 / 2),
        ("precision@4", 2 / 4),
        ("map@2", (1 / 1) / 2),
        ("map@4", (1 / 1 + 2 / 3) / 3),
        ("mrr@2", 1),
        ("mrr@4", 1),
    ],
)
def test_metrics_agree_with_calculations_by_hand(metric, of_user_1):
    found = accuracy(LISTS, HELD, ks=[2, 4])
    assert found.index.tolist() == [1, 2, 3]
    assert found[metric].tolist() == pytest.approx([of_user_1, 0, 0])


def test_mrr_uses_the_rank_of_the_first_hit():
    found = accuracy(lists(u1=[1, 2, 3, 4]), pairs(u1=[3]), ks=[2, 4]).loc[1]
    assert found["mrr@2"] == 0
    assert found["mrr@4"] == pytest.approx(1 / 3)
    assert found["map@4"] == pytest.approx(1 / 3)
    assert found["ndcg@4"] == pytest.approx(1 / 2)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_ndcg_agrees_with_scikit_learn(k):
    rng = np.random.default_rng(0)
    scores, liked = rng.random((30, 40)), rng.random((30, 40)) < 0.2
    liked[:, 0] = True
    order = np.argsort(-scores, axis=1)
    made = lists(**{f"u{user}": films.tolist() for user, films in enumerate(order)})
    wanted = pairs(**{f"u{user}": np.flatnonzero(row).tolist() for user, row in enumerate(liked)})
    ours = accuracy(made, wanted, ks=[k])[f"ndcg@{k}"]
    theirs = [ndcg_score(liked[[user]].astype(float), scores[[user]], k=k) for user in range(30)]
    assert ours.tolist() == pytest.approx(theirs)


def test_a_random_recommender_has_the_expected_metrics():
    rng = np.random.default_rng(1)
    users, films, held, k = 4000, 50, 5, 10
    order = np.argsort(rng.random((users, films)), axis=1)[:, :k]
    made = pd.DataFrame(
        {"userId": np.repeat(range(users), k), "movieId": order.ravel(), "rank": np.tile(range(1, k + 1), users)}
    )
    wanted = pd.DataFrame({"userId": np.repeat(range(users), held), "movieId": np.tile(range(held), users)})
    found = accuracy(made, wanted, ks=[k]).mean()
    discount = 1 / np.log2(np.arange(2, k + 2))
    assert found["recall@10"] == pytest.approx(k / films, rel=0.03)
    assert found["precision@10"] == pytest.approx(held / films, rel=0.03)
    assert found["ndcg@10"] == pytest.approx(held / films * discount.sum() / discount[:held].sum(), rel=0.03)
    missed = np.cumprod([1] + [(films - held - r) / (films - r) for r in range(k)])
    assert found["mrr@10"] == pytest.approx(((missed[:-1] - missed[1:]) / np.arange(1, k + 1)).sum(), rel=0.03)


def test_lists_that_are_no_rankings_are_refused():
    with pytest.raises(CineMatchError, match="each rank once"):
        accuracy(LISTS.assign(**{"rank": 1}), HELD)
    with pytest.raises(CineMatchError, match="a film twice"):
        accuracy(LISTS.assign(movieId=10), HELD)
    with pytest.raises(CineMatchError, match=r"from 1 up, got \[0\]"):
        accuracy(LISTS, HELD, ks=[0])


GENRES = {10: "drama", 20: "drama|war", 30: "comedy", 40: "", 50: "drama", 60: ""}


CATALOG = pd.DataFrame({"movieId": list(GENRES), "genres": list(GENRES.values())})


TRAIN = pd.DataFrame({"userId": [1, 2, 3, 4, 1, 2, 1], "movieId": [10, 10, 10, 10, 20, 20, 30]})


def test_beyond_accuracy_agrees_with_calculations_by_hand():
    made = beyond_accuracy(lists(u1=[10, 20], u2=[30, 40], u3=[10], u4=[10, 20, 50]), TRAIN, CATALOG, 3)
    assert made["rare@3"].tolist() == [1, 1, 1, 1]  # none has 100 ratings
    assert made["tail@3"].tolist() == pytest.approx([1 / 2, 1, 0, 2 / 3])  # 1 % of six films is one film, 10
    assert made.loc[1, "novelty@3"] == pytest.approx((0 + 1) / 2)  # 4 and 2 of 4 users
    assert made.loc[2, "novelty@3"] == pytest.approx((2 + 3) / 2)  # 1 of 4, and nobody, so half of one
    cosine = 1 / np.sqrt(2)
    assert made["diversity@3"].tolist() == pytest.approx([1 - cosine, 1, 0, 1 - (cosine + 1 + cosine) / 3])


def test_films_without_genres_are_not_alike():
    assert beyond_accuracy(lists(u1=[40, 60]), TRAIN, CATALOG, 2).loc[1, "diversity@2"] == 1


def test_miscalibration_is_the_divergence_of_the_genres_from_those_of_the_likes():
    history = pd.DataFrame({"userId": [1, 1, 1, 2], "movieId": [10, 20, 30, 40], "rating": [5.0, 4.0, 1.0, 5.0]})
    same = miscalibration(lists(u1=[10, 20], u2=[10]), history, CATALOG, 2)
    assert same.to_dict() == {1: pytest.approx(0)}  # of film 40, and so of the likes of user 2, no genre is known
    other = miscalibration(lists(u1=[30, 10]), history, CATALOG, 1)
    # The likes are 3/4 drama and 1/4 war, the list is comedy.
    assert other[1] == pytest.approx(0.75 * np.log(0.75 / 0.0075) + 0.25 * np.log(0.25 / 0.0025))
    half = miscalibration(lists(u1=[30, 10]), history, CATALOG, 2)
    expected = 0.75 * np.log(0.75 / (0.495 + 0.0075)) + 0.25 * np.log(0.25 / 0.0025)
    assert half[1] == pytest.approx(expected)


def test_the_commonest_film_is_that_of_most_lists():
    assert commonest(lists(u1=[10, 20], u2=[20, 10], u3=[30, 20]), 2) == 1
    assert commonest(lists(u1=[10, 20], u2=[20, 10], u3=[30, 20]), 1) == pytest.approx(1 / 3)
    assert commonest(lists(u1=[10]).head(0), 2) == 0


def test_coverage_and_the_most_popular():
    assert coverage(LISTS, CATALOG, 4) == pytest.approx(4 / 6)
    assert coverage(LISTS, CATALOG, 1) == pytest.approx(1 / 6)
    assert most_popular(TRAIN, CATALOG, 0.4).tolist() == [10, 20]


def test_recall_by_popularity():
    held = pairs(u1=[10, 20, 30, 40], u2=[10, 50])
    table = recall_by_popularity(LISTS, held, TRAIN, 2, edges=[1, 3])
    assert table["ratings"].tolist() == ["0", "1 to 2", "3 and more"]
    assert table["held_out"].tolist() == [2, 2, 2]
    assert table["found"].tolist() == [0, 0.5, 1]


# --- intervals ---------------------------------------------------------------------------------------


def test_an_interval_has_the_width_of_the_normal_approximation():
    values = np.random.default_rng(0).normal(5, 2, 1000)
    found = interval(values)
    assert found.mean == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(1000), rel=0.06)
    assert found == interval(values)
    assert found != interval(values, seed=1)


def test_a_paired_difference_is_significant_where_intervals_overlap():
    rng = np.random.default_rng(0)
    easy = pd.Series(rng.random(300), index=range(300))
    better = (easy + 0.02 + rng.normal(0, 0.05, 300)).sample(frac=1, random_state=0)
    alone, other = interval(better), interval(easy)
    assert alone.low < other.high
    assert difference(better, easy).differs
    assert difference(better, easy).low > 0
    assert not difference(easy, easy).differs


def test_paired_differences_need_the_same_users():
    values = pd.Series([0.1, 0.2], index=[1, 2])
    with pytest.raises(CineMatchError, match="the same users"):
        difference(values, values.set_axis([1, 3]))
    with pytest.raises(CineMatchError, match="one user or more, got 0"):
        interval([])


def test_results_by_activity():
    values = pd.DataFrame({"ndcg@10": [0.2, 0.4, 1.0]}, index=pd.Index([1, 2, 3], name="userId"))
    histories = pd.DataFrame({"userId": [1] * 10 + [2] * 12})
    table = by_activity(values, histories, (10, 30))
    assert table["users"].tolist() == [1, 2, 0]
    assert table["ndcg@10"].tolist()[:2] == pytest.approx([1.0, 0.3])


# --- the search --------------------------------------------------------------------------------------


def test_a_search_returns_the_best_candidate_on_its_users():
    ratings = some_ratings()
    catalog = pd.DataFrame({"movieId": range(10, 90), "genres": "drama"})
    split = split_by_users(ratings, 20)
    candidates = [{"regularization": value} for value in (1.0, 30.0, 1000.0)]
    chosen, table = search("ease", split, catalog, candidates)
    assert table["regularization"].tolist() == [1, 30, 1000]
    assert chosen == candidates[int(table["ndcg@10"].argmax())]
    made = recommend_for("ease", split.train, split.histories, catalog, 10, regularization=30.0)
    assert table["ndcg@10"][1] == pytest.approx(accuracy(made, split.held_out, [10])["ndcg@10"].mean())
    assert search("popular", split, catalog)[0] == {}
    with pytest.raises(CineMatchError, match="one candidate or more"):
        search("ease", split, catalog, [])


def test_every_model_with_parameters_has_the_same_number_of_trials():
    assert set(CANDIDATES) == set(MODELS)
    assert {name: len(of) for name, of in CANDIDATES.items() if len(of) > 1} == dict.fromkeys(
        ("content", "itemknn", "userknn", "puresvd", "ease", "als", "bpr"), 8
    )
    for name, candidates in CANDIDATES.items():
        for params in candidates:
            make(name, **params)
