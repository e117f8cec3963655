"""The Gram matrix XᵀX of ratings, where few rows and few columns hold most of what there is."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ssyrk

_LADDER = (512, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # so many of the fullest columns a row may have dense
_DENSE = 0.005  # what a multiplication in a dense product costs, beside one in a sparse product
_ROWS = 4096  # rows made dense at once
_WORKING = 1 << 29  # bytes that the sparse products' blocks may take
_LOG = logging.getLogger(__name__)
_BLOCK = 512  # columns mirrored or moved at once


def gram(X: sparse.csr_matrix) -> np.ndarray:
    """XᵀX of CSR float32 X, (rows, columns): float32 (columns, columns), symmetric to the last bit.

    A row of n entries takes n² multiplications one by one, or columns²/2 as a part of a dense product, each of
    which is some two hundred times as quick. So each row is cut in two: what it has among the fullest columns
    is multiplied densely, by BLAS, and the rest by all that the row has as a sparse product, in blocks of
    columns on several threads. Where to cut is what costs each row least: a long history deep down, a session
    not at all. Of either product one half is made.
    """
    _LOG.info("Gram matrix of %s columns from %s rows", f"{X.shape[1]:,}", f"{X.shape[0]:,}")
    fullest = np.argsort(-np.bincount(X.indices, minlength=X.shape[1]), kind="stable")
    ordered = sparse.csr_matrix(X[:, fullest], dtype=np.float32)
    made = np.zeros((X.shape[1], X.shape[1]), dtype=np.float32)
    cuts = _cuts(ordered)
    for cut in np.unique(cuts):
        _add_dense(made[:cut, :cut], ordered[cuts == cut][:, :cut])
    _add_sparse(made, _behind(ordered, cuts), ordered)
    mirror(made)
    _put_back(made, fullest)
    return made


def gram_bytes(columns: int, entries: int) -> int:
    """What `gram` holds at the most, with its result and without X, which has so many `entries`."""
    widest = min(columns, _LADDER[-1])
    dense, thin = 4 * (widest + _ROWS) * widest, _WORKING + 20 * entries  # one after the other
    return 4 * columns**2 + 8 * entries + max(dense, thin)


def _cuts(X: sparse.csr_matrix) -> np.ndarray:
    """Before which column each row is cut: int64 (rows,)."""
    columns = X.shape[1]
    steps = np.array([0, *(step for step in _LADDER if step < columns), *([columns] * (columns <= _LADDER[-1]))])
    pattern = sparse.csr_matrix((np.ones(X.nnz, dtype=np.float32), X.indices, X.indptr), shape=X.shape)
    behind = pattern @ (np.arange(columns)[:, None] >= steps).astype(np.float32)
    costs = _DENSE / 2 * steps.astype(np.float64) ** 2 + behind * np.diff(X.indptr)[:, None]
    return steps[np.argmin(costs, axis=1)]


def _behind(X: sparse.csr_matrix, cuts: np.ndarray) -> sparse.csr_matrix:
    """X without what each row has before its cut."""
    kept = X.indices >= np.repeat(cuts, np.diff(X.indptr))
    indptr = np.concatenate([[0], np.cumsum(kept)])[X.indptr]
    return sparse.csr_matrix((X.data[kept], X.indices[kept], indptr), shape=X.shape)


def _add_dense(made: np.ndarray, X: sparse.csr_matrix) -> None:
    """Add XᵀX to the lower half of `made`."""
    if not X.nnz:
        return
    total = np.zeros(made.shape, dtype=np.float32, order="F")
    for at in range(0, X.shape[0], _ROWS):
        total = ssyrk(1, X[at : at + _ROWS].toarray().T, beta=1, c=total, lower=1, overwrite_c=1)
    made += total


def _add_sparse(made: np.ndarray, left: sparse.csr_matrix, right: sparse.csr_matrix) -> None:
    """Add leftᵀ·right to `made`: its lower half, and some of the upper one."""
    turned = sparse.csr_matrix(left.T)
    threads = os.cpu_count() or 1
    step = max(1, _WORKING // (3 * threads * 4 * len(made)))  # a sparse block's values and columns, and it dense
    edges = [0, *(edge for edge in _LADDER if edge < len(made)), len(made)]

    def add(start: int, stop: int, columns: sparse.csr_matrix) -> None:
        made[start:stop, : columns.shape[1]] += (turned[start:stop] @ columns).toarray()

    with ThreadPoolExecutor(threads) as pool:
        for first, last in pairwise(edges):
            columns = right[:, :last]
            jobs = [pool.submit(add, at, min(at + step, last), columns) for at in range(first, last, step)]
            for job in jobs:
                job.result()


def mirror(matrix: np.ndarray) -> None:
    """Make a square matrix symmetric in place, by its lower half."""
    size = len(matrix)
    for at in range(0, size, _BLOCK):
        below = slice(at + _BLOCK, size)
        here = slice(at, at + _BLOCK)
        matrix[here, below] = matrix[below, here].T
        corner = np.tril(matrix[here, here])
        matrix[here, here] = corner + np.tril(corner, -1).T


def _put_back(matrix: np.ndarray, order: np.ndarray) -> None:
    """Move row and column i to `order[i]`, in place."""
    source = np.argsort(order)
    for at in range(0, len(matrix), _BLOCK):
        matrix[:, at : at + _BLOCK] = matrix[source, at : at + _BLOCK]
    for at in range(0, len(matrix), _BLOCK):
        matrix[at : at + _BLOCK] = np.take(matrix[at : at + _BLOCK], source, axis=1)
