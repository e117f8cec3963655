import numpy as np
import pandas as pd
import pytest

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.evaluation import recommend_for
from cinematch_lib.models import MODELS, make
from cinematch_lib.models.ridge import RidgeInverse, check_memory

NAMES = [pytest.param(name, id=name) for name in MODELS]
LEARNING = [name for name in MODELS if name not in ("popular", "content")]

SIDE = 12  # films on each side of the checkerboard


def checkerboard(users: int = 40, timestamps: bool = True) -> pd.DataFrame:
    """Even users like even films, odd users odd ones; each leaves one film of their side out."""
    rows = [
        (1000 + user, 10 * (1 + film), 5.0 if (user + film) % 4 else 4.0, 10**9 + 1000 * user + film)
        for user in range(users)
        for film in range(user % 2, 2 * SIDE, 2)
        if film // 2 != user // 2 % SIDE
    ]
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return table if timestamps else table.drop(columns="timestamp")


def catalog(films: int = 2 * SIDE) -> pd.DataFrame:
    """Films 10, 20, 30 and so on: comedies and dramas by turns, in an order that is not that of their ids."""
    ids = [10 * (1 + film) for film in range(films)]
    genres = ["Comedy" if film % 2 == 0 else "Drama" for film in range(films)]
    titles = [f"Film {film} ({1990 + film})" for film in ids]
    return pd.DataFrame({"movieId": ids, "title": titles, "genres": genres}).iloc[::-1]


def history(films: list[int], rating: float = 5.0, user: int = 1) -> pd.DataFrame:
    times = np.arange(len(films)) + 2 * 10**9
    return pd.DataFrame({"userId": user, "movieId": films, "rating": rating, "timestamp": times})


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


def test_recommendations_have_the_documented_columns(model):
    histories = pd.concat([history([10, 30], user=9), history([20], user=4)])
    made = model.recommend(histories, 5)
    assert made.columns.tolist() == ["userId", "movieId", "rank", "score"]
    assert made.dtypes.astype(str).tolist() == ["int64", "int64", "int64", "float64"]
    assert made.userId.tolist() == [4] * 5 + [9] * 5
    assert made["rank"].tolist() == [1, 2, 3, 4, 5] * 2
    assert set(made.movieId) <= set(catalog().movieId)
    assert not made.duplicated(["userId", "movieId"]).any()


def test_order_and_scores_agree_and_ties_go_by_id(model):
    made = model.recommend(history([10, 30]), 2 * SIDE - 2)
    assert len(made) == 2 * SIDE - 2
    assert np.isfinite(made.score).all()
    ordered = made.sort_values(["score", "movieId"], ascending=[False, True], kind="stable")
    assert ordered.movieId.tolist() == made.movieId.tolist()


def test_rated_films_are_excluded(model):
    histories = pd.concat([history([10, 30]), history([20], rating=1.0)])
    made = model.recommend(histories, 2 * SIDE)
    assert len(made) == 2 * SIDE - 3
    assert not {10, 20, 30} & set(made.movieId)
    assert len(model.recommend(histories, 2 * SIDE, exclude_seen=False)) == 2 * SIDE


def test_a_shorter_list_is_the_beginning_of_a_longer_one(model):
    long, short = (model.recommend(history([10, 30, 50]), k) for k in (12, 3))
    pd.testing.assert_frame_equal(long.head(3), short)


def test_ratings_of_unknown_films_are_ignored(model):
    known, mixed = history([10, 30]), history([10, 30, 999_999])
    pd.testing.assert_frame_equal(model.recommend(known, 5), model.recommend(mixed, 5))


def most_liked(model, **options) -> list[int]:
    return model.recommend(
        history([]).astype({"userId": int, "rating": float}), 5, users=[1], **options
    ).movieId.tolist()


def test_users_without_a_history_get_the_most_liked_films(model):
    likes = checkerboard().query("rating >= 4").movieId.value_counts()
    made = most_liked(model)
    assert len(made) == 5
    assert likes[made].min() >= likes.nlargest(5).min()


