"""Opinions lose weight with age, alike in the model, in what is served and in lists for many; dates are pooled."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.evaluation_ratings import some_ratings
from support.small_runs import rated_artifacts
from support.tastes import catalog_by_taste, films_by_taste, ratings_by_taste

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.evaluation.compare import SERVED_BY_INPUTS, compare_models
from cinematch_lib.evaluation.protocols import make_protocol
from cinematch_lib.evaluation.served import Serve, ServedRecommender, preferences_from
from cinematch_lib.evaluation.splits import split_by_time, split_by_times
from cinematch_lib.models import make
from cinematch_lib.models.interactions import Interactions

YEAR = 365.25 * 86_400
HEAT, TOY_STORY, ALIEN, CASINO, NOWHERE = 6, 1, 1214, 16, 999_999_999


def test_an_older_opinion_counts_less_and_explanations_add_up(tmp_path_factory):
    recommender = Recommender.load(rated_artifacts(tmp_path_factory))
    ratings = {HEAT: 5.0, TOY_STORY: 5.0, ALIEN: 2.0}
    plain = recommender.recommend(Preferences(ratings=ratings), 30)
    same = recommender.recommend(Preferences(ratings=ratings, times=dict.fromkeys(ratings, 1e9)), 30)
    assert [(one.movie_id, one.score) for one in same] == [(one.movie_id, one.score) for one in plain]
    times = {HEAT: 1e9, TOY_STORY: 1e9 + 20 * YEAR}
    aged = recommender.recommend(Preferences(ratings=ratings, times=times), 30)
    for one in aged:
        assert sum(reason.value for reason in one.reasons) == pytest.approx(one.score, abs=1e-5)
    assert _ratings_of(plain, HEAT) > 0
    assert _ratings_of(aged, HEAT) < 0.05 * _ratings_of(plain, HEAT)
    assert _ratings_of(aged, TOY_STORY) >= _ratings_of(plain, TOY_STORY)
    (together,) = recommender.recommend_many([Preferences(ratings=ratings, times=times)], 30)
    assert [one.movie_id for one in together] == [one.movie_id for one in aged]


def test_opinions_of_any_age_count_in_a_list_and_in_lists_for_many(tmp_path_factory):
    recommender = Recommender.load(rated_artifacts(tmp_path_factory))
    liked = [HEAT, TOY_STORY, ALIEN]
    lists = []
    for oldest in (0.0, 6e10 - 60 * YEAR, -9e10):
        wanted = Preferences(liked, times={HEAT: oldest, TOY_STORY: 1e9, ALIEN: 6e10})
        found, (together,) = recommender.recommend(wanted, 20), recommender.recommend_many([wanted], 20)
        assert _ratings_of(found, ALIEN) > 0
        assert _scores(together) == pytest.approx(_scores(found))
        lists.append(_scores(found))
    assert lists[0] == lists[1] == lists[2]  # from 40 years on an opinion counts no less


def test_only_times_of_opinions_count(tmp_path_factory):
    recommender = Recommender.load(rated_artifacts(tmp_path_factory))
    wanted = Preferences([HEAT], [ALIEN], [CASINO], seen=[TOY_STORY], times={HEAT: 1e9, ALIEN: 1e9})
    found = _scores(recommender.recommend(wanted, 20))
    for other in (CASINO, NOWHERE):
        newer = replace(wanted, times=wanted.times | {other: 1.7e9})
        assert _scores(recommender.recommend(newer, 20)) == found
        assert _scores(recommender.recommend_many([newer], 20)[0]) == pytest.approx(found)
    for known in (HEAT, TOY_STORY, ALIEN):
        newer = replace(wanted, times=wanted.times | {known: 1.7e9})
        assert _scores(recommender.recommend(newer, 20)) != found


def _scores(films):
    return {one.movie_id: one.score for one in films}


def _ratings_of(films, movie_id):
    """What other people's ratings of one film add to all of a list."""
    reasons = [reason for one in films for reason in one.reasons if reason.kind == "rated_with_liked"]
    return sum(reason.value for reason in reasons if reason.movie.movie_id == movie_id)


