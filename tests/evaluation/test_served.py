"""Evaluations use the recommender as it is served."""

import pandas as pd
import pytest
from support.small_runs import rated_recommender

from cinematch_lib import Preferences
from cinematch_lib.evaluation.served import INPUTS, ServedRecommender, preferences_from


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return rated_recommender(tmp_path_factory)


def histories(*rows):
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating"])


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ("stars", {"ratings": {260: 5, 1: 4, 1196: 3.5, 858: 3, 6: 2.5}}),
        ("seen", {"liked_movie_ids": [260, 1], "seen": [1196, 858, 6]}),
        ("likes", {"liked_movie_ids": [260, 1], "disliked_movie_ids": [6], "not_interested_ids": [1196, 858]}),
    ],
)
def test_a_history_is_passed_as_a_client_that_knows_so_much_would(rated, inputs, wanted):
    known = histories((7, 260, 5.0), (7, 1, 4.0), (7, 1196, 3.5), (7, 858, 3.0), (7, 6, 2.5), (3, 6, 4.5))
    made = ServedRecommender(rated, inputs)(known, [3, 7], 15)
    of_other = Preferences(ratings={6: 4.5}) if inputs == "stars" else Preferences(liked_movie_ids=[6])
    expected = {7: rated.recommend(Preferences(**wanted), 15), 3: rated.recommend(of_other, 15)}
    assert list(made.columns) == ["userId", "movieId", "rank", "score"]
    assert made["userId"].tolist() == [3] * 15 + [7] * 15
    for user, found in expected.items():
        of = made[made["userId"] == user]
        assert of[["movieId", "rank"]].to_numpy().tolist() == [[one.movie_id, one.rank] for one in found]
        # many users at once are scored by matrix products, which add in another order
        assert of["score"].tolist() == pytest.approx([one.score for one in found], abs=1e-6)


@pytest.mark.parametrize("inputs", INPUTS)
def test_times_of_a_history_count_where_ages_do(rated, inputs):
    history = histories((7, 260, 5.0), (7, 1, 4.0), (7, 858, 4.0), (7, 6, 2.5)).assign(timestamp=[0, 1e8, 2e8, 3e8])
    lists = []
    for ages, known in ((True, history), (False, history.drop(columns="timestamp"))):
        made = ServedRecommender(rated, inputs, ages=ages)(history, [7], 15)
        expected = rated.recommend(preferences_from(known, inputs), 15)
        assert made["movieId"].tolist() == [one.movie_id for one in expected]
        assert made["score"].tolist() == pytest.approx([one.score for one in expected], abs=1e-6)
        lists.append(made["movieId"].tolist())
    assert lists[0] != lists[1]


def test_excluded_films_are_not_recommended_and_say_nothing(rated):
    known, excluded = histories((7, 260, 5.0)), histories((7, 260, 5.0), (7, 1196, 1.0), (7, 1210, 5.0))
    made = ServedRecommender(rated).rank(known, [7], excluded, 10)
    expected = rated.recommend(Preferences(ratings={260: 5}, not_interested_ids=[1196, 1210]), 10)
    assert made["movieId"].tolist() == [one.movie_id for one in expected]


def test_unknown_films_are_ignored_and_the_last_rating_counts(rated):
    known = histories((1, 260, 1.0), (1, 260, 5.0), (1, 999_999, 5.0))
    expected = rated.recommend(Preferences(ratings={260: 5}), 5)
    assert ServedRecommender(rated)(known, [1], 5)["movieId"].tolist() == [one.movie_id for one in expected]


def test_users_without_known_ratings_get_the_default_list(rated):
    made = ServedRecommender(rated)(histories((1, 999_999, 5.0)), [1], 5)
    assert made["movieId"].tolist() == [one.movie_id for one in rated.recommend(k=5)]
    assert len(ServedRecommender(rated)(histories(), [], 5)) == 0
