"""User-based nearest neighbours."""

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.recommender.ranking import top_k_per_row

_BATCH_COSINES = 16_000_000  # cosines with training users held in memory at once


class UserKNN(Model):
    """User-based nearest neighbours (Herlocker et al. 1999, doi 10.1145/312624.312682), on likes.

    The score of a film is the sum of the cosines of the user's likes with those of the `neighbours` most similar
    training users who like it.
    """

    def __init__(self, neighbours: int = 100) -> None:
        if neighbours < 1:
            raise CineMatchError(f"neighbours must be 1 or more, got {neighbours!r}")
        self.neighbours = neighbours

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        self._likes = train.likes
        self._unit = _unit_rows(train.likes)

    def _scores(self, queries: Interactions) -> np.ndarray:
        step = max(1, _BATCH_COSINES // max(self._unit.shape[0], 1))
        parts = [self._batch_scores(queries.likes[start : start + step]) for start in range(0, len(queries), step)]
        return np.concatenate([np.zeros((0, queries.ratings.shape[1]), dtype=np.float32), *parts])

    def _batch_scores(self, likes: sparse.csr_matrix) -> np.ndarray:
        cosines = (_unit_rows(likes) @ self._unit.T).toarray()
        nearest = top_k_per_row(cosines, self.neighbours)
        row = np.repeat(np.arange(len(cosines)), nearest.shape[1])
        entries = (np.take_along_axis(cosines, nearest, axis=1).ravel(), (row, nearest.ravel()))
        return np.asarray((sparse.csr_matrix(entries, shape=cosines.shape) @ self._likes).toarray(), dtype=np.float32)


def _unit_rows(likes: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of ones at length one: CSR float32 of the same shape."""
    lengths = np.sqrt(np.maximum(np.diff(likes.indptr), 1))
    return sparse.csr_matrix(sparse.diags_array((1 / lengths).astype(np.float32)) @ likes)
