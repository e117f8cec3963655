"""The choice between the exact inverse of a regularized Gram matrix and an approximate one, by the free memory."""

import logging
from typing import Protocol

import numpy as np
from scipy import sparse

from cinematch_lib.cluster import connection
from cinematch_lib.models.gram import check_workers, gram_bytes
from cinematch_lib.models.grouped_inverse import GroupedInverse, grouped_bytes
from cinematch_lib.models.positive_definite import inverse_bytes
from cinematch_lib.models.ridge import RidgeInverse, by_rows
from cinematch_lib.storage import memory

# Columns of the head of an approximate inverse: more of them gain next to nothing, and time grows with their square.
_MOST_EXACT, _LEAST_EXACT = 20_000, 1_000
_LOG = logging.getLogger(__name__)


class Inverse(Protocol):
    """P = (XᵀX + Λ)⁻¹, exact or approximate; `diagonal` is diag P, float32 (columns,)."""

    diagonal: np.ndarray

    def product(self, left: sparse.csr_matrix) -> np.ndarray:
        """``left @ P`` for a sparse `left`, (n, columns): float32 (n, columns)."""
        ...

    def rows(self, at: slice) -> np.ndarray:
        """The rows `at` of P: float32 (rows, columns)."""
        ...


def ridge_inverse(X: sparse.csr_matrix, regularization: float | np.ndarray, n_exact: int) -> Inverse:
    """The inverse for a CSR float32 X, (rows, columns): exact if `exact_columns` says so, by `n_exact`."""
    if n_exact >= X.shape[1]:
        return RidgeInverse(X, regularization)
    return GroupedInverse(X, regularization, n_exact)


def takes_products(rows: int, columns: int, n_exact: int) -> bool:
    """Whether `ridge_inverse` of an X with so many rows and columns computes XᵀX."""
    return n_exact >= columns and not by_rows(rows, columns)


def exact_columns(
    rows: int,
    films: int,
    entries: int,
    before: int = 0,
    *,
    years: int = 0,
    keeps_products: bool = False,
    largest_part: int | None = None,
) -> int:
    """How many columns of X, (rows, films + years), may be inverted exactly: all, or the head of a `GroupedInverse`.

    `entries` is the number of non-zeros of X, which is counted too; `before` are bytes that are allocated while X is
    built and released afterwards. With `keeps_products`, XᵀX is held with the exact inverse. With
    `largest_part`, the products of parts of X, of so many entries at most, are made one after the other instead, and
    one of them is held as a `Triangle`. Raises CineMatchError with the numbers and the parameter to change where not
    even the smallest head fits into memory, or the Gram matrix of the columns into that of the workers.
    """
    columns = films + years
    n_exact = columns
    if largest_part is None:
        exact = _exact_bytes(rows, columns, entries, keeps_products)
    else:
        # The products of the first part with what makes them; or half of them with those of another, or the inverse.
        exact = max(gram_bytes(columns, largest_part), 6 * columns**2 + 8 * largest_part + inverse_bytes(columns))
    needed = max(exact + 8 * entries, before)
    if not memory.fits(needed):
        n_exact = _largest_head(rows, columns, entries)
    if n_exact < columns:
        needed = max(grouped_bytes(rows, columns, entries, n_exact) + 8 * entries, before)
    what = f"item-to-item weights of {films:,} films from {rows:,} rows with {entries:,} ratings"
    memory.check_memory(needed, what, f"lower max_films (now {films:,})")
    if connection.is_used() and not (n_exact == columns and by_rows(rows, columns)):
        check_workers(n_exact, entries)
    if n_exact < columns:
        _LOG.info(inverse_note(n_exact, columns))
    return n_exact


def inverse_note(n_exact: int, columns: int) -> str:
    """What is approximate about an inverse, in a sentence; empty where nothing is."""
    if n_exact >= columns:
        return ""
    return (
        f"the inverse for {columns:,} columns does not fit into memory: it is exact for the {n_exact:,} most rated, "
        "and the others are in groups that do not support each other"
    )


def _exact_bytes(rows: int, columns: int, entries: int, keeps_products: bool) -> int:
    if by_rows(rows, columns):
        return 4 * (rows**2 + 2 * rows * columns) + 16 * entries + inverse_bytes(rows)
    making = max(gram_bytes(columns, entries), 4 * columns**2 + inverse_bytes(columns))
    return making + 4 * columns**2 * keeps_products


def _largest_head(rows: int, columns: int, entries: int) -> int:
    """The largest head whose `GroupedInverse` fits, in steps, so that it hardly depends on the moment."""
    least = min(_LEAST_EXACT, columns)
    heads = range(least, min(_MOST_EXACT, columns - 1) + 1, _LEAST_EXACT)
    fitting = [one for one in heads if memory.fits(grouped_bytes(rows, columns, entries, one) + 8 * entries)]
    return max(fitting, default=least)
