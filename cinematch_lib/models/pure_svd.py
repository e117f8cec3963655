"""PureSVD: a truncated singular value decomposition of the user-item matrix."""

import numpy as np
import pandas as pd
from sklearn.utils.extmath import randomized_svd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions


class PureSVD(Model):
    """PureSVD (Cremonesi, Koren, Turrin 2010, doi 10.1145/1864708.1864721), on likes.

    The scores of a user with the likes x are x·V·Vᵀ, where V holds the `factors` right singular vectors of the matrix
    of likes with the largest singular values: at most half of them all, since with all of them x·V·Vᵀ is x itself.
    """

    def __init__(self, factors: int = 32, seed: int = 0) -> None:
        if factors < 1:
            raise CineMatchError(f"factors must be 1 or more, got {factors!r}")
        self.factors, self.seed = factors, seed

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        rank = max(1, min(self.factors, min(train.likes.shape) // 2))
        _, _, self._vectors = randomized_svd(train.likes, rank, n_iter=5, random_state=self.seed)

    def _scores(self, queries: Interactions) -> np.ndarray:
        return np.asarray((queries.likes @ self._vectors.T) @ self._vectors, dtype=np.float32)
