import numpy as np
import pandas as pd
import pytest

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.evaluation import recommend_for
from cinematch_lib.models import MODELS, make
from cinematch_lib.models.ridge import RidgeInverse
from cinematch_lib.testing import CHECKS, SIDE, catalog, checkerboard, history


def small(name):
    """The model with as many factors as the checkerboard has sides."""
    return make(name, factors=2) if name == "puresvd" else make(name)


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return small(request.param).fit(checkerboard(), catalog())


@pytest.fixture
def name(model):
    return next(name for name, kind in MODELS.items() if type(model) is kind)


def test_the_checkerboard_has_a_known_answer(model, name):
    if name == "popular":
        return
    for side in (0, 1):
        own = [10 * (1 + film) for film in range(side, 2 * SIDE, 2)]
        made = model.recommend(history(own[:-1]), 1)
        assert made.movieId.tolist() == [own[-1]]
        half = model.recommend(history(own[: SIDE // 2]), SIDE // 2)
        assert sorted(half.movieId) == own[SIDE // 2 :]


def most_liked(model, **options) -> list[int]:
    return model.recommend(
        history([]).astype({"userId": int, "rating": float}), 5, users=[1], **options
    ).movieId.tolist()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_model_keeps_the_contract(model, name, check):
    check(model, lambda: small(name))


def test_the_columns_have_the_documented_types(model):
    made = model.recommend(history([10, 30]), 5)
    assert made.dtypes.astype(str).tolist() == ["int64", "int64", "int64", "float64"]


@pytest.mark.parametrize("k", [0, 2 * SIDE + 1, 2.0, True])
def test_k_is_checked(model, k):
    with pytest.raises(CineMatchError, match=f"k must be between 1 and {2 * SIDE} .*, got {k}"):
        model.recommend(history([10]), k)


@pytest.mark.parametrize("name", MODELS)
def test_unusable_training_data_is_refused(name):
    with pytest.raises(CineMatchError, match="none of the 440 ratings"):
        make(name).fit(checkerboard(), catalog().assign(movieId=lambda table: table.movieId + 1))
    with pytest.raises(CineMatchError, match="lack the columns rating"):
        make(name).fit(checkerboard().drop(columns="rating"), catalog())
    with pytest.raises(CineMatchError, match=r"above 0 .+ got nan"):
        make(name).fit(checkerboard().assign(rating=np.nan), catalog())
    with pytest.raises(CineMatchError, match="each once"):
        make(name).fit(checkerboard(), pd.concat([catalog(), catalog()]))


@pytest.mark.parametrize("name", MODELS)
def test_recommend_for_fits_and_recommends(name):
    made = recommend_for(name, checkerboard(), history([10, 30]), catalog(), 3)
    pd.testing.assert_frame_equal(made, make(name).fit(checkerboard(), catalog()).recommend(history([10, 30]), 3))


def test_names_and_parameters_are_checked():
    with pytest.raises(UnknownNameError, match=r"one of popular, .* got 'eas'; did you mean ease"):
        make("eas")
    with pytest.raises(CineMatchError, match="ease takes regularization, max_films, weighted_ratings, got 'lambda_'"):
        make("ease", lambda_=3)
    for name, params in {"ease": {"regularization": 0}, "itemknn": {"weighting": "jaccard"}}.items():
        with pytest.raises(CineMatchError, match=f"got {next(iter(params.values()))!r}"):
            make(name, **params)


def test_old_names_of_hyperparameters_are_answered_with_the_new_ones():
    for name, old, new in (("hybrid", "thinning", "dropout"), ("bpr", "rate", "learning_rate")):
        with pytest.raises(CineMatchError, match=f"the parameter {old} is called {new} now; use the new name"):
            make(name, **{old: 1})
    with pytest.raises(CineMatchError, match=r"the model ease takes .*, got 'thinning'"):
        make("ease", thinning=1)


@pytest.mark.parametrize("name", ["ease", "als"])
def test_weighted_ratings_use_low_ratings_too(name):
    low = history([10, 30, 50], rating=3.0)
    for weighted in (False, True):
        model = make(name, weighted_ratings=weighted).fit(checkerboard(), catalog())
        silent = model.recommend(low, 5).movieId.tolist() == most_liked(model)
        assert silent is not weighted


def test_of_two_ratings_of_a_film_the_last_counts():
    double = pd.concat([history([10, 30], rating=1.0), history([10, 30], rating=5.0)])
    model = make("ease").fit(checkerboard(), catalog())
    pd.testing.assert_frame_equal(model.recommend(double, 4), model.recommend(history([10, 30]), 4))


# --- the linear algebra ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
@pytest.mark.parametrize("regularization", ["one", "many"])
def test_both_forms_of_the_inverse_agree_with_numpy(shape, regularization):
    from scipy import sparse

    X = sparse.random_array(shape, density=0.3, rng=np.random.default_rng(0), dtype=np.float32, format="csr")
    left = sparse.random_array((5, shape[1]), density=0.5, rng=np.random.default_rng(1), dtype=np.float32, format="csr")
    weights = 2.0 if regularization == "one" else np.linspace(1, 3, shape[1])
    matrix = (X.T @ X).toarray() + np.diag(np.broadcast_to(weights, shape[1]))
    whole = np.linalg.inv(matrix)
    made = RidgeInverse(X, weights)
    np.testing.assert_allclose(made.diagonal, whole.diagonal(), rtol=1e-5)
    np.testing.assert_allclose(made.product(left), left @ whole, atol=1e-5)
    np.testing.assert_allclose(made.rows(slice(3, 9)), whole[3:9], atol=1e-5)
    if shape[0] > shape[1]:
        penalty = np.broadcast_to(weights, shape[1])
        made = RidgeInverse.of_products((X.T @ X).toarray(), penalty, keeps_matrix=True)
    at = np.array([1, 4, 5, shape[1] - 1])
    np.testing.assert_allclose(np.triu(made.submatrix(at)), np.triu(matrix[np.ix_(at, at)]), atol=1e-5)


def test_ease_is_its_closed_form():
    ratings, films = checkerboard(), catalog().sort_values("movieId")
    X = (ratings.pivot_table(index="userId", columns="movieId", values="rating").fillna(0) >= 4).to_numpy(float)
    P = np.linalg.inv(X.T @ X + 7 * np.eye(len(films)))
    B = np.eye(len(films)) - P / P.diagonal()
    np.testing.assert_allclose(B.diagonal(), 0, atol=1e-12)
    model = make("ease", regularization=7).fit(ratings, films)
    queries = np.isin(films.movieId, [10, 30, 40]).astype(float)
    np.testing.assert_allclose(model.scores(history([10, 30, 40]))[0], queries @ B, atol=1e-5)
