"""The Gram matrix XᵀX of ratings, in which few rows and few columns hold most of the entries."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ssyrk

from cinematch_lib.cluster import connection
from cinematch_lib.cluster.tasks import sum_tiles
from cinematch_lib.models.triangle import symmetrize

_WIDTHS = (512, 1024, 1536, 2048, 3072, 4096, 6144, 8192)  # of the dense part of a row, in the fullest columns
_DENSE_COST = 0.005  # of one multiplication in a dense product, relative to one in a sparse product
_DENSE_ROWS = 4096  # rows made dense at once
_BLOCK_BYTES = 1 << 28  # for the blocks of the sparse products
_BLOCK = 512  # columns copied at once
_PART_ENTRIES = 2_000_000  # of the rows that are multiplied at once by a worker, or in double precision
_UNITS = (1, 10, 20)  # of what entries may be whole multiples: 1/10 of rating weights, 1/20 with half of these
_MOST_OTHER = 64  # columns of other entries whose products are added up in double precision: years
_ROUNDING = 3e-7  # relative, of a multiple in single precision
_TILE_BYTES, _TILE_SHARE = 1 << 28, 1 / 16  # of the rows of the result that a worker adds up at once; of its memory
_WORKER_BYTES = 250_000_000  # of a worker's process before it multiplies
_LOG = logging.getLogger(__name__)


def column_squares(X: sparse.csr_matrix) -> np.ndarray:
    """The squared norms of the columns, the diagonal of XᵀX: float64 (columns,)."""
    return np.bincount(X.indices, np.square(X.data, dtype=np.float64), X.shape[1])


def gram(X: sparse.csr_matrix) -> np.ndarray:
    """XᵀX of a CSR float32 X, (rows, columns): float32 (columns, columns), exactly symmetric.

    A row with n entries costs n² multiplications in a sparse product, or columns²/2 in a dense one, where each is
    about two hundred times as fast. So the columns are sorted by their number of entries, and each row is cut in
    two where that costs least: its entries in the fullest columns are multiplied densely by BLAS, and the rest
    sparsely with the whole row, in blocks of columns on several threads. Only the lower triangle is computed.

    On a cluster (`cluster.connection`) each worker holds a share of the rows and adds up their lower triangle, tile
    by tile; the sums of the workers are added here. Raises CineMatchError if the workers have too little memory.

    The order of a sum does not matter where it is of whole numbers and stays below 2^24. So entries that are multiples
    of 1/10, such as rating weights, are multiplied as whole numbers. Few columns may hold other entries; their
    products are added up here, in double precision. So the result is the same for any number of workers and threads;
    where there are more such columns, or larger sums, it differs by rounding.
    """
    _LOG.info("Gram matrix of %s columns from %s rows", f"{X.shape[1]:,}", f"{X.shape[0]:,}")
    unit, is_other = _unit(X)
    counts = np.where(is_other, -1, np.bincount(X.indices, minlength=X.shape[1]))
    order = np.argsort(-counts, kind="stable")  # the fullest columns first, the others last
    n_whole = X.shape[1] - int(is_other.sum())
    ordered = sparse.csr_matrix(X[:, order[:n_whole]], dtype=np.float32)
    if unit:
        ordered.data *= unit
        np.rint(ordered.data, out=ordered.data)
    matrix = np.zeros((X.shape[1], X.shape[1]), dtype=np.float32)
    _add_up(matrix[:n_whole, :n_whole], ordered)
    del ordered
    if unit > 1:
        for start in range(0, n_whole, _BLOCK):
            matrix[start : min(start + _BLOCK, n_whole), : start + _BLOCK] /= np.float32(unit**2)
    if n_whole < X.shape[1]:
        matrix[n_whole:] = _other_products(X, order[n_whole:])[:, order]
    symmetrize(matrix)
    _unpermute(matrix, order)
    return matrix


def _unit(X: sparse.csr_matrix) -> tuple[int, np.ndarray]:
    """How many units are 1, so that the entries of almost all columns are whole, and bool (columns,): of the others.

    The number is 0, and there are no others, where entries are not whole in any of the units.
    """
    for unit in _UNITS:
        is_other = np.zeros(X.shape[1], dtype=bool)
        for start in range(0, X.nnz, _PART_ENTRIES):
            entries = slice(start, start + _PART_ENTRIES)
            units = np.float32(unit) * X.data[entries]
            off = np.abs(units - np.rint(units)) > _ROUNDING * np.abs(units)
            is_other[X.indices[entries][off]] = True
            if is_other.sum() > _MOST_OTHER:
                break
        else:
            return unit, is_other
    return 0, np.zeros(X.shape[1], dtype=bool)


def _other_products(X: sparse.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """The rows of XᵀX of few `columns`, int64 (n,), added up in double precision: float64 (n, columns of X)."""
    total = np.zeros((X.shape[1], len(columns)))
    for part in parts_of(X, 1):
        total += part.T @ part[:, columns].toarray().astype(np.float64)
    return total.T


def _add_up(matrix: np.ndarray, X: sparse.csr_matrix) -> None:
    """Set the lower triangle of `matrix`, which is zero, to that of XᵀX: on the cluster if there is one, else here."""
    if not X.nnz:
        return
    if not connection.is_used():
        _add_triangle(matrix, X, 0)
        return
    check_workers(X.shape[1], X.nnz)
    tiles = tiles_of(X.shape[1], tile_bytes())
    parts = parts_of(X, len(connection.present_workers(connection.client())))
    for tile, total in zip(tiles, sum_tiles(triangle, parts, tiles, "Gram matrix"), strict=True):
        matrix[tile, : tile.stop] = total


def check_workers(columns: int, entries: int) -> None:
    """Raise CineMatchError if the workers lack the memory for the Gram matrix of an X with so many `entries`."""
    n_workers = len(connection.present_workers(connection.client()))
    tile = min(tile_bytes(), 4 * columns**2)
    dense = 4 * _DENSE_ROWS * min(columns, _WIDTHS[-1]) + tile
    products = 28 * min(_PART_ENTRIES, entries) + max(dense, min(_BLOCK_BYTES, 3 * tile))
    needed = _WORKER_BYTES + 8 * entries / n_workers + 3 * tile + products
    what = f"Gram matrices of {columns:,} columns from {entries:,} entries"
    connection.check_worker_memory(needed, what, "take more workers, or larger ones (--memory)")


def gram_bytes(columns: int, entries: int) -> int:
    """Peak memory of `gram` in bytes, with its result and without X, which has so many `entries`."""
    widest = min(columns, _WIDTHS[-1])
    dense = 4 * (widest + _DENSE_ROWS) * widest  # and the sparse products after it
    sparse_ = min(_BLOCK_BYTES, 12 * columns**2) + 20 * entries
    return 4 * columns**2 + 8 * entries + max(dense, sparse_)


def parts_of(X: sparse.csr_matrix, n_workers: int) -> Iterator[sparse.csr_matrix]:
    """The rows of X in parts of `_PART_ENTRIES` entries at most, approximately, and as many for each worker."""
    n_parts = n_workers * -(-X.nnz // (n_workers * _PART_ENTRIES))
    edges = np.searchsorted(X.indptr, np.arange(n_parts) * X.nnz // n_parts)
    for first, last in pairwise([*np.unique(edges).tolist(), X.shape[0]]):
        if X.indptr[last] > X.indptr[first]:
            yield X[first:last]


def tile_bytes() -> int:
    """The size of the tiles of a Gram matrix on the workers that there are."""
    return int(min(_TILE_BYTES, _TILE_SHARE * connection.worker_memory()))


def tiles_of(columns: int, size: int) -> list[slice]:
    """Rows of a Gram matrix whose lower triangle takes about `size` bytes."""
    tiles, start = [], 0
    while start < columns:
        # rows · (start + rows) · 4 bytes
        rows = int((np.sqrt(start**2 + size) - start) / 2)
        tiles.append(slice(start, min(start + max(rows, _BLOCK), columns)))
        start = tiles[-1].stop
    return tiles


def triangle(X: sparse.csr_matrix, tile: slice) -> np.ndarray:
    """The rows `tile` of the lower triangle of XᵀX: float32 (rows, tile.stop)."""
    matrix = np.zeros((tile.stop - tile.start, tile.stop), dtype=np.float32)
    _add_triangle(matrix, X[:, : tile.stop], tile.start)
    return matrix


def _add_triangle(matrix: np.ndarray, X: sparse.csr_matrix, start: int) -> None:
    """Add the rows from `start` on of the lower triangle of XᵀX to `matrix`, float32 (columns - start, columns)."""
    cuts = _cuts(X)
    for cut in np.unique(cuts):
        if cut > start:
            _add_dense(matrix[: cut - start, :cut], X[cuts == cut][:, :cut], start)
    _add_sparse(matrix, sparse.csr_matrix(_after_cuts(X, cuts)[:, start:].T), X, start)


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


def _add_dense(matrix: np.ndarray, X: sparse.csr_matrix, start: int) -> None:
    """Add the rows from `start` on of the lower triangle of XᵀX to `matrix`, by dense products."""
    if not X.nnz:
        return
    blocks = (X[at : at + _DENSE_ROWS].toarray() for at in range(0, X.shape[0], _DENSE_ROWS))
    if start:
        for block in blocks:
            matrix += block[:, start:].T @ block
        return
    total = np.zeros(matrix.shape, dtype=np.float32, order="F")
    for block in blocks:
        total = ssyrk(1, block.T, beta=1, c=total, lower=1, overwrite_c=1)
    matrix += total


def _add_sparse(matrix: np.ndarray, left: sparse.csr_matrix, right: sparse.csr_matrix, start: int) -> None:
    """Add the rows from `start` on of the lower triangle of left·right to `matrix`, and a part of the upper one.

    `left` has only these rows.
    """
    size = matrix.shape[1]
    # Dask sets the variable for its workers, which share a machine.
    threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1
    # A block takes its values and column indices as a sparse matrix, and its values as a dense one.
    step = max(1, _BLOCK_BYTES // (3 * threads * 4 * size))
    edges = [start, *(edge for edge in _WIDTHS if start < edge < size), size]

    def add(rows: slice, columns: sparse.csr_matrix) -> None:
        matrix[rows, : columns.shape[1]] += (left[rows] @ columns).toarray()

    with ThreadPoolExecutor(threads) as pool:
        for first, last in pairwise(edges):
            columns = right if last == size else right[:, :last]
            blocks = range(first - start, last - start, step)
            jobs = [pool.submit(add, slice(at, min(at + step, last - start)), columns) for at in blocks]
            for job in jobs:
                job.result()


def _unpermute(matrix: np.ndarray, order: np.ndarray) -> None:
    """Move row and column i to `order[i]`, in place."""
    source = np.argsort(order)
    for start in range(0, len(matrix), _BLOCK):
        matrix[:, start : start + _BLOCK] = matrix[source, start : start + _BLOCK]
    for start in range(0, len(matrix), _BLOCK):
        matrix[start : start + _BLOCK] = np.take(matrix[start : start + _BLOCK], source, axis=1)
