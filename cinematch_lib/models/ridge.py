"""The inverse of a regularized Gram matrix, (XᵀX + diag(λ))⁻¹, by the shorter of two ways."""

import logging

import numpy as np
import psutil
from scipy import sparse
from scipy.linalg.lapack import spotrf, spotri

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.gram import gram, gram_bytes, mirror

NOT_DEFINITE = "the ratings' Gram matrix cannot be inverted in single precision; raise the regularization"
_LOG = logging.getLogger(__name__)


class RidgeInverse:
    """P = (XᵀX + diag(λ))⁻¹ for a sparse X, float32 (rows, films), and λ > 0, a number or float (films,).

    With as many rows as films or nearly, P is made as it stands, films². With fewer, it is kept as
    P = Λ⁻¹ − Λ⁻¹Xᵀ(I + XΛ⁻¹Xᵀ)⁻¹XΛ⁻¹ (Woodbury 1950), which needs rows² and rows × films.
    `diagonal` is that of P, float32 (films,). Raises CineMatchError where memory will not do, before any work.
    """

    def __init__(self, X: sparse.csr_matrix, regularization: float | np.ndarray) -> None:
        rows, films = X.shape
        self._by_rows = by_rows(rows, films)
        check_memory(rows, films, X.nnz)
        weights = (1 / np.broadcast_to(np.asarray(regularization, dtype=np.float64), (films,))).astype(np.float32)
        if self._by_rows:
            self._inverse_penalty = weights
            self._X = sparse.csr_matrix(X, dtype=np.float32)
            scaled = sparse.csr_matrix(self._X @ sparse.diags_array(weights))
            kernel = dense(scaled @ self._X.T)
            kernel[np.diag_indices_from(kernel)] += 1
            self.core = inverse(kernel)
            # The core is symmetric, so this is core @ scaled. scipy copies a dense factor that is not in C order.
            self._right = np.ascontiguousarray((scaled.T @ self.core).T)
            at = scaled.tocoo()
            parts = at.data.astype(np.float64) * self._right[at.row, at.col]
            taken = np.bincount(at.col, weights=parts, minlength=films)
            self.diagonal = (weights - taken).astype(np.float32)
        else:
            made = gram(X)
            made[np.diag_indices_from(made)] += np.broadcast_to(np.asarray(regularization, dtype=np.float32), (films,))
            _LOG.info("inverse of %s x %s", f"{films:,}", f"{films:,}")
            self._whole = inverse(made)
            self.diagonal = self._whole.diagonal().copy()

    def product(self, left: sparse.csr_matrix) -> np.ndarray:
        """``left @ P`` for a sparse `left`, (n, films): float32 (n, films)."""
        if not self._by_rows:
            return np.asarray(left @ self._whole, dtype=np.float32)
        scaled = left @ sparse.diags_array(self._inverse_penalty)
        return dense(scaled) - dense(scaled @ self._X.T) @ self._right

    def rows(self, at: slice) -> np.ndarray:
        """Rows of P, which are its columns too: float32 (rows, films)."""
        if not self._by_rows:
            return self._whole[at]
        scaled = self._X[:, at] @ sparse.diags_array(self._inverse_penalty[at])
        made = -np.asarray(scaled.T @ self._right)
        columns = np.arange(len(self.diagonal))[at]
        made[np.arange(len(columns)), columns] += self._inverse_penalty[at]
        return made


def by_rows(rows: int, films: int) -> bool:
    """Whether there are so few rows that P is shorter by them."""
    return 10 * rows < 9 * films


def check_memory(rows: int, films: int, entries: int, before: int = 0) -> None:
    """Refuse what will not fit: raises CineMatchError with the numbers and what to change.

    `entries` are those of the sparse matrix, (rows, films), which counts too; `before` are bytes that are
    wanted before it is made, and given back.
    """
    whole = 4 * (rows**2 + 2 * rows * films) + 16 * entries if by_rows(rows, films) else gram_bytes(films, entries)
    needed, free = max(whole + 8 * entries, before), psutil.virtual_memory().available
    if needed > 0.9 * free:
        raise CineMatchError(
            f"item-to-item weights of {films:,} films from {rows:,} rows with {entries:,} ratings need "
            f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free; lower max_films (now {films:,})"
        )


def dense(matrix: sparse.csr_matrix) -> np.ndarray:
    """A sparse matrix as an array, float32."""
    return np.asarray(matrix.toarray(), dtype=np.float32)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix, float32 (n, n) in C order, by Cholesky, in place."""
    factor, failed = spotrf(matrix.T, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise CineMatchError(NOT_DEFINITE)
    mirror(factor)
    return factor.T
