"""A few rows of a CSR matrix, quickly: scipy makes a matrix of them, which takes longer than to use it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse


class Entries(NamedTuple):
    """The entries of some rows, row after row: how many each has, (rows,), their columns and values, (entries,)."""

    lengths: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @property
    def of(self) -> np.ndarray:
        """Of which row each entry is, by its place among the rows: int64 (entries,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def entries(matrix: sparse.csr_matrix, rows: np.ndarray) -> Entries:
    """The entries of the rows of `matrix` that `rows`, whole numbers (rows,), names.

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> [part.tolist() for part in entries(matrix, np.array([2, 1, 0]))]
    [[2, 0, 1], [0, 1, 1], [1.0, 3.0, 2.0]]
    """
    starts, ends = matrix.indptr[rows], matrix.indptr[rows + 1]
    spans = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Entries(ends - starts, _joined(matrix.indices, spans), _joined(matrix.data, spans))


def _joined(whole: np.ndarray, spans: Sequence[slice]) -> np.ndarray:
    return np.concatenate([whole[:0], *[whole[span] for span in spans]])


def products(left: Entries, right: Entries, columns: int) -> np.ndarray:
    """The products of some rows of a matrix with so many `columns` with some others: float64 (rows, others).

    >>> matrix = sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0], [1.0, 3.0]])
    >>> products(entries(matrix, np.array([2, 1])), entries(matrix, np.array([0, 2])), 2).tolist()
    [[6.0, 10.0], [0.0, 0.0]]
    """
    used = np.zeros(columns, dtype=np.int64)  # by the rows, which are few: of the others there may be thousands
    used[left.columns] = 1
    place = used * used.cumsum()  # from 1; 0 of columns that no row uses, where the rows have nothing
    of_rows = np.zeros((len(left.lengths), place.max(initial=0) + 1))
    of_rows[left.of, place[left.columns]] = left.values
    of_others = np.zeros((of_rows.shape[1], len(right.lengths)))
    of_others[place[right.columns], right.of] = right.values
    return of_rows @ of_others
