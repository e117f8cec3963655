"""Evaluations use the recommender as it is served."""

import pandas as pd
import pytest
from support.small_runs import rated_recommender

from cinematch_lib import Preferences
from cinematch_lib.evaluation.served import recommend_as_served


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return rated_recommender(tmp_path_factory)


def histories(*rows):
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating"])


def test_ratings_become_likes_dislikes_and_exclusions(rated):
    told = histories((7, 260, 5.0), (7, 1, 4.0), (7, 1196, 3.5), (7, 858, 3.0), (7, 6, 2.5), (3, 6, 4.5))
    made = recommend_as_served(rated, told, 15)
    wanted = Preferences(liked_movie_ids=[260, 1], disliked_movie_ids=[6], not_interested_ids=[1196, 858])
    expected = {7: rated.recommend(wanted, 15), 3: rated.recommend(Preferences(liked_movie_ids=[6]), 15)}
    assert list(made.columns) == ["userId", "movieId", "rank", "score"]
    assert made["userId"].tolist() == [3] * 15 + [7] * 15
    for user, found in expected.items():
        of = made[made["userId"] == user]
        assert of[["movieId", "rank", "score"]].to_numpy().tolist() == [
            [one.movie_id, one.rank, one.score] for one in found
        ]


def test_unknown_films_are_ignored_and_the_last_rating_counts(rated):
    told = histories((1, 260, 1.0), (1, 260, 5.0), (1, 999_999, 5.0))
    expected = rated.recommend(Preferences(liked_movie_ids=[260]), 5)
    assert recommend_as_served(rated, told, 5)["movieId"].tolist() == [one.movie_id for one in expected]


def test_users_without_known_ratings_get_the_default_list(rated):
    made = recommend_as_served(rated, histories((1, 999_999, 5.0)), 5)
    assert made["movieId"].tolist() == [one.movie_id for one in rated.recommend(k=5)]
    assert len(recommend_as_served(rated, histories(), 5)) == 0
