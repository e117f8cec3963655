"""Checks of a model's contract."""

import inspect
from collections.abc import Callable

import numpy as np
import pandas as pd

from cinematch_lib.models.base import LIST_DTYPES, Model
from cinematch_lib.models.linear import item_weights
from cinematch_lib.testing.checkerboard import SIDE, catalog, checkerboard, history

_COLUMNS = list(LIST_DTYPES)


def check_model(make: Callable[[], Model]) -> None:
    """Check that a model keeps the contract of `models.Model`; raises AssertionError, which says what is wrong.

    `make` returns an unfitted model each time it is called: the class itself, where its hyperparameters have defaults
    that suit 24 films and 40 users, or a function such as ``lambda: MyModel(factors=4)``. The checks take a second
    for a fast model. They fit it on small tables, with times and without; ask for lists of many, few, unknown and low
    ratings, and of none; and compare what it answers to one user alone and among others.
    """
    assert callable(make), (
        f"make must be a class or a function that makes a model, got {make!r}; write lambda: MyModel()"
    )
    model = make().fit(checkerboard(), catalog())
    for check in CHECKS:
        check(model, make)


def check_parameters(model: Model, make: Callable[[], Model]) -> None:
    """The constructor's arguments are attributes of the same names, and `candidates` are such arguments."""
    for name in inspect.signature(type(model)).parameters:
        assert hasattr(model, name), (
            f"the argument {name} of the constructor must be stored as an attribute: self.{name}"
        )
    for one in model.candidates:
        type(model)(**one)


def check_lists(model: Model, make: Callable[[], Model]) -> None:
    """Lists have the documented columns, users in order, ranks from 1, each film once, none of them rated."""
    histories = pd.concat([history([10, 30], user=9), history([20], user=4)])
    made = model.recommend(histories, 5)
    assert made.columns.tolist() == _COLUMNS, f"the columns must be {_COLUMNS}, got {made.columns.tolist()}"
    assert made.userId.tolist() == [4] * 5 + [9] * 5, "each user must get a list of 5 films"
    assert made["rank"].tolist() == [1, 2, 3, 4, 5] * 2, "ranks must count from 1"
    assert not made.duplicated(["userId", "movieId"]).any(), "a list must not repeat a film"
    low = pd.concat([history([10, 30]), history([20], rating=1.0)])
    assert not {10, 20, 30} & set(model.recommend(low, 2 * SIDE).movieId), "rated films must be left out"
    assert len(model.recommend(low, 2 * SIDE, exclude_seen=False)) == 2 * SIDE, "all films must be ranked"
    assert model.recommend(history([]), 5).empty, "no users must get an empty table"


def check_order(model: Model, make: Callable[[], Model]) -> None:
    """Lists go by falling score, equal scores by id, and a shorter one begins a longer one."""
    made = model.recommend(history([10, 30]), 2 * SIDE - 2)
    assert np.isfinite(made.score).all(), "scores must be finite"
    ordered = made.sort_values(["score", "movieId"], ascending=[False, True], kind="stable")
    assert ordered.movieId.tolist() == made.movieId.tolist(), "lists must go by falling score, ties by id"
    first = model.recommend(history([10, 30]), 3).movieId.tolist()
    assert first == made.movieId.tolist()[:3], "a list of 3 films must be the beginning of a longer one"


def check_little_known(model: Model, make: Callable[[], Model]) -> None:
    """Users without a history, with unknown films or with low ratings alone get lists too."""
    likes = checkerboard().query("rating >= 4").movieId.value_counts()
    made = model.recommend(history([]), 5, users=[1]).movieId.tolist()
    assert len(made) == 5, "a user without a history must get a list"
    assert likes[made].min() >= likes.nlargest(5).min(), "a user without a history must get the most liked films"
    unknown = model.recommend(history([999_999, 5]), 5).movieId.tolist()
    assert unknown == made, "a history of unknown films must be no history"
    mixed = model.recommend(history([10, 30, 999_999]), 5).movieId.tolist()
    assert mixed == model.recommend(history([10, 30]), 5).movieId.tolist(), "unknown films must be ignored"
    low = model.recommend(history([10, 30, 50], rating=1.0), 5)
    assert len(low) == 5 and np.isfinite(low.score).all(), "a user with low ratings alone must get a list"


def check_users_are_independent(model: Model, make: Callable[[], Model]) -> None:
    """What a user gets does not depend on the other users of the call."""
    alone = model.scores(history([10, 30], user=5))
    histories = pd.concat([history([20, 40, 60, 80], user=2), history([10, 30], user=5), history([70], user=9)])
    together = model.scores(histories.sample(frac=1, random_state=0))
    message = "the scores of a user must not depend on the other users"
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-4, atol=1e-5, err_msg=message)


def check_repeatable(model: Model, make: Callable[[], Model]) -> None:
    """Another fit on the same rows in another order gives the same lists, and changes neither table."""
    ratings, films = checkerboard().sample(frac=1, random_state=1), catalog().sample(frac=1, random_state=2)
    before = ratings.copy(), films.copy()
    again = make().fit(ratings, films)
    pd.testing.assert_frame_equal(ratings, before[0])
    pd.testing.assert_frame_equal(films, before[1])
    first, second = (one.recommend(history([10, 30, 50]), 6) for one in (model, again))
    assert first.movieId.tolist() == second.movieId.tolist(), "two fits on the same ratings must give the same lists"
    np.testing.assert_allclose(first.score, second.score, rtol=1e-4, atol=1e-5, err_msg="two fits must agree")


def check_optional_input(model: Model, make: Callable[[], Model]) -> None:
    """Times are optional in training and in histories, and films without ratings are ranked."""
    queries = history([10, 30, 50])
    timeless = make().fit(checkerboard(timestamps=False), catalog())
    for one, histories in (
        (timeless, queries),
        (timeless, queries.drop(columns="timestamp")),
        (model, queries.drop(columns="timestamp")),
    ):
        assert len(one.recommend(histories, 5)) == 5, "times must be optional"
    longer = catalog(2 * SIDE + 4)
    made = make().fit(checkerboard(), longer).recommend(history([10, 30]), len(longer))
    assert len(made) == len(longer) - 2, "films without ratings must be ranked"


def check_item_matrix(model: Model, make: Callable[[], Model]) -> None:
    """Where there is an `item_matrix`, its products with likes rank films as the model does, and it can be served."""
    matrix = model.item_matrix()
    if matrix is None:
        return
    likes = np.isin(model.films, [10, 30]).astype(np.float64)
    scores, products = model.scores(history([10, 30]))[0], np.asarray(likes @ matrix).ravel()
    others = likes == 0
    message = "the scores of a user with likes alone must be their sums of rows of item_matrix, but for a factor"
    scale = np.abs(scores[others]).max() / max(np.abs(products[others]).max(), 1e-12)
    np.testing.assert_allclose(products[others] * scale, scores[others], rtol=1e-3, atol=1e-5 * scale, err_msg=message)
    assert item_weights(model, checkerboard(), 10).n_weights, "item_matrix must have weights to serve"


CHECKS = (
    check_parameters,
    check_lists,
    check_order,
    check_little_known,
    check_users_are_independent,
    check_repeatable,
    check_optional_input,
    check_item_matrix,
)
