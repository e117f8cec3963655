"""Keeping the weights that matter most: those with the largest effect on the training scores, estimated again."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import sposv
from threadpoolctl import threadpool_limits

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.positive_definite import NOT_DEFINITE

WEIGHTS_PER_FILM = 240  # weights that are kept where no other number is given, on average, in all matrices together


def largest_weights(
    blocks: Iterable[tuple[slice, np.ndarray]], norms: np.ndarray, total: int, target_exponent: float = 0.0
) -> sparse.csr_matrix:
    """The `total` weights B_ji with the largest |B_ji| · ‖X_j‖ · ‖X_i‖^e: CSR float32 (inputs, targets).

    `blocks` are slices of targets i, each with its weights, float32 (targets of the block, inputs), so that B need
    never be whole in memory; `norms`, float (films,), are the norms ‖X_j‖ of the columns of the training matrix.
    One threshold for all serves far better than a number for each target: in weights for short histories, what
    the famous films favour takes most of them. The exponent e, `target_exponent`, is above 0 where popular films are
    recommended more than others. Weights that tie at the threshold are all kept.
    """
    input_norms, factors = norms.astype(np.float32), (norms**target_exponent).astype(np.float32)
    kept: list[tuple[np.ndarray, ...]] = []  # magnitude, weight, input and target of each
    threshold, n_kept = np.float32(np.finfo(np.float32).tiny), 0
    for block, weights in blocks:
        magnitude = np.abs(weights * input_norms) * factors[block, None]
        row, column = np.nonzero(magnitude >= threshold)
        kept.append((magnitude[row, column], weights[row, column], column, row + block.start))
        n_kept += len(row)
        if n_kept > 2 * total:
            kept, threshold = _cut(kept, total)
            n_kept = len(kept[0][0])
    (_, values, inputs, targets), *_ = _cut(kept, total)[0]
    return sparse.csr_matrix((values, (inputs, targets)), shape=(len(norms),) * 2)


def prune(matrix: sparse.csr_matrix, norms: np.ndarray, total: int, target_exponent: float = 0.0) -> sparse.csr_matrix:
    """The same for weights that are a sparse matrix already, CSR (inputs, targets)."""
    factors = (norms**target_exponent)[matrix.indices]
    magnitude = np.abs(matrix.data) * np.repeat(norms, np.diff(matrix.indptr)) * factors
    pruned = matrix.copy()
    if matrix.nnz > total:
        pruned.data[magnitude < np.partition(magnitude, -total)[-total]] = 0
    pruned.eliminate_zeros()
    return pruned


def refitted(
    pruned: sparse.csr_matrix, submatrix: Callable[[np.ndarray], np.ndarray], factors: np.ndarray
) -> sparse.csr_matrix:
    """The weights that were kept, estimated again without the others: CSR float32 (inputs, targets).

    The inputs S of target i have the weights of the regression on S alone,

        B_Si = f_i · A_SS⁻¹ A_Si

    where A is XᵀX + Λ, of which `submatrix` returns the rows and columns at some films, int64 ascending, float32
    (n, n) with an upper triangle at least, and f are `factors`, float (films,) (Steck 2019, "Markov random fields for
    collaborative filtering"). So what an input that is left out told of a film is told by similar ones that are kept.
    """
    columns = sparse.csc_matrix(pruned)
    columns.sort_indices()

    def refit(target: int) -> None:
        of_target = slice(*columns.indptr[target : target + 2])
        inputs = columns.indices[of_target].astype(np.int64)
        if len(inputs):
            columns.data[of_target] = factors[target] * _regression(submatrix, inputs, target)

    # Regressions side by side take less time than one after another with all threads.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(refit, range(columns.shape[1])))
    return sparse.csr_matrix(columns)


def _regression(submatrix: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray, target: int) -> np.ndarray:
    """A_SS⁻¹ A_Si for the inputs S, int64 ascending, of the target i: float32 (inputs,).

    It is −Q_Si / Q_ii for the inverse Q of the rows and columns S and i of A.
    """
    place = int(np.searchsorted(inputs, target))
    matrix = submatrix(np.insert(inputs, place, target))
    unit = np.zeros(len(matrix), dtype=np.float32)
    unit[place] = 1
    _, column, failed = sposv(matrix.T, unit, lower=1, overwrite_a=1, overwrite_b=1)  # of Q
    if failed:
        raise CineMatchError(NOT_DEFINITE)
    weights: np.ndarray = -np.delete(column, place) / column[place]
    return weights


def _cut(kept: list[tuple[np.ndarray, ...]], total: int) -> tuple[list[tuple[np.ndarray, ...]], np.float32]:
    """The `total` entries of the largest magnitude as one part, and the smallest magnitude among them."""
    columns = tuple(np.concatenate(parts) for parts in zip(*kept, strict=True))
    magnitude = columns[0]
    if len(magnitude) <= total:
        return [columns], magnitude.min(initial=np.float32(np.inf))
    threshold = np.partition(magnitude, -total)[-total]
    chosen = magnitude >= threshold
    return [tuple(one[chosen] for one in columns)], threshold
