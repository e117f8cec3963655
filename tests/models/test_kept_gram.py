"""Gram matrices that are kept: updated by the rows of new users, equal to new ones, or made anew with a reason."""

import numpy as np
import pandas as pd
import pytest
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.models import training
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.kept_gram import kept_gram
from cinematch_lib.models.training_matrix import TrainingMatrix

FIXED = {
    "regularization": 20.0, "dropout": 0.3, "session_weight": 0.7, "year_weight": 2.0, "feature_weight": 1.0,
    "content_weight": 0.35,
}  # fmt: skip
RATINGS, FILMS = ratings_by_taste(users=150), films_by_taste()
IDS = np.sort(FILMS["movieId"].to_numpy(dtype=np.int64))


def without(ratings, users):
    return ratings[~ratings["userId"].isin(users)].reset_index(drop=True)


def made(path, ratings):
    train = Interactions.from_ratings(ratings, IDS)
    return kept_gram(path, TrainingMatrix.from_interactions(train), IDS, train.users)


def arrays(products):
    histories = np.zeros((products.histories.size,) * 2, dtype=np.float32)
    products.histories.add_to(histories)
    return histories, np.triu(products.sessions())


def test_new_users_update_what_was_kept_to_the_same(tmp_path):
    new = sorted(RATINGS["userId"].unique())[5:15]
    _, note = made(tmp_path / "gram.npz", without(RATINGS, new))
    assert note == "the Gram matrix was made anew: none was kept before"
    updated, note = made(tmp_path / "gram.npz", RATINGS)
    assert note == f"the Gram matrix was updated by the rows of 10 new users of {RATINGS['userId'].nunique():,}"
    anew, _ = made(tmp_path / "another.npz", RATINGS)
    for one, other in zip(arrays(updated), arrays(anew), strict=True):
        assert np.abs(one - other).max() <= 1e-6 * np.abs(other).max()
    again, note = made(tmp_path / "gram.npz", RATINGS)
    assert "by the rows of 0 new users" in note
    assert np.array_equal(arrays(again)[0], arrays(updated)[0])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: without(table, [table["userId"].iloc[0]]), "users are gone"),
        (
            lambda table: table.assign(rating=[0.5 if at == 0 else one for at, one in enumerate(table["rating"])]),
            "ratings of earlier",
        ),
        (lambda table: table.assign(timestamp=table["timestamp"] + 86_400 * 3000), "the ratings span other years"),
        (lambda table: table.iloc[1:], "ratings of earlier"),
    ],
)
def test_what_else_changed_has_it_made_anew_with_the_reason(tmp_path, change, reason):
    ratings = without(RATINGS, [])
    made(tmp_path / "gram.npz", ratings)
    found, note = made(tmp_path / "gram.npz", change(ratings).reset_index(drop=True))
    assert note.startswith(f"the Gram matrix was made anew: {reason}")
    anew, _ = made(tmp_path / "another.npz", change(ratings).reset_index(drop=True))
    assert np.array_equal(arrays(found)[0], arrays(anew)[0])


def test_a_damaged_file_is_made_anew(tmp_path):
    (tmp_path / "gram.npz").write_text("nothing")
    assert made(tmp_path / "gram.npz", RATINGS)[1] == "the Gram matrix was made anew: gram.npz could not be read"


def test_a_model_learns_the_same_with_a_kept_gram_matrix(tmp_path):
    new = sorted(RATINGS["userId"].unique())[:5]
    plain = training.train(RATINGS, FILMS, 40, **FIXED)
    training.train(without(RATINGS, new), FILMS, 40, gram_file=tmp_path / "gram.npz", **FIXED)
    kept = training.train(RATINGS, FILMS, 40, gram_file=tmp_path / "gram.npz", **FIXED)
    assert "updated by the rows of 5 new users" in kept.model.gram_note
    histories = RATINGS[RATINGS["userId"] < 10]
    np.testing.assert_allclose(kept.model.scores(histories), plain.model.scores(histories), rtol=1e-3, atol=1e-3)
    assert isinstance(plain.weights.movie_ids, np.ndarray) and isinstance(RATINGS, pd.DataFrame)
