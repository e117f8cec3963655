import copy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation import accuracy, difference, split_by_users
from cinematch_lib.models import make, tuning
from cinematch_lib.models.content import cold_start_weight, cosines, film_features
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.short_histories import raters, reduced, short_history_weights
from cinematch_lib.models.tower_tuning import tower_scores
from cinematch_lib.models.towers import fit_towers
from cinematch_lib.models.training_matrix import TrainingMatrix, YearFeatures
from cinematch_lib.recommender.rating_weights import rating_weight
from cinematch_lib.storage.resources import megabytes

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


# --- the scores --------------------------------------------------------------------------------------


FIXED = {"regularization": 20.0, "dropout": 0.5, "session_weight": 0.7, "year_weight": 2.0, "feature_weight": 3.0}


FIXED |= {"content_weight": 0.3}


def normal_equations(train, features, year_features):
    """XᵀX + Λ of whole histories, and Λ: float64 (films + years, films + years) and (films + years,)."""
    n = len(train.films)
    scale = np.r_[np.ones(n), np.full(len(year_features.years), 2.0)]
    rows = [year_features.history_rows(train).toarray(), 0.7 * year_features.session_rows(train).toarray()]
    X = np.vstack(rows) * scale
    gram = X.T @ X
    penalty = 20 + 0.5 * np.where(np.arange(len(gram)) < n, gram.diagonal(), 0)
    gram[:n, :n] += 3 * (features @ features.T).toarray()
    return gram + np.diag(penalty), penalty


def closed_form(train, features, year_features):
    """The weights for whole histories, with the years: float64 (films + years, films)."""
    n = len(train.films)
    A, penalty = normal_equations(train, features, year_features)
    P = np.linalg.inv(A)
    B = (np.eye(len(P)) - P / P.diagonal()) * (P.diagonal() * penalty) ** 0.3
    return (np.r_[np.ones(n), np.full(len(P) - n, 2.0)][:, None] * B)[:, :n]


def test_the_scores_are_the_closed_form():
    ratings, films = tastes(), catalog()
    model = make("hybrid", **FIXED).fit(ratings, films)
    train = Interactions.from_ratings(ratings, films.movieId.to_numpy())
    year_features, features = YearFeatures(train), film_features(films)
    queries = tastes(users=4, seed=9)  # of 30 ratings each, as all training users have, so these weights serve alone
    query = Interactions.from_ratings(queries, films.movieId.to_numpy())
    sums = year_features.history_rows(query).toarray() @ closed_form(train, features, year_features)
    expected = sums / sums.max(axis=1, keepdims=True)
    likes, n = np.asarray(train.likes.sum(axis=0)).ravel(), 30
    popularity = np.log1p(likes) / np.log1p(likes).max()
    first, lasting = 1.2 * (1 + 300 / (150 + 300)), 0.28 * 1.2 / (1 + (150 / 3000) ** 3)  # learned from 150 users
    expected -= (1 - 0.1) * (first * 0.5 ** (n / 2) + lasting * 0.5 ** (n / 20)) * (1 - popularity)
    counts = np.bincount(train.ratings.indices, minlength=120)
    expected += (0.1 + 0.85 * 0.5 ** ((n - 3) / 4)) * cosines(query, features)
    towers = fit_towers(train.likes, features, np.full(120, np.nan), train.films)
    unit = 1 / np.maximum(sums.max(axis=1, keepdims=True), model.item_weights().typical_sum)
    expected += 0.3 * cold_start_weight(counts) * unit * tower_scores(query.likes, features, towers)
    expected *= (1 + likes) ** -0.05
    np.testing.assert_allclose(model.scores(queries), expected, atol=1e-4)


def test_the_weights_for_short_histories_are_the_closed_form():
    ratings, films = tastes(), catalog()
    train = Interactions.from_ratings(ratings, films.movieId.to_numpy())
    X, features = train.map_ratings(rating_weight), film_features(films)
    gram = (X.T @ X).toarray().astype(float)
    squares, embedding = gram.diagonal().copy(), reduced(features, seed=0)
    scale = np.sqrt(squares + 20)
    support = 0.3 * np.outer(scale, scale) * (embedding @ embedding.T)
    np.fill_diagonal(support, 0)
    rated = X.toarray() / np.sqrt(np.sqrt(np.diff(train.ratings.indptr)))[:, None]
    both = rated.T @ rated
    shares = both / both.diagonal()[:, None]  # of the users who rated j, the share who rated i
    np.fill_diagonal(shares, 0)
    of_raters = raters(train.ratings, np.arange(len(train)), seed=0)
    matrices = short_history_weights(X, squares, features, of_raters, 30.0, seed=0, n_exact=120)
    for made, dropout, added in zip(matrices, (200, 12), (2 / 201, 0), strict=True):
        P = np.linalg.inv(gram + support + np.diag(30 + dropout * squares))
        expected, kept = np.eye(120) - P / P.diagonal() + added * shares, made.toarray() != 0
        np.testing.assert_allclose(made.toarray()[kept], expected[kept], atol=2e-5)
        assert made.nnz == 100 * 120  # the largest of each, times the norm of the column that they are for


