"""What feedback from a server does to a model: weighted, bounded, never tested, and known only to what comes later."""

import numpy as np
import pandas as pd
import pytest
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib import CineMatchError
from cinematch_lib.catalog import cleaning
from cinematch_lib.data import fetch, movielens
from cinematch_lib.data.feedback import FEEDBACK_USERS, Opinion, join_feedback, write_feedback
from cinematch_lib.evaluation.protocols import make_protocol
from cinematch_lib.evaluation.served import Serve, ServedRecommender
from cinematch_lib.models import make
from cinematch_lib.models.interactions import Interactions

FIXED = {
    "regularization": 60.0, "dropout": 0.3, "session_weight": 0.7, "year_weight": 2.0, "feature_weight": 1.0,
    "content_weight": 0.35,
}  # fmt: skip
MOST_MOVED = {"the same": 0.04, "alike": 0.08}  # the shares of places that docs/serving.md states


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The 300 first films of the sample, and their ratings."""
    folder = tmp_path_factory.mktemp("feedback")
    raw = fetch("sample", folder / "raw")
    cleaning.clean(raw, folder / "data", metadata_path=raw / "tmdb_metadata.csv")
    films = cleaning.read_catalog(folder / "data").head(300)
    ratings = movielens.read_ratings(raw)
    return films, ratings[ratings["movieId"].isin(films["movieId"])].reset_index(drop=True)


def top_tens(films, ratings):
    """The ten best films of a hundred people who are held out: a set for each."""
    (fold,) = make_protocol(ratings, films, folds=1, test_users=100).folds
    model = make("hybrid", **FIXED).fit(fold.split.train, fold.catalog)
    recommender = Serve({"max_features": 300, "ngram_max": 1, "min_df": 2}, 240)(fold, model)
    lists = ServedRecommender(recommender)(fold.split.histories, fold.split.users, 10)
    return lists.groupby("userId")["movieId"].apply(set)


def test_twenty_people_move_no_more_places_than_the_docs_state(sample, tmp_path):
    films, ratings = sample
    before = top_tens(films, ratings)
    popular = ratings["movieId"].value_counts().index.tolist()
    known, pushed = popular[:20], popular[60:140]
    rng = np.random.default_rng(0)
    said = {
        "the same": [[*known, *pushed] for _ in range(20)],
        "alike": [[*rng.choice(known, 10, False), *rng.choice(pushed, 40, False)] for _ in range(20)],
    }
    for how, lists in said.items():
        write_feedback([Opinion(f"{at}", int(one), 5.0, 1.4e9) for at in range(20) for one in lists[at]], tmp_path)
        after = top_tens(films, join_feedback(ratings, films["movieId"], tmp_path))
        moved = np.mean([len(after[user] - before[user]) / 10 for user in before.index])
        assert 0 < moved <= MOST_MOVED[how], how


def test_people_who_say_the_same_count_as_one_and_others_by_their_weight(tmp_path):
    ratings = pd.DataFrame({"userId": [1], "movieId": [1], "rating": [4.0]})
    write_feedback(
        [Opinion(f"same {at}", film, 5.0, 0) for at in range(5) for film in (1, 2, 3)] + [Opinion("other", 4, 2.0, 0)],
        tmp_path,
    )
    joined = join_feedback(ratings, pd.Series([1, 2, 3, 4]), tmp_path, 0.5)
    assert list(joined) == ["userId", "movieId", "rating", "weight"]
    weights = joined.groupby("userId")["weight"].first()
    assert weights[1] == 1
    assert sorted(weights[weights.index >= FEEDBACK_USERS]) == pytest.approx([0.1] * 5 + [0.5])
    assert join_feedback(ratings, pd.Series([9]), tmp_path, 0.5) is ratings
    assert join_feedback(ratings, pd.Series([1]), tmp_path, 0) is ratings
    with pytest.raises(CineMatchError, match="feedback_weight must be from 0 to 1"):
        join_feedback(ratings, pd.Series([1]), tmp_path, 2)


def test_a_weight_is_that_of_a_part_of_the_user():
    table = pd.DataFrame({"userId": [1, 1, 2, 2, 2], "movieId": [1, 2, 1, 2, 3], "rating": [4, 2, 5, 3, 1]})
    films = np.array([1, 2, 3])
    weighted = Interactions.from_ratings(table.assign(weight=[1, 1, 0.25, 0.25, 0.25]), films)
    plain = Interactions.from_ratings(table, films)
    whole, weights = plain.ratings.toarray(), np.array([1, 0.25])
    X = weighted.map_ratings(lambda ratings: ratings).toarray()
    np.testing.assert_allclose(X.T @ X, whole.T @ np.diag(weights) @ whole, rtol=1e-6)
    assert weighted.rating_counts.tolist() == [1.25, 1.25, 0.25]
    assert weighted.full_users.tolist() == [0]
    assert plain.full_users.tolist() == [0, 1]


def test_feedback_is_trained_on_and_never_tested():
    ratings, films = ratings_by_taste(), films_by_taste()
    feedback = ratings[ratings["userId"] <= 20].assign(userId=lambda table: table["userId"] + FEEDBACK_USERS)
    late = ratings["timestamp"].max() + 1
    joined = pd.concat([ratings, feedback.assign(timestamp=late)], ignore_index=True)
    for options in ({"folds": 3}, {"folds": 1, "test_users": 15}):
        plain, made = make_protocol(ratings, films, **options), make_protocol(joined, films, **options)
        assert made.fingerprint == plain.fingerprint
        for fold in (*made.folds, made.validation):
            assert set(feedback["userId"]) <= set(fold.split.train["userId"])
            assert max(fold.split.users) < FEEDBACK_USERS
    (fold,) = make_protocol(joined, films, name="time", date=0.7).folds
    assert max(fold.split.train["userId"]) < FEEDBACK_USERS
