"""Keeping the weights that matter most: those with the largest effect on the training scores."""

from collections.abc import Iterable

import numpy as np
from scipy import sparse


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


def _cut(kept: list[tuple[np.ndarray, ...]], total: int) -> tuple[list[tuple[np.ndarray, ...]], np.float32]:
    """The `total` entries of the largest magnitude as one part, and the smallest magnitude among them."""
    columns = tuple(np.concatenate(parts) for parts in zip(*kept, strict=True))
    magnitude = columns[0]
    if len(magnitude) <= total:
        return [columns], magnitude.min(initial=np.float32(np.inf))
    threshold = np.partition(magnitude, -total)[-total]
    chosen = magnitude >= threshold
    return [tuple(one[chosen] for one in columns)], threshold