def test_raters_are_at_most_ten_thousand_users_drawn_by_the_seed():
    ratings = sparse.csr_matrix(4.0 * np.random.default_rng(0).integers(0, 2, (12_000, 4)))  # of the weight 1
    some, same, others = (raters(ratings, np.arange(1000, 12_000), seed) for seed in (1, 1, 2))
    assert some.shape == (10_000, 4) and (some != same).nnz == 0 and (some != others).nnz > 0
    lengths = np.diff(some.indptr)
    np.testing.assert_allclose(some.data, np.repeat(lengths, lengths) ** -0.25, rtol=1e-6)
    none = raters(ratings, np.zeros(0, dtype=np.int64), seed=0)
    assert none.shape == (0, 4)


def test_the_served_weights_for_whole_histories_are_the_regression_on_the_kept_films():
    ratings, films = tastes(), catalog()
    train = Interactions.from_ratings(ratings, films.movieId.to_numpy())
    A, penalty = normal_equations(train, film_features(films), YearFeatures(train))
    factor = (np.linalg.inv(A).diagonal() * penalty) ** 0.3
    served = make("hybrid", **FIXED).fit(ratings, films).item_weights(60).matrices[-1].tocsc()
    assert served.nnz == 30 * 120
    for film in range(120):
        kept = served.indices[served.indptr[film] : served.indptr[film + 1]]
        expected = np.linalg.solve(A[np.ix_(kept, kept)], A[kept, film]) * factor[film]
        np.testing.assert_allclose(served.data[served.indptr[film] : served.indptr[film + 1]], expected, atol=2e-5)


def test_a_copy_as_for_a_worker_makes_the_same_lists_without_the_normal_equations():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    sent, queries = copy.deepcopy(model), tastes(users=3, seed=9)
    np.testing.assert_array_equal(sent.scores(queries), model.scores(queries))
    with pytest.raises(AssertionError, match="a copy that was sent"):
        sent.item_weights()
    # The matrix, 120 by 120, would be a fifth more.
    assert megabytes(model) == pytest.approx(megabytes(sent), rel=0.05)


def test_of_little_known_the_weights_for_short_histories_decide():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    one = tastes(users=1, seed=9)
    whole, few = model.scores(one)[0], model.scores(one[:2])[0]
    assert np.corrcoef(whole, few)[0, 1] < 0.99
    weights = model.item_weights(1000)
    assert weights.history_lengths.tolist() == pytest.approx([30 * 0.025, 30 * 0.1, 30 * 0.4])


def test_the_popularity_term_fades_with_the_length_of_the_history():
    ratings, films = tastes(), catalog()
    model = make("hybrid", **FIXED).fit(ratings, films)
    liked = ratings.query("rating >= 4").groupby("movieId").size().reindex(model.films, fill_value=0)
    one = tastes(users=1, seed=9)
    likeness = [np.corrcoef(model.scores(one[:shown])[0], liked)[0, 1] for shown in (1, 3, len(one))]
    assert likeness[0] > likeness[1] > likeness[2]


def test_ratings_below_a_like_change_the_scores():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    one = pd.DataFrame({"userId": 1, "movieId": [1, 7], "rating": [5.0, 5.0]})
    more = pd.concat([one, pd.DataFrame({"userId": 1, "movieId": [13], "rating": [3.0]})])
    assert not np.allclose(model.scores(one), model.scores(more))


def test_without_timestamps_sessions_and_years_have_no_weight():
    timeless = tastes().drop(columns="timestamp")
    model = make("hybrid", **FIXED).fit(timeless, catalog())
    assert model.best_params["session_weight"] == model.best_params["year_weight"] == 0
    queries = tastes(users=3, seed=9)
    np.testing.assert_array_equal(model.scores(queries), model.scores(queries.drop(columns="timestamp")))


# --- tuning ------------------------------------------------------------------------------------------


def test_given_hyperparameters_are_not_tuned():
    model = make("hybrid", **FIXED).fit(tastes(), catalog())
    assert model.best_params == FIXED
    assert model.trials == []
    assert make("hybrid", regularization=33.0).fit(tastes(), catalog()).best_params["regularization"] == 33


def test_the_best_trial_is_taken_and_a_seed_repeats_it():
    first, again = (make("hybrid", seed=3).fit(tastes(), catalog()) for _ in range(2))
    assert first.best_params == again.best_params
    assert first.trials == again.trials
    of_trial = [one["ndcg@10"] + one["recall@20"] for one in first.trials]
    taken = first.trials[int(np.argmax(of_trial))]
    assert {
        name: taken[name] for name in ("regularization", "dropout", "session_weight", "year_weight", "feature_weight")
    } == {
        name: first.best_params[name]
        for name in ("regularization", "dropout", "session_weight", "year_weight", "feature_weight")
    }


