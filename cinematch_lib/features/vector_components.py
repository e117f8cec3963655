"""The principal components of the vectors of films' texts, as a block of the feature matrix."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import PCA

from cinematch_lib.errors import CineMatchError

_DIMENSIONS = 64  # more of them find no more in our measurements, and each is a number of every film


def fit_components(column: pd.Series) -> PCA | None:
    """The mean and the first 64 principal components of the vectors in `column`; None if no two vectors differ.

    All texts are a little alike to an encoder; without this common part, the mean, their cosines tell more. Raises
    CineMatchError for vectors of different lengths and numbers that are not finite.
    """
    vectors = _stacked(column.dropna())
    dimensions = min(_DIMENSIONS, *vectors.shape)
    if len(vectors) < 2 or not dimensions or not np.ptp(vectors, axis=0).any():
        return None  # nothing tells one film from another
    return PCA(dimensions, svd_solver="full" if len(vectors) < vectors.shape[1] else "covariance_eigh").fit(vectors)


def reduce_vectors(column: pd.Series, components: PCA) -> sparse.csr_matrix:
    """The vectors in `column` by their components: CSR float32 (films, components), empty rows where there is none.

    Raises CineMatchError as `fit_components` does, and for vectors of another length than those fitted.
    """
    known = column.notna().to_numpy()
    vectors = _stacked(column[known])
    reduced = np.zeros((len(column), components.n_components_), dtype=np.float32)
    if len(vectors):
        if vectors.shape[1] != components.n_features_in_:
            expected = components.n_features_in_
            raise CineMatchError(f"text_vector must have {expected} numbers, as in fit; got {vectors.shape[1]}")
        reduced[known] = components.transform(vectors)
    return sparse.csr_matrix(reduced)


def _stacked(column: pd.Series) -> np.ndarray:
    """The vectors as float32 (vectors, dimensions)."""
    if column.empty:
        return np.zeros((0, 0), dtype=np.float32)
    try:
        vectors = np.array(column.to_list(), dtype=np.float32).reshape(len(column), -1)
    except (TypeError, ValueError) as error:
        raise CineMatchError(f"text_vector must hold arrays of one length, or None where unknown: {error}") from None
    if not np.isfinite(vectors).all():
        raise CineMatchError("text_vector must hold finite numbers")
    return vectors
