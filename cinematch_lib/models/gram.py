"""The Gram matrix XᵀX of ratings, in which few rows and few columns hold most of the entries."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ssyrk

_WIDTHS = (512, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # of the dense part of a row, in the fullest columns
_DENSE_COST = 0.005  # of one multiplication in a dense product, relative to one in a sparse product
_DENSE_ROWS = 4096  # rows made dense at once
_BLOCK_BYTES = 1 << 29  # for the blocks of the sparse products
_BLOCK = 512  # columns copied at once
_LOG = logging.getLogger(__name__)


def gram(X: sparse.csr_matrix) -> np.ndarray:
    """XᵀX of a CSR float32 X, (rows, columns): float32 (columns, columns), exactly symmetric.

    A row with n entries costs n² multiplications in a sparse product, or columns²/2 in a dense one, where each is
    about two hundred times as fast. So the columns are sorted by their number of entries, and each row is cut in
    two where that costs least: its entries in the fullest columns are multiplied densely by BLAS, and the rest
    sparsely with the whole row, in blocks of columns on several threads. Only the lower triangle is computed.
    """
    _LOG.info("Gram matrix of %s columns from %s rows", f"{X.shape[1]:,}", f"{X.shape[0]:,}")
    fullest = np.argsort(-np.bincount(X.indices, minlength=X.shape[1]), kind="stable")
    ordered = sparse.csr_matrix(X[:, fullest], dtype=np.float32)
    matrix = np.zeros((X.shape[1], X.shape[1]), dtype=np.float32)
    cuts = _cuts(ordered)
    for cut in np.unique(cuts):
        _add_dense(matrix[:cut, :cut], ordered[cuts == cut][:, :cut])
    _add_sparse(matrix, _after_cuts(ordered, cuts), ordered)
    symmetrize(matrix)
    _unpermute(matrix, fullest)
    return matrix


def gram_bytes(columns: int, entries: int) -> int:
    """Peak memory of `gram` in bytes, with its result and without X, which has so many `entries`."""
    widest = min(columns, _WIDTHS[-1])
    dense = 4 * (widest + _DENSE_ROWS) * widest  # and the sparse products after it
    sparse_ = min(_BLOCK_BYTES, 12 * columns**2) + 20 * entries
    return 4 * columns**2 + 8 * entries + max(dense, sparse_)


def symmetrize(matrix: np.ndarray) -> None:
    """Copy the lower triangle of a square matrix to the upper one, in place."""
    size = len(matrix)
    for start in range(0, size, _BLOCK):
        block, below = slice(start, start + _BLOCK), slice(start + _BLOCK, size)
        matrix[block, below] = matrix[below, block].T
        corner = np.tril(matrix[block, block])
        matrix[block, block] = corner + np.tril(corner, -1).T


def _cuts(X: sparse.csr_matrix) -> np.ndarray:
    """The column at which each row is cut, the cheapest of `_WIDTHS`: int64 (rows,)."""
    columns = X.shape[1]
    widths = np.array([0, *(width for width in _WIDTHS if width < columns), *([columns] * (columns <= _WIDTHS[-1]))])
    pattern = sparse.csr_matrix((np.ones(X.nnz, dtype=np.float32), X.indices, X.indptr), shape=X.shape)
    n_sparse = pattern @ (np.arange(columns)[:, None] >= widths).astype(np.float32)  # (rows, widths)
    costs = _DENSE_COST / 2 * widths.astype(np.float64) ** 2 + n_sparse * np.diff(X.indptr)[:, None]
    return widths[np.argmin(costs, axis=1)]


def _after_cuts(X: sparse.csr_matrix, cuts: np.ndarray) -> sparse.csr_matrix:
    """X with only the entries of each row from its cut on."""
    kept = X.indices >= np.repeat(cuts, np.diff(X.indptr))
    indptr = np.concatenate([[0], np.cumsum(kept)])[X.indptr]
    return sparse.csr_matrix((X.data[kept], X.indices[kept], indptr), shape=X.shape)


def _add_dense(matrix: np.ndarray, X: sparse.csr_matrix) -> None:
    """Add XᵀX to the lower triangle of `matrix`."""
    if not X.nnz:
        return
    total = np.zeros(matrix.shape, dtype=np.float32, order="F")
    for start in range(0, X.shape[0], _DENSE_ROWS):
        total = ssyrk(1, X[start : start + _DENSE_ROWS].toarray().T, beta=1, c=total, lower=1, overwrite_c=1)
    matrix += total


def _add_sparse(matrix: np.ndarray, left: sparse.csr_matrix, right: sparse.csr_matrix) -> None:
    """Add the lower triangle of leftᵀ·right to `matrix`, and a part of the upper one."""
    transposed = sparse.csr_matrix(left.T)
    threads = os.cpu_count() or 1
    # A block takes its values and column indices as a sparse matrix, and its values as a dense one.
    step = max(1, _BLOCK_BYTES // (3 * threads * 4 * len(matrix)))
    edges = [0, *(edge for edge in _WIDTHS if edge < len(matrix)), len(matrix)]

    def add(start: int, stop: int, columns: sparse.csr_matrix) -> None:
        matrix[start:stop, : columns.shape[1]] += (transposed[start:stop] @ columns).toarray()

    with ThreadPoolExecutor(threads) as pool:
        for first, last in pairwise(edges):
            columns = right[:, :last]
            jobs = [pool.submit(add, start, min(start + step, last), columns) for start in range(first, last, step)]
            for job in jobs:
                job.result()


def _unpermute(matrix: np.ndarray, order: np.ndarray) -> None:
    """Move row and column i to `order[i]`, in place."""
    source = np.argsort(order)
    for start in range(0, len(matrix), _BLOCK):
        matrix[:, start : start + _BLOCK] = matrix[source, start : start + _BLOCK]
    for start in range(0, len(matrix), _BLOCK):
        matrix[start : start + _BLOCK] = np.take(matrix[start : start + _BLOCK], source, axis=1)
