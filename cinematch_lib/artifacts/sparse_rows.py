"""A few rows of a CSR matrix, read faster than scipy's indexing, which builds a matrix of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

_DENSE_ROWS = 128  # made dense at once, which bounds the memory for users with long histories


class SparseRows(NamedTuple):
    """The entries of some rows, one row after another.

    `lengths` is int (rows,), the number of entries of each row; `columns` int (entries,); `values` float (entries,).
    """

    lengths: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @property
    def row_numbers(self) -> np.ndarray:
        """The row of each entry, counted among these rows: int64 (entries,)."""
        return np.arange(len(self.lengths)).repeat(self.lengths)


def take_rows(matrix: sparse.csr_matrix, rows: np.ndarray) -> SparseRows:
    """The entries of the rows `rows`, int (rows,), of `matrix`.

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> [part.tolist() for part in take_rows(matrix, np.array([2, 1, 0]))]
    [[2, 0, 1], [0, 1, 1], [1.0, 3.0, 2.0]]
    """
    starts, ends = matrix.indptr[rows], matrix.indptr[rows + 1]
    spans = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return SparseRows(ends - starts, _concatenate(matrix.indices, spans), _concatenate(matrix.data, spans))


def _concatenate(array: np.ndarray, spans: Sequence[slice]) -> np.ndarray:
    return np.concatenate([array[span] for span in spans] or [array[:0]])


def inner_products(left: SparseRows, right: SparseRows, n_columns: int) -> np.ndarray:
    """The inner products of each row of `left` with each row of `right`: float64 (left rows, right rows).

    Both are rows of matrices with `n_columns` columns. `left` should be the smaller one: only its columns are used.

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> inner_products(take_rows(matrix, np.array([2, 1])), take_rows(matrix, np.array([0, 2])), 2).tolist()
    [[6.0, 10.0], [0.0, 0.0]]
    """
    used = np.zeros(n_columns, dtype=np.int64)
    used[left.columns] = 1
    number = used * used.cumsum()  # from 1; 0 stands for columns that `left` does not use, where it is all zero
    dense_left = np.zeros((len(left.lengths), number.max(initial=0) + 1))
    dense_left[left.row_numbers, number[left.columns]] = left.values
    products = np.empty((len(left.lengths), len(right.lengths)))
    row, column = right.row_numbers, number[right.columns]
    for start in range(0, len(right.lengths), _DENSE_ROWS):
        end = min(start + _DENSE_ROWS, len(right.lengths))
        at = slice(*row.searchsorted([start, end]))
        dense_right = np.zeros((dense_left.shape[1], end - start))
        dense_right[column[at], row[at] - start] = right.values[at]
        products[:, start:end] = dense_left @ dense_right
    return products
