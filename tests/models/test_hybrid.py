import numpy as np
import pandas as pd
import pytest

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import accuracy, difference, split_by_users
from cinematch_lib.models import make
from cinematch_lib.models import tuning as choice
from cinematch_lib.models.content import add_cold, coldness, cosines, film_features
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.training_matrix import Calendar, Rows, grade, sessions

DAY, YEAR = 86_400, 365.25 * 86_400


def tastes(users: int = 150, films: int = 120, kinds: int = 6, seed: int = 0) -> pd.DataFrame:
    """Users who mostly watch films of one of several kinds, and like these better."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        own = rng.integers(kinds)
        weights = np.where(np.arange(films) % kinds == own, 8.0, 1.0) / (1 + np.arange(films) / 20)
        seen = rng.choice(films, 30, replace=False, p=weights / weights.sum())
        for place, film in enumerate(seen):
            stars = rng.choice([4.0, 4.5, 5.0]) if film % kinds == own else rng.choice([1.0, 3.0, 4.0])
            rows.append((user, film + 1, stars, 40 * YEAR + user * DAY + place))
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])


def catalog(films: int = 120, kinds: int = 6) -> pd.DataFrame:
    genres = [("drama", "comedy", "war", "western", "horror", "crime")[film % kinds] for film in range(films)]
    return pd.DataFrame({"movieId": range(1, films + 1), "genres": genres, "title": "A film (1990)"})


def interactions(rows: list[tuple], films: int = 5) -> Interactions:
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return Interactions.of(table, np.arange(1, films + 1))


# --- what is learned from ----------------------------------------------------------------------------


def test_a_better_rating_never_counts_less():
    counts = grade(np.arange(0.5, 5.5, 0.5))
    assert (np.diff(counts) >= 0).all()
    assert (counts > 0).all()


def test_sittings_follow_the_times_and_lose_no_rating():
    learned = interactions([(7, film, 4.0, 100 - film) for film in range(1, 6)] + [(8, 1, 4.0, 5)])
    made = sessions(learned, size=2)
    assert made.toarray().tolist() == [[0, 0, 1, 1, 1], [1, 1, 0, 0, 0]]  # film 5 was rated first; user 8 has too few


def test_sittings_are_of_about_the_size_asked_for():
    learned = interactions([(user, film, 4.0, film) for user in (1, 2) for film in range(1, 101)], films=100)
    made = sessions(learned, size=15)
    assert made.shape[0] == 2 * 7
    assert set(np.diff(made.indptr)) == {14, 15}


def test_the_calendar_spreads_each_history_over_its_years():
    learned = interactions([(1, 1, 4.0, 30.0 * YEAR), (1, 2, 4.0, 40.0 * YEAR), (2, 3, 4.0, 35.0 * YEAR)])
    calendar = Calendar(learned)
    assert calendar.years.tolist() == list(range(30, 41))
    parts = calendar.beside(learned)[:, 5:].toarray()
    np.testing.assert_allclose(parts.sum(axis=1), 1, rtol=1e-6)
    assert parts[1].argmax() == 5
    assert parts[0, 0] > 10 * parts[0, 5]
    assert parts[0, 10] > 10 * parts[0, 5]


def test_years_outside_those_learned_from_count_as_the_nearest():
    calendar = Calendar(interactions([(1, 1, 4.0, 30.0 * YEAR), (1, 2, 4.0, 33.0 * YEAR)]))
    parts = calendar.beside(interactions([(1, 1, 4.0, 60.0 * YEAR)]))[:, 5:].toarray()[0]
    assert parts.sum() == pytest.approx(1)
    assert parts.argmax() >= len(parts) - 2


def test_without_times_there_is_no_calendar():
    table = pd.DataFrame({"userId": [1], "movieId": [2], "rating": [4.0]})
    timeless = Interactions.of(table, np.arange(1, 6))
    assert timeless.times is None
    assert Calendar(timeless).beside(timeless).toarray().tolist() == [[0, 1, 0, 0, 0]]


# --- the scores --------------------------------------------------------------------------------------

FIXED = {"regularization": 20.0, "dropout": 0.5, "session_weight": 0.7, "calendar": 2.0, "cold": 0.3}


def in_general(asked, ratings):
    """What the part of all people that likes each film adds to each user's score."""
    liked = ratings[ratings["rating"] >= 4]["movieId"].value_counts().reindex(catalog()["movieId"], fill_value=0)
    part = liked.to_numpy() / ratings["userId"].nunique()
    return np.outer(0.5 ** (asked.groupby("userId").size() / 3), part).astype(np.float32)


