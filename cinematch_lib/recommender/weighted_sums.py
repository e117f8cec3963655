"""Sums of item-to-item weights over the known films of many users."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights

_TOGETHER = 16  # users whose rows are added up at once: a copy of their rows stays in the cache of a processor


def weighted_sums(
    known: sparse.csr_matrix, mixtures: Sequence[Sequence[tuple[int, float]]], weights: ItemWeights, maximum: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Σ_m t_m / s_m Σ_j w_j B_ji of each user, with s_m the highest sum of the films with w_j > 0.

    Parameters
    ----------
    known : CSR float32 (users, films), w_j of every known film.
    mixtures : of each user, the numbers m of the matrices B and their shares; t_m is the share times `maximum`.
    weights : the matrices.
    maximum : the most that the sum over the films with w_j > 0 can be.

    Returns
    -------
    sums : float32 (users, targets).
    units : float64 (users,), what one predicted rating counts.
    rated : bool (users,), whether any s_m is positive; where none is, the weights favour no film.

    """
    users = known.shape[0]
    sums = np.zeros((users, weights.n_targets), dtype=np.float32)
    units, rated = np.zeros(users), np.zeros(users, dtype=bool)
    shares = [dict(mixture) for mixture in mixtures]
    for number, B in enumerate(weights.compact):
        members = [user for user in range(users) if number in shares[user]]
        for some in (members[first : first + _TOGETHER] for first in range(0, len(members), _TOGETHER)):
            found, highest_of = _sums_of_rows(B, known[some])
            for user, of_user, highest in zip(some, found, highest_of, strict=True):
                if highest > 0:
                    of_user *= np.float32(shares[user][number] * maximum / highest)
                    sums[user] += of_user
                    units[user] += shares[user][number] * maximum * weights.unit(number, highest)
                    rated[user] = True
    return sums, units, rated


def _sums_of_rows(B: sparse.csr_matrix, known: sparse.csr_matrix) -> tuple[np.ndarray, list[float]]:
    """Σ_j w_j B_ji of some users, float32 (users, columns), and the highest sum of each over the films with w_j > 0."""
    (users, _), columns, rows = known.shape, B.shape[1], B[known.indices]
    # The columns of each user follow those of the user before, so that one product adds up the rows of all.
    for user, (start, end) in enumerate(pairwise(rows.indptr[known.indptr].tolist())):
        rows.indices[start:end] += user * columns
    of_all = sparse.csc_matrix((rows.data, rows.indices, rows.indptr), (users * columns, rows.shape[0]))
    sums = (of_all @ np.maximum(known.data, 0)).reshape(users, columns)
    highest = sums.max(axis=1, initial=0).tolist()
    if (known.data < 0).any():
        sums += (of_all @ np.minimum(known.data, 0)).reshape(users, columns)
    return sums, highest
