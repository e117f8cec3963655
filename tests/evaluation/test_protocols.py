"""Protocols: held-out likes leak neither into the input of models nor into the choice of hyperparameters."""

import pandas as pd
import pytest
from support.tables import write_movielens
from support.tastes import films_by_taste, ratings_by_taste, tags_by

from cinematch_lib.errors import CineMatchError, NothingToDoError, UnknownNameError
from cinematch_lib.evaluation.compare import compare_models
from cinematch_lib.evaluation.protocols import films_for, make_protocol
from cinematch_lib.evaluation.records import metrics_record

RATINGS, FILMS = ratings_by_taste(), films_by_taste()
TAGS = tags_by(RATINGS)


def pairs(table):
    return set(zip(table["userId"], table["movieId"], strict=True))


def taggers(catalog):
    """The users whose tags are known in a round."""
    known = catalog.get("tags", [])
    return {int(word.rpartition(" ")[2]) for joined in known for word in joined.split("|") if word}


PLANS = {
    "folds": {"folds": 3},
    "once": {"folds": 1, "test_users": 15},
    "time": {"name": "time", "date": 0.7},
    "liang2018": {"name": "liang2018", "test_users": 10},
}


@pytest.fixture(params=PLANS)
def made(request):
    return make_protocol(RATINGS, FILMS, TAGS, **PLANS[request.param])


def test_held_out_likes_are_not_in_the_validation_data(made):
    inner = made.validation.split
    tables = pd.concat([inner.train, inner.histories, inner.held_out])
    assert not pairs(tables) & pairs(made.held_out)
    assert not set(inner.users) & set(inner.train["userId"])


def test_held_out_likes_of_a_fold_are_not_in_its_input(made):
    for one in made.folds:
        known = pairs(one.split.train) | pairs(one.split.histories)
        assert not known & pairs(one.split.held_out)


def test_tags_by_test_users_are_omitted():
    for name in ("folds", "once", "liang2018"):
        made = make_protocol(RATINGS, FILMS, TAGS, **PLANS[name])
        for one in made.folds:
            assert taggers(one.catalog) <= set(RATINGS["userId"]) - set(one.split.users)
            assert taggers(one.catalog) >= set(one.split.train["userId"])
        assert not taggers(made.validation.catalog) & {*made.validation.split.users, *made.held_out["userId"]}


def test_a_split_by_time_uses_no_tag_and_no_rating_of_the_future():
    made = make_protocol(RATINGS, FILMS, tags_by(RATINGS, "said"), **PLANS["time"])
    (one,) = made.folds
    cut = one.split.train["timestamp"].max()
    future = RATINGS[RATINGS["timestamp"] > cut]
    assert len(future) == len(one.split.held_out) + len(one.split.unused)
    for round_ in (one, made.validation):
        for table in (round_.split.train, round_.split.histories):
            assert table["timestamp"].max() <= cut
        for film, joined in zip(round_.catalog["movieId"], round_.catalog["tags"], strict=True):
            then = TAGS[(TAGS["movieId"] == str(film)) & (TAGS["timestamp"].astype(int) <= cut)]
            said = {int(word.rpartition(" ")[2]) for word in joined.split("|") if word}
            assert said <= set(then["userId"].astype(int))
    assert "rated before" in made.description


def test_every_eligible_user_is_tested_or_validated_once():
    made = make_protocol(RATINGS, FILMS, folds=3)
    tested = [user for one in made.folds for user in one.split.users]
    assert sorted([*tested, *made.validation.split.users]) == sorted(RATINGS["userId"].unique())
    assert "a third of them at a time" in made.description
    assert "15 users who are not tested" in made.description


