"""The inverse behind the item-to-item weights for users of whom much is known."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from cinematch_lib.models.gram import column_squares
from cinematch_lib.models.inverse import Inverse, ridge_inverse, takes_products
from cinematch_lib.models.ridge import RidgeInverse
from cinematch_lib.models.training_matrix import TrainingMatrix
from cinematch_lib.models.training_products import TrainingProducts


def long_penalty(matrix: TrainingMatrix, values: Mapping[str, float]) -> np.ndarray:
    """What is added to the diagonal of XᵀX, by the hyperparameters `values`: float64 (films + years,)."""
    squares = column_squares(matrix.histories)
    if matrix.sessions is not None and values["session_weight"]:
        squares += column_squares(np.float32(values["session_weight"]) * matrix.sessions)
    squares[len(squares) - len(matrix.year_features.years) :] = 0  # years are not dropped out
    return values["regularization"] + values["dropout"] * squares


def long_history_inverse(
    training: TrainingMatrix | TrainingProducts,
    features: sparse.csr_matrix,
    scale: np.ndarray,
    penalty: np.ndarray,
    values: Mapping[str, float],
    n_exact: int,
) -> Inverse:
    """The inverse of XᵀX and the penalty, where X has the rows of histories, sessions and features with their weights.

    `features` is CSR float32 (films, features); `scale`, float32 (films + years,), is what the columns of histories and
    sessions are multiplied by; `values` are the hyperparameters; `n_exact` columns are inverted exactly.
    """
    if isinstance(training, TrainingMatrix):
        n_rows = _n_rows(training, features, values)
        if takes_products(n_rows, len(scale), n_exact):
            training = TrainingProducts.of(training)
    if isinstance(training, TrainingProducts):
        products = training.weighted(values["session_weight"], scale, features, values["feature_weight"])
        training.clear()
        return RidgeInverse.of_products(products, penalty, keeps_matrix=True)
    parts = [scaled(training.histories, scale)]
    if training.sessions is not None and values["session_weight"]:
        parts.append(np.float32(values["session_weight"]) * scaled(training.sessions, scale))
    if values["feature_weight"]:
        rows = sparse.csr_matrix(np.float32(np.sqrt(values["feature_weight"])) * features.T)
        parts.append(sparse.csr_matrix((rows.data, rows.indices, rows.indptr), (rows.shape[0], len(scale))))
    return ridge_inverse(sparse.vstack(parts, format="csr"), penalty, n_exact)


def _n_rows(training: TrainingMatrix, features: sparse.csr_matrix, values: Mapping[str, float]) -> int:
    """The number of rows of histories, and of sessions and features if they have a weight."""
    n_sessions = 0 if training.sessions is None or not values["session_weight"] else training.sessions.shape[0]
    n_features = features.shape[1] if values["feature_weight"] else 0
    return int(training.histories.shape[0] + n_sessions + n_features)


def scaled(rows: sparse.csr_matrix, scale: np.ndarray) -> sparse.csr_matrix:
    """The rows with each column multiplied by its `scale`."""
    return sparse.csr_matrix((rows.data * scale[rows.indices], rows.indices, rows.indptr), shape=rows.shape)
