"""A few rows of a CSR matrix, quickly: scipy makes a matrix of them, which takes longer than to use it."""

from typing import NamedTuple

import numpy as np
from scipy import sparse


class Entries(NamedTuple):
    """The entries of some rows, row after row: `of` is the place of the row among them, each array (entries,)."""

    of: np.ndarray
    columns: np.ndarray
    values: np.ndarray


def entries(matrix: sparse.csr_matrix, rows: np.ndarray) -> Entries:
    """The entries of the rows of `matrix` that `rows`, whole numbers (rows,), names.

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> [part.tolist() for part in entries(matrix, np.array([2, 1, 0]))]
    [[0, 0, 2], [0, 1, 1], [1.0, 3.0, 2.0]]
    """
    starts = matrix.indptr[rows]
    lengths = matrix.indptr[rows + 1] - starts
    before = np.cumsum(lengths) - lengths
    at = np.repeat(starts - before, lengths) + np.arange(lengths.sum())
    return Entries(np.repeat(np.arange(len(rows)), lengths), matrix.indices[at], matrix.data[at])


def products(left: Entries, right: Entries, shape: tuple[int, int]) -> np.ndarray:
    """The products of some rows with some others, as many as `shape` says: float64 (rows, others).

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> products(entries(matrix, np.array([2, 1])), entries(matrix, np.array([0, 2])), (2, 2)).tolist()
    [[6.0, 10.0], [0.0, 0.0]]
    """
    rows, others = shape
    columns, place = np.unique(left.columns, return_inverse=True)  # the rows are few, the others may be thousands
    if not len(columns):
        return np.zeros(shape)
    of_rows = np.zeros((rows, len(columns)))
    of_rows[left.of, place] = left.values
    found = np.minimum(np.searchsorted(columns, right.columns), len(columns) - 1)
    both = np.flatnonzero(columns[found] == right.columns)
    of_others = np.zeros((len(columns), others))
    of_others[found[both], right.of[both]] = right.values[both]
    return of_rows @ of_others