def test_the_number_of_folds_follows_the_number_of_users():
    assert len(make_protocol(RATINGS, FILMS).folds) == 4
    assert len(make_protocol(RATINGS, FILMS, test_users=10).folds) == 1
    many = pd.concat([RATINGS.assign(userId=RATINGS["userId"] + 1000 * part) for part in range(17)])
    made = make_protocol(many.reset_index(drop=True), FILMS)
    assert [len(one.split.users) for one in made.folds] == [17 * 60 // 5]


def test_the_users_of_before_are_tested_again_as_far_as_they_are_there():
    before = make_protocol(RATINGS, FILMS, test_users=12).folds[0].split.users
    one_left = RATINGS[RATINGS["userId"] != before[0]].reset_index(drop=True)
    newcomers = RATINGS.assign(userId=RATINGS["userId"] + 1000)
    grown = pd.concat([one_left, newcomers], ignore_index=True)
    made = make_protocol(grown, FILMS, folds=1, same_users=before, seed=5)
    assert made.folds[0].split.users.tolist() == before[1:].tolist()
    assert not made.folds[0].split.train["userId"].isin(before).any()
    strangers = make_protocol(grown, FILMS, folds=1, same_users=[5000, 5001])
    assert len(strangers.folds[0].split.users) == len(grown["userId"].unique()) // 5


def test_fingerprints_are_equal_if_users_can_be_paired():
    first, again, other = (
        make_protocol(RATINGS, FILMS),
        make_protocol(RATINGS.sample(frac=1), FILMS),
        make_protocol(RATINGS, FILMS, seed=1),
    )
    assert first.fingerprint == make_protocol(RATINGS, FILMS).fingerprint
    assert first.fingerprint != other.fingerprint
    assert len(again.held_out) == len(first.held_out)
    fewer = RATINGS[RATINGS["movieId"] > 5].reset_index(drop=True)
    assert make_protocol(fewer, FILMS).fingerprint != first.fingerprint


def test_liang2018_ranks_all_films_of_the_data_set(tmp_path):
    folder = write_movielens(tmp_path / "mine", [(1, "Heat (1995)", "Crime"), (2, "Old (1930)", "Drama")])
    catalog = pd.DataFrame({"movieId": [1]})
    assert films_for("users", folder, catalog) is catalog
    assert films_for("liang2018", folder, catalog)["movieId"].tolist() == [1, 2]
    made = make_protocol(RATINGS, FILMS, **PLANS["liang2018"])
    (one,) = made.folds
    assert set(one.catalog["movieId"]) == set(one.split.train["movieId"])


def test_too_little_data_is_nothing_to_do():
    few = RATINGS[RATINGS["userId"] <= 9]
    with pytest.raises(NothingToDoError, match=r"^9 users like 5 of the 90 films or more; an evaluation needs 10 such"):
        make_protocol(few, FILMS)
    with pytest.raises(NothingToDoError, match="like 5 of the 19 films or more"):
        make_protocol(RATINGS, FILMS.head(19))
    with pytest.raises(NothingToDoError, match=r"before 0\.01, and training needs 10"):
        make_protocol(RATINGS, FILMS, name="time", date=0.01)


def test_arguments_that_cannot_be_met_are_refused():
    with pytest.raises(UnknownNameError, match=r"users, time, liang2018, got 'liang'; did you mean liang2018\?"):
        make_protocol(RATINGS, FILMS, name="liang")
    with pytest.raises(CineMatchError, match="1 users are left to train on"):
        make_protocol(RATINGS, FILMS, test_users=59)
    with pytest.raises(CineMatchError, match="held_out_users must be between 1 and 29"):
        make_protocol(RATINGS, FILMS, name="liang2018", test_users=40)


def test_the_published_protocol_has_its_own_metrics():
    catalog = FILMS.assign(overview=FILMS["title"])
    protocol = make_protocol(RATINGS, catalog, name="liang2018", test_users=12)
    result = compare_models(protocol, ["popular", "hybrid"], [10, 20], tune=False)
    made = metrics_record(result)
    assert made["protocol"]["main"] == ["ndcg@100", "capped_recall@20", "capped_recall@50"]
    assert made["models"]["hybrid"]["ndcg@100"]["mean"] > made["models"]["popular"]["ndcg@100"]["mean"]
