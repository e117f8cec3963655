"""The products XᵀX of a training matrix, in little more memory than one of them takes."""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import sparse

from cinematch_lib.models.gram import gram
from cinematch_lib.models.training_matrix import TrainingMatrix
from cinematch_lib.models.triangle import Triangle

_BLOCK = 512  # films whose products are computed at once
_EMPTY = np.zeros((0, 0), dtype=np.float32)


class TrainingProducts:
    """XᵀX of the histories and of the sessions of a training matrix.

    `histories` is that of the histories. `sessions` returns that of the sessions, a new array, float32 (columns,
    columns), of no columns where there are no sessions; it should be called where that is needed, and no sooner.
    """

    def __init__(self, histories: np.ndarray, sessions: Callable[[], np.ndarray]) -> None:
        self.histories, self.sessions = Triangle(histories), sessions

    @classmethod
    def of(cls, matrix: TrainingMatrix) -> "TrainingProducts":
        """Of the rows of `matrix`; of these, only the sessions are kept."""
        return cls(gram(matrix.histories), partial(session_gram, matrix.sessions))

    def clear(self) -> None:
        """Let the products go."""
        self.histories, self.sessions = Triangle(_EMPTY), _EMPTY.copy

    def weighted(
        self, session_weight: float, scale: np.ndarray, features: sparse.csr_matrix, feature_weight: float
    ) -> np.ndarray:
        """XᵀX of histories, sessions and features with their weights, float32 (columns, columns): its upper triangle.

        `scale`, float32 (columns,), is what the columns of histories and sessions are multiplied by; `features`, CSR
        float32 (films, features), are those of the first columns.
        """
        products = self.sessions() if session_weight else np.zeros((0, 0), dtype=np.float32)
        if len(products):
            products *= np.float32(session_weight**2)
        else:
            products = np.zeros((len(scale), len(scale)), dtype=np.float32)
        self.histories.add_to(products)
        products *= scale
        products *= scale[:, None]
        if feature_weight:
            n_films = features.shape[0]
            for start in range(0, n_films, _BLOCK):
                of_block = (features[start : start + _BLOCK] @ features[start:].T).toarray()
                products[start : min(start + _BLOCK, n_films), start:n_films] += np.float32(feature_weight) * of_block
        return products


def session_gram(sessions: sparse.csr_matrix | None) -> np.ndarray:
    """XᵀX of the sessions, of no columns where there are none."""
    return _EMPTY.copy() if sessions is None else gram(sessions)
