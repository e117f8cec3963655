"""EASE: item-to-item weights in closed form (Steck 2019, doi 10.1145/3308558.3313710)."""

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import RidgeInverse
from cinematch_lib.models.training_matrix import spoken


class Ease(Model):
    """The linear model that best foretells each user's likes from their other likes.

    With X, 1 for a like, and P = (XᵀX + λI)⁻¹, the weights are B = I − P·diag(1/diag P) and the scores X·B: no
    film speaks for itself. `regularization` is λ, above 0; films beyond the `max_films` most rated have no weights.
    With `graded`, X holds every rating's grade (`graded.grade`), as the hybrid's does.
    """

    def __init__(self, regularization: float = 100.0, max_films: int = 20_000, graded: bool = False) -> None:
        if not regularization > 0:
            raise CineMatchError(f"regularization must be above 0, got {regularization!r}")
        if max_films < 1:
            raise CineMatchError(f"max_films must be 1 or more, got {max_films!r}")
        self.regularization, self.max_films, self.graded = regularization, max_films, graded

    def _learn(self, learned: Interactions, catalog: object) -> None:
        self._at = most_rated(learned, self.max_films)
        self._inverse = RidgeInverse(spoken(learned, self.graded)[:, self._at], self.regularization)

    def _scores(self, asked: Interactions) -> np.ndarray:
        likes = spoken(asked, self.graded)[:, self._at]
        scores = np.zeros(asked.stars.shape, dtype=np.float32)
        scores[:, self._at] = likes.toarray() - self._inverse.product(likes) / self._inverse.diagonal
        return scores


def most_rated(learned: Interactions, most: int) -> np.ndarray:
    """The columns of the films with the most ratings, `most` of those that have any, ascending: int64."""
    counts = np.bincount(learned.stars.indices, minlength=learned.stars.shape[1])
    order = np.argsort(-counts, kind="stable")[:most]
    return np.sort(order[counts[order] > 0])