def test_a_time_is_a_number_of_a_film():
    assert Preferences(liked_movie_ids=[1], times={1: 10}).to_dict()["times"] == {1: 10.0}
    for wrong, message in (
        ([1], "times must map"),
        ({1: "now"}, "a time must be seconds"),
        ({1: float("nan")}, "a time must be seconds"),
        ({1: 1.7e12}, r"at most 100,000,000,000, got 1700000000000.0 for 1; divide milliseconds by 1,000"),
        ({1: -1.7e12}, "divide milliseconds"),
        ({"a": 1}, "times must"),
    ):
        with pytest.raises(CineMatchError, match=message):
            Preferences(times=wrong)


def test_a_history_with_times_is_passed_with_them():
    history = pd.DataFrame({"movieId": [1, 2], "rating": [5.0, 2.0], "timestamp": [10, 20]})
    for inputs in ("stars", "seen", "likes"):
        assert preferences_from(history, inputs).times == {1: 10.0, 2: 20.0}
        assert preferences_from(history.drop(columns="timestamp"), inputs).times == {}


def test_ratings_of_a_model_lose_three_quarters_of_their_weight_in_four_years():
    table = pd.DataFrame({"userId": [1, 1, 2], "movieId": [1, 2, 1], "rating": [4.0] * 3})
    timed = Interactions.from_ratings(table.assign(timestamp=[0, 4 * YEAR, 5]), np.array([1, 2]))
    assert timed.aged(timed.likes).toarray().tolist() == [[0.25, 1], [1, 0]]
    plain = Interactions.from_ratings(table, np.array([1, 2]))
    assert plain.aged(plain.likes).toarray().tolist() == [[1, 1], [1, 0]]


def test_several_dates_test_each_user_once_on_what_comes_before_the_next():
    ratings = some_ratings()
    shares = [0.5, 0.7, 0.9]
    splits = split_by_times(ratings, shares)
    alone = [split_by_time(ratings, share) for share in shares]
    tested = [user for split in splits for user in split.users.tolist()]
    assert len(tested) == len(set(tested))
    assert set(tested) == {user for one in alone for user in one.users.tolist()}
    for split, one, following in zip(splits, alone, [*splits[1:], None], strict=True):
        assert split.train.equals(one.train)
        assert split.train["timestamp"].max() < split.held_out["timestamp"].min()
        if following is not None:
            assert split.held_out["timestamp"].max() < following.held_out["timestamp"].min()
    with_past = {user for one in alone for user in one.histories["userId"]}
    known = {user for split in splits for user in split.histories["userId"]}
    assert known <= with_past
    assert len(known) > max(one.histories["userId"].nunique() for one in alone[-1:])


def test_a_protocol_by_time_takes_dates_with_commas():
    ratings, films = ratings_by_taste(), films_by_taste()
    days = [pd.Timestamp(ratings["timestamp"].quantile(share), unit="s") for share in (0.6, 0.8)]
    made = make_protocol(ratings, films, name="time", date=", ".join(f"{day:%Y-%m-%d %H:%M}" for day in days))
    assert len(made.folds) == 2
    assert "up to the next date" in made.description
    assert not set(made.folds[0].split.users) & set(made.folds[1].split.users)


@pytest.mark.parametrize("by", [{"name": "time", "date": 0.5}, {"name": "users", "folds": 2}])
def test_the_newest_opinions_weigh_more_where_the_future_is_tested(by):
    protocol, serve = make_protocol(ratings_by_taste(), catalog_by_taste(), **by), Serve({"min_df": 1}, 30)
    params = dict.fromkeys(("session_weight", "year_weight"), 0.0) | {"regularization": 20.0, "dropout": 0.3}
    params |= {"feature_weight": 1.0, "content_weight": 0.25}
    result = compare_models(protocol, ["hybrid"], [10], hybrid_params=params, serve=serve, tune=False)
    fold = protocol.folds[0]
    recommender = serve(fold, make("hybrid", **params).fit(fold.split.train, fold.catalog))
    for inputs, name in SERVED_BY_INPUTS.items():
        lists = result.results[name].lists
        measured = lists[lists["userId"].isin(fold.split.users)].sort_values(["userId", "rank"])["movieId"].tolist()
        aged, plain = (
            ServedRecommender(recommender, inputs, ages=ages)(fold.split.histories, fold.split.users, 10)
            for ages in (True, False)
        )
        assert aged["movieId"].tolist() != plain["movieId"].tolist()
        assert measured == (aged if by["name"] == "time" else plain)["movieId"].tolist()
