"""EASE: item-to-item weights in closed form (Steck 2019, doi 10.1145/3308558.3313710)."""

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.inverse import exact_columns, ridge_inverse
from cinematch_lib.models.training_matrix import user_item_matrix


class Ease(Model):
    """The linear model that best reconstructs each user's likes from their other likes.

    With the user-item matrix X and P = (XᵀX + λI)⁻¹, the weights are B = I − P · diag(1 / diag P), whose diagonal
    is zero, and the scores X·B. The `regularization` λ is above 0; only the `max_films` most rated films have weights;
    with `weighted_ratings`, X holds the rating weights of all ratings (`training_matrix.rating_weight`) instead of 1
    for each like.
    """

    def __init__(self, regularization: float = 100.0, max_films: int = 20_000, weighted_ratings: bool = False) -> None:
        if not regularization > 0:
            raise CineMatchError(f"regularization must be above 0, got {regularization!r}")
        if max_films < 1:
            raise CineMatchError(f"max_films must be 1 or more, got {max_films!r}")
        self.regularization, self.max_films, self.weighted_ratings = regularization, max_films, weighted_ratings

    def _fit(self, train: Interactions, catalog: object) -> None:
        self._columns = most_rated(train, self.max_films)
        X = user_item_matrix(train, self.weighted_ratings)[:, self._columns]
        self._inverse = ridge_inverse(X, self.regularization, exact_columns(*X.shape, X.nnz))

    def _scores(self, queries: Interactions) -> np.ndarray:
        X = user_item_matrix(queries, self.weighted_ratings)[:, self._columns]
        scores = np.zeros(queries.ratings.shape, dtype=np.float32)
        scores[:, self._columns] = X.toarray() - self._inverse.product(X) / self._inverse.diagonal  # X·B
        return scores


def most_rated(train: Interactions, n: int, min_ratings: int = 1) -> np.ndarray:
    """The columns of the `n` most rated films that have so many ratings or more, ascending: int64."""
    counts = train.rating_counts
    order = np.argsort(-counts, kind="stable")[:n]
    return np.sort(order[counts[order] >= min_ratings])