def test_the_scores_are_the_closed_form():
    ratings, films = tastes(), catalog()
    model = make("hybrid", **FIXED).fit(ratings, films)
    learned = Interactions.of(ratings, films.movieId.to_numpy())
    calendar = Calendar(learned)
    scale = np.r_[np.ones(120), np.full(len(calendar.years), 2.0)]
    X = np.vstack([calendar.beside(learned).toarray(), 0.7 * calendar.beside_sittings(learned).toarray()]) * scale
    gram = X.T @ X
    P = np.linalg.inv(gram + np.diag(20 + 0.5 * np.where(np.arange(len(gram)) < 120, gram.diagonal(), 0)))
    B = np.eye(X.shape[1]) - P / P.diagonal()
    asked = tastes(users=4, seed=9)
    query = Interactions.of(asked, films.movieId.to_numpy())
    expected = ((calendar.beside(query).toarray() * scale) @ B)[:, :120].astype(np.float32)
    counts = np.bincount(learned.stars.indices, minlength=120)
    expected += in_general(asked, ratings)
    add_cold(expected, query, film_features(films), np.float32(0.3) * coldness(counts))
    np.testing.assert_allclose(model.scores(asked), expected, atol=1e-4)


def test_the_weights_for_serving_give_the_same_scores():
    model = make("hybrid", **(FIXED | {"cold": 0.0})).fit(tastes(), catalog())
    asked = tastes(users=4, seed=9)
    query = model._calendar.beside(Interactions.of(asked, model.films))
    made = (query @ model.weights(10_000)).toarray() + in_general(asked, tastes())
    np.testing.assert_allclose(made, model.scores(asked), atol=1e-4)
    few = model.weights(10)
    assert np.diff(few.tocsc().indptr).max() == 10
    assert few.diagonal().tolist() == [0] * 120
    whole = model.weights(10_000).toarray()
    kept = few.toarray() != 0
    np.testing.assert_array_equal(few.toarray()[kept], whole[kept])
    assert (np.abs(whole) * kept).sum() > 2 * 10 / len(whole) * np.abs(whole).sum()
    with pytest.raises(CineMatchError, match="most must be 1 or more, got 0"):
        model.weights(0)


def test_the_less_is_known_of_somebody_the_more_what_everybody_likes_counts():
    ratings, films = tastes(), catalog()
    model = make("hybrid", **FIXED).fit(ratings, films)
    liked = ratings.query("rating >= 4").groupby("movieId").size().reindex(model.films, fill_value=0)
    one = tastes(users=1, seed=9)
    likeness = [np.corrcoef(model.scores(one[:shown])[0], liked)[0, 1] for shown in (1, 3, len(one))]
    assert likeness[0] > likeness[1] > likeness[2]


def test_ratings_below_a_like_speak_too():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    one = pd.DataFrame({"userId": 1, "movieId": [1, 7], "rating": [5.0, 5.0]})
    more = pd.concat([one, pd.DataFrame({"userId": 1, "movieId": [13], "rating": [3.0]})])
    assert not np.allclose(model.scores(one), model.scores(more))


def test_without_times_sittings_and_years_count_nothing():
    timeless = tastes().drop(columns="timestamp")
    model = make("hybrid", **FIXED).fit(timeless, catalog())
    assert model.chosen["session_weight"] == model.chosen["calendar"] == 0
    asked = tastes(users=3, seed=9)
    np.testing.assert_array_equal(model.scores(asked), model.scores(asked.drop(columns="timestamp")))


# --- the choice --------------------------------------------------------------------------------------


def test_what_is_given_is_not_chosen():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    assert model.chosen == FIXED
    assert model.tried == []
    assert make("hybrid", regularization=33.0).fit(tastes(), catalog()).chosen["regularization"] == 33


def test_the_best_trial_is_chosen_and_a_seed_repeats_it():
    first, again = (make("hybrid", seed=3).fit(tastes(), catalog()) for _ in range(2))
    assert first.chosen == again.chosen
    assert first.tried == again.tried
    of_trial = [one["ndcg@10"] + one["recall@20"] for one in first.tried]
    taken = first.tried[int(np.argmax(of_trial))]
    assert {name: taken[name] for name in ("regularization", "dropout", "session_weight", "calendar")} == {
        name: first.chosen[name] for name in ("regularization", "dropout", "session_weight", "calendar")
    }