def test_validation_folds_exclude_the_held_out_users_from_their_statistics():
    train = Interactions.from_ratings(tastes(), np.arange(1, 121))
    rows = TrainingMatrix.from_interactions(train)
    for fold in tuning.validation_folds(train, rows, film_features(catalog()), seed=0):
        assert fold.rating_counts.sum() == train.ratings.nnz - fold.fold_in.ratings.nnz - fold.held_out.nnz
        assert fold.fold_in.ratings.multiply(fold.held_out).nnz == 0
        assert (np.diff(fold.held_out.indptr) > 0).all()
        others = train.take(np.flatnonzero(~np.isin(train.users, fold.fold_in.users)))
        of_others = rows.year_features.history_rows(others).toarray()
        np.testing.assert_allclose(fold.gram, of_others.T @ of_others, atol=1e-3)
        of_sessions = rows.year_features.session_rows(others).toarray()
        np.testing.assert_allclose(fold.session_gram, of_sessions.T @ of_sessions, atol=1e-3)


def test_with_too_few_users_the_initial_values_are_used():
    few = tastes(users=2)
    model = make("hybrid").fit(few, catalog())
    assert model.best_params["regularization"] == 100
    assert len(model.recommend(few, 5)) == 10


@pytest.mark.parametrize("name", FIXED)
def test_hyperparameters_are_validated(name):
    with pytest.raises(CineMatchError, match=rf"{name} must be .* or None to choose it, got -1"):
        make("hybrid", **{name: -1})


def test_the_weight_of_the_prior_is_0_or_more():
    with pytest.raises(CineMatchError, match="prior_weight must be 0 or more, got -1"):
        make("hybrid", prior_weight=-1)


def test_the_hybrid_beats_popularity_on_users_with_tastes():
    split = split_by_users(tastes(users=300), 80)
    of = {}
    for name in ("popular", "hybrid"):
        made = make(name).fit(split.train, catalog()).recommend(split.histories, 10)
        of[name] = accuracy(made, split.held_out, [10])["ndcg@10"]
    assert difference(of["hybrid"], of["popular"]).low > 0.05


def test_films_with_one_rating_each_are_enough_to_fit():
    few = pd.DataFrame({"userId": [1, 1, 2], "movieId": [1, 2, 3], "rating": [5.0, 4.0, 3.0]})
    model = make("hybrid").fit(few, catalog())
    assert len(model.recommend(few, 5)) == 10
    assert len(model.item_weights().matrices) == 3


# --- unrated films ---------------------------------------------------------------------------------


def test_unrated_films_of_a_liked_genre_rank_above_those_of_others():
    ratings = tastes()
    cold = [61, 62, 63, 64, 65, 66]
    model = make("hybrid").fit(ratings[~ratings.movieId.isin(cold)], catalog())
    assert model.best_params["content_weight"] > 0
    liked = pd.DataFrame({"userId": 1, "movieId": [1, 7, 13, 19], "rating": 5.0})
    made = model.recommend(liked, 116)
    assert made[made.movieId.isin(cold)].movieId.iloc[0] == 61


def test_the_cold_start_weight_falls_with_the_number_of_ratings():
    assert cold_start_weight(np.array([0, 1, 99])).tolist() == pytest.approx([1, 0.5, 0.01])


def test_the_content_weights_are_those_to_be_served():
    model = make("hybrid").fit(tastes(), catalog(films=130))
    counts = np.bincount(tastes().movieId, minlength=131)[1:]
    content_weights = model.item_weights().content_weight
    assert content_weights.dtype == np.float32
    np.testing.assert_allclose(content_weights, model.best_params["content_weight"] / (1 + counts), rtol=1e-6)
    assert model.films[model._film_columns].tolist() == [film for film in range(1, 131) if counts[film - 1]]


def test_progress_is_logged_and_nothing_is_printed(caplog, capfd):
    make("hybrid").fit(tastes(), catalog())
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    with caplog.at_level("INFO", logger="cinematch_lib.models"):
        model = make("hybrid").fit(tastes(), catalog())
    told = [one.getMessage() for one in caplog.records]
    assert sum(line.startswith("trial ") for line in told) == len(model.trials)
    assert any(line.startswith("Gram matrix of 1") for line in told)


def test_cosines_are_those_of_the_sum_of_likes():
    features = film_features(catalog())
    queries = Interactions.from_ratings(
        pd.DataFrame({"userId": 1, "movieId": [1, 2, 3], "rating": [5.0, 4.0, 1.0]}), np.arange(1, 121)
    )
    profile = features.toarray()[:2].sum(axis=0)
    np.testing.assert_allclose(cosines(queries, features)[0], features @ profile / np.linalg.norm(profile), atol=1e-6)