def test_a_history_of_unknown_films_is_no_history(model):
    assert model.recommend(history([999_999, 5]), 5).movieId.tolist() == most_liked(model)


def test_a_history_of_dislikes_is_recommended_other_films(model):
    disliked = [10, 30, 50]
    made = model.recommend(history(disliked, rating=1.0), 5)
    assert len(made) == 5
    assert not set(disliked) & set(made.movieId)
    assert np.isfinite(made.score).all()


def test_no_users_give_an_empty_table(model):
    made = model.recommend(history([]), 5)
    assert made.empty
    assert made.columns.tolist() == ["userId", "movieId", "rank", "score"]


def test_scores_do_not_depend_on_the_other_users(model):
    alone = model.scores(history([10, 30], user=5))
    histories = pd.concat([history([20, 40, 60], user=2), history([10, 30], user=5), history([70], user=9)])
    together = model.scores(histories.sample(frac=1, random_state=0))
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-4, atol=1e-5)


def test_the_order_of_rows_does_not_matter(model, name):
    again = small(name).fit(checkerboard().sample(frac=1, random_state=1), catalog().sample(frac=1, random_state=2))
    first, second = (one.recommend(history([10, 30, 50]), 6) for one in (model, again))
    assert first.movieId.tolist() == second.movieId.tolist()
    assert first.score.tolist() == pytest.approx(second.score.tolist(), rel=1e-4, abs=1e-5)


def test_timestamps_are_optional(model, name):
    timeless = make(name).fit(checkerboard(timestamps=False), catalog())
    queries = history([10, 30, 50])
    for one, histories in (
        (timeless, queries),
        (timeless, queries.drop(columns="timestamp")),
        (model, queries.drop(columns="timestamp")),
    ):
        assert len(one.recommend(histories, 5)) == 5


def test_unrated_films_can_be_ranked(model, name):
    longer = catalog(2 * SIDE + 4)
    made = make(name).fit(checkerboard(), longer).recommend(history([10, 30]), len(longer))
    assert len(made) == len(longer) - 2


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
    whole = np.linalg.inv((X.T @ X).toarray() + np.diag(np.broadcast_to(weights, shape[1])))
    made = RidgeInverse(X, weights)
    np.testing.assert_allclose(made.diagonal, whole.diagonal(), rtol=1e-5)
    np.testing.assert_allclose(made.product(left), left @ whole, atol=1e-5)
    np.testing.assert_allclose(made.rows(slice(3, 9)), whole[3:9], atol=1e-5)


def test_ease_is_its_closed_form():
    ratings, films = checkerboard(), catalog().sort_values("movieId")
    X = (ratings.pivot_table(index="userId", columns="movieId", values="rating").fillna(0) >= 4).to_numpy(float)
    P = np.linalg.inv(X.T @ X + 7 * np.eye(len(films)))
    B = np.eye(len(films)) - P / P.diagonal()
    np.testing.assert_allclose(B.diagonal(), 0, atol=1e-12)
    model = make("ease", regularization=7).fit(ratings, films)
    queries = np.isin(films.movieId, [10, 30, 40]).astype(float)
    np.testing.assert_allclose(model.scores(history([10, 30, 40]))[0], queries @ B, atol=1e-5)


def test_a_problem_larger_than_memory_is_refused_with_the_numbers():
    with pytest.raises(CineMatchError, match=r"1,000,000 films .* GB are free; lower max_films \(now 1,000,000\)"):
        check_memory(10**7, 10**6, 10**9)


@pytest.mark.parametrize("name", ["ease", "hybrid"])
def test_a_model_larger_than_memory_is_refused_before_any_work(name):
    many = np.arange(1, 400_001)
    ratings = pd.DataFrame({"userId": np.arange(800_000), "movieId": np.append(many, many), "rating": 5.0})
    with pytest.raises(CineMatchError, match=r"400,000 films from 800,00\d rows .* lower max_films \(now 400,000\)"):
        make(name, max_films=10**6).fit(ratings, pd.DataFrame({"movieId": many}))