def test_held_out_users_are_not_learned_from():
    learned = Interactions.of(tastes(), np.arange(1, 121))
    rows = Rows.of(learned)
    for trial in choice._trials(learned, rows, seed=0):
        assert trial.counts.sum() == learned.stars.nnz - trial.shown.stars.nnz - trial.hidden.nnz
        assert trial.shown.stars.multiply(trial.hidden).nnz == 0
        assert (np.diff(trial.hidden.indptr) > 0).all()
        others = learned.chosen(np.flatnonzero(~np.isin(learned.users, trial.shown.users)))
        of_others = rows.calendar.beside(others).toarray()
        np.testing.assert_allclose(trial.whole, of_others.T @ of_others, atol=1e-3)
        of_sittings = rows.calendar.beside_sittings(others).toarray()
        np.testing.assert_allclose(trial.sat, of_sittings.T @ of_sittings, atol=1e-3)


def test_too_few_users_leave_the_values_that_the_search_starts_with():
    few = tastes(users=2)
    model = make("hybrid").fit(few, catalog())
    assert model.chosen["regularization"] == 100
    assert len(model.recommend(few, 5)) == 10


@pytest.mark.parametrize("name", ["regularization", "dropout", "session_weight", "calendar", "cold"])
def test_values_are_checked(name):
    with pytest.raises(CineMatchError, match=rf"{name} must be .* or None to choose it, got -1"):
        make("hybrid", **{name: -1})


def test_it_finds_what_a_taste_likes():
    split = split_by_users(tastes(users=300), 80)
    of = {}
    for name in ("popular", "hybrid"):
        made = make(name).fit(split.train, catalog()).recommend(split.histories, 10)
        of[name] = accuracy(made, split.held_out, [10])["ndcg@10"]
    assert difference(of["hybrid"], of["popular"]).low > 0.05


# --- films that nobody rated -------------------------------------------------------------------------


def test_unrated_films_of_a_liked_kind_come_before_those_of_others():
    ratings = tastes()
    cold = [61, 62, 63, 64, 65, 66]
    model = make("hybrid").fit(ratings[~ratings.movieId.isin(cold)], catalog())
    assert model.chosen["cold"] > 0
    liked = pd.DataFrame({"userId": 1, "movieId": [1, 7, 13, 19], "rating": 5.0})
    made = model.recommend(liked, 116)
    assert made[made.movieId.isin(cold)].movieId.iloc[0] == 61


def test_a_film_with_many_ratings_hardly_leans_on_content():
    assert coldness(np.array([0, 1, 99])).tolist() == pytest.approx([1, 0.5, 0.01])


def test_the_content_weight_of_each_film_is_there_to_serve():
    model = make("hybrid").fit(tastes(), catalog(films=130))
    counts = np.bincount(tastes().movieId, minlength=131)[1:]
    assert model.cold_weights.dtype == np.float32
    np.testing.assert_allclose(model.cold_weights, model.chosen["cold"] / (1 + counts), rtol=1e-6)
    assert model.films[model._at].tolist() == [film for film in range(1, 131) if counts[film - 1]]


def test_what_it_is_at_is_told_to_those_who_ask(caplog, capfd):
    make("hybrid").fit(tastes(), catalog())
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    with caplog.at_level("INFO", logger="cinematch_lib.models"):
        model = make("hybrid").fit(tastes(), catalog())
    told = [one.getMessage() for one in caplog.records]
    assert sum(line.startswith("trial ") for line in told) == len(model.tried)
    assert any(line.startswith("Gram matrix of 1") for line in told)


def test_cosines_are_those_of_the_sum_of_likes():
    features = film_features(catalog())
    asked = Interactions.of(
        pd.DataFrame({"userId": 1, "movieId": [1, 2, 3], "rating": [5.0, 4.0, 1.0]}), np.arange(1, 121)
    )
    profile = features.toarray()[:2].sum(axis=0)
    np.testing.assert_allclose(cosines(asked, features)[0], features @ profile / np.linalg.norm(profile), atol=1e-6)
