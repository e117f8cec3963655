"""The inverse of a regularized Gram matrix, (XᵀX + diag(λ))⁻¹, by the shorter of two ways."""

import numpy as np
import psutil
from scipy import sparse
from scipy.linalg.lapack import spotrf, spotri

from cinematch_lib.errors import CineMatchError


class RidgeInverse:
    """P = (XᵀX + diag(λ))⁻¹ for a sparse X, float32 (rows, films), and λ > 0, a number or float (films,).

    With more rows than films, P is made as it stands, films². With fewer, it is kept as
    P = Λ⁻¹ − Λ⁻¹Xᵀ(I + XΛ⁻¹Xᵀ)⁻¹XΛ⁻¹ (Woodbury 1950), which needs rows² and rows × films.
    `diagonal` is that of P, float32 (films,). Raises CineMatchError where memory will not do, before any work.
    """

    def __init__(self, X: sparse.csr_matrix, penalty: float | np.ndarray) -> None:
        rows, films = X.shape
        self._by_rows = rows < films
        check_memory(rows, films)
        weights = (1 / np.broadcast_to(np.asarray(penalty, dtype=np.float64), (films,))).astype(np.float32)
        if self._by_rows:
            self._inverse_penalty = weights
            self._X = sparse.csr_matrix(X, dtype=np.float32)
            scaled = sparse.csr_matrix(self._X @ sparse.diags_array(weights))
            kernel = dense(scaled @ self._X.T)
            kernel[np.diag_indices_from(kernel)] += 1
            self.core = inverse(kernel)
            self._right = np.asarray(self.core @ scaled)
            at = scaled.tocoo()
            parts = at.data.astype(np.float64) * self._right[at.row, at.col]
            taken = np.bincount(at.col, weights=parts, minlength=films)
            self.diagonal = (weights - taken).astype(np.float32)
        else:
            gram = dense(X.T @ X)
            gram[np.diag_indices_from(gram)] += np.broadcast_to(np.asarray(penalty, dtype=np.float32), (films,))
            self._whole = inverse(gram)
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


def check_memory(rows: int, films: int) -> None:
    """Refuse what will not fit: raises CineMatchError with the numbers and what to change."""
    smaller = min(rows, films)
    needed = 4 * (2 * smaller**2 + (rows * films if rows < films else 0))
    free = psutil.virtual_memory().available
    if needed > 0.9 * free:
        raise CineMatchError(
            f"item-to-item weights of {films:,} films from {rows:,} rows of ratings need {needed / 1e9:.1f} GB of "
            f"memory, and {free / 1e9:.1f} GB are free; lower max_films (now {films:,})"
        )


def dense(matrix: sparse.csr_matrix) -> np.ndarray:
    """A sparse matrix as an array, float32."""
    return np.asarray(matrix.toarray(), dtype=np.float32)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix, float32, by Cholesky, in place."""
    factor, failed = spotrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise CineMatchError("the ratings' Gram matrix cannot be inverted in single precision; raise the penalty")
    lower = np.tril(factor)
    del factor
    upper = np.tril(lower, -1).T
    lower += upper
    return lower
