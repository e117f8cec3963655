"""The inverse of a regularized Gram matrix, P = (XᵀX + Λ)⁻¹, by the cheaper of two exact ways."""

import logging
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from cinematch_lib.models.gram import gram
from cinematch_lib.models.positive_definite import inverse
from cinematch_lib.models.triangle import Triangle

_LOG = logging.getLogger(__name__)


class RidgeInverse:
    """P = (XᵀX + Λ)⁻¹ for a sparse X, float32 (rows, films), and a diagonal Λ > 0, a number or float (films,).

    With about as many rows as films or more, P is stored, films². With fewer rows it is represented by the
    Woodbury identity (1950), P = Λ⁻¹ − Λ⁻¹Xᵀ(I + XΛ⁻¹Xᵀ)⁻¹XΛ⁻¹, which takes rows² + rows × films.
    `diagonal` is diag P, float32 (films,).
    """

    def __init__(self, X: sparse.csr_matrix, regularization: float | np.ndarray) -> None:
        self._by_rows = by_rows(*X.shape)
        penalty = np.broadcast_to(np.asarray(regularization, dtype=np.float64), (X.shape[1],))
        if self._by_rows:
            self._invert_rows(X, (1 / penalty).astype(np.float32))
        else:
            self._invert(gram(X), penalty, keeps_matrix=False)

    @classmethod
    def of_products(cls, products: np.ndarray, penalty: np.ndarray, *, keeps_matrix: bool = False) -> "RidgeInverse":
        """From the upper triangle of XᵀX, float32 (films, films), which is overwritten, and Λ, float (films,).

        With `keeps_matrix`, half of XᵀX + Λ is kept for `submatrix`.
        """
        made = cls.__new__(cls)
        made._by_rows = False
        made._invert(products, penalty, keeps_matrix=keeps_matrix)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_matrix": None}  # workers, which are sent a copy, compute scores alone

    def _invert(self, products: np.ndarray, penalty: np.ndarray, *, keeps_matrix: bool) -> None:
        products[np.diag_indices_from(products)] += penalty.astype(np.float32)
        self._matrix = Triangle(products) if keeps_matrix else None
        _LOG.info("inverse of %s x %s", f"{len(products):,}", f"{len(products):,}")
        self._inverse = inverse(products)
        self.diagonal = self._inverse.diagonal().copy()

    def _invert_rows(self, X: sparse.csr_matrix, inverse_penalty: np.ndarray) -> None:
        self._inverse_penalty = inverse_penalty
        self._X = sparse.csr_matrix(X, dtype=np.float32)
        scaled = sparse.csr_matrix(self._X @ sparse.diags_array(inverse_penalty))  # XΛ⁻¹
        kernel = dense(scaled @ self._X.T)
        kernel[np.diag_indices_from(kernel)] += 1
        core = inverse(kernel)  # (I + XΛ⁻¹Xᵀ)⁻¹
        # core · XΛ⁻¹, as the transpose of (XΛ⁻¹)ᵀ · core, since core is symmetric; in C order, because scipy
        # copies a dense factor that is not.
        self._right = np.ascontiguousarray((scaled.T @ core).T)
        # diag P = diag Λ⁻¹ − the column sums of XΛ⁻¹ ∘ right
        entries = scaled.tocoo()
        products = entries.data.astype(np.float64) * self._right[entries.row, entries.col]
        reduction = np.bincount(entries.col, weights=products, minlength=X.shape[1])
        self.diagonal = (inverse_penalty - reduction).astype(np.float32)

    def product(self, left: sparse.csr_matrix) -> np.ndarray:
        """``left @ P`` for a sparse `left`, (n, films): float32 (n, films)."""
        if not self._by_rows:
            return np.asarray(left @ self._inverse, dtype=np.float32)
        scaled = left @ sparse.diags_array(self._inverse_penalty)
        return dense(scaled) - dense(scaled @ self._X.T) @ self._right

    def submatrix(self, at: np.ndarray) -> np.ndarray:
        """The rows and columns `at`, int64 ascending, of XᵀX + Λ: float32 (n, n), its upper triangle.

        Where P is stored, it needs `keeps_matrix`.
        """
        if not self._by_rows:
            assert self._matrix is not None, "the matrix was not kept, or this is a copy that was sent"
            return self._matrix.submatrix(at)
        columns = self._columns[:, at]
        products = dense(columns.T @ columns)
        products[np.diag_indices_from(products)] += 1 / self._inverse_penalty[at]
        return products

    @cached_property
    def _columns(self) -> sparse.csc_matrix:
        return self._X.tocsc()

    def rows(self, at: slice) -> np.ndarray:
        """The rows `at` of P, which is symmetric: float32 (rows, films)."""
        if not self._by_rows:
            return self._inverse[at]
        scaled = self._X[:, at] @ sparse.diags_array(self._inverse_penalty[at])
        rows = -np.asarray(scaled.T @ self._right)
        columns = np.arange(len(self.diagonal))[at]
        rows[np.arange(len(columns)), columns] += self._inverse_penalty[at]
        return rows


def by_rows(rows: int, films: int) -> bool:
    """Whether there are few enough rows that the Woodbury form is the cheaper one."""
    return 10 * rows < 9 * films


def dense(matrix: sparse.csr_matrix) -> np.ndarray:
    """A sparse matrix as a float32 array."""
    return np.asarray(matrix.toarray(), dtype=np.float32)
