"""Sums of item-to-item weights over the known films of many users."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights

_GATHERED = 8  # users whose rows of weights are copied at once, so that the copy stays in the cache of a processor


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
    user_of = np.repeat(np.arange(users), np.diff(known.indptr))
    raising_first = np.lexsort((known.data <= 0, user_of))
    rows, factors, indptr = known.indices[raising_first], known.data[raising_first], known.indptr.tolist()
    n_raising = np.bincount(user_of, known.data > 0, minlength=users).astype(int).tolist()
    shares = [dict(mixture) for mixture in mixtures]
    for number, B in enumerate(weights.compact):
        members = [user for user in range(users) if number in shares[user]]
        for some in (members[first : first + _GATHERED] for first in range(0, len(members), _GATHERED)):
            gathered = _Rows(B[np.concatenate([rows[indptr[user] : indptr[user + 1]] for user in some])])
            start = 0
            for user in some:
                of_user = factors[indptr[user] : indptr[user + 1]]
                raising, lowering = of_user[: n_raising[user]], of_user[n_raising[user] :]
                found = gathered.sum(start, raising)
                highest = float(found.max(initial=0))
                if highest > 0:
                    if len(lowering):
                        found += gathered.sum(start + len(raising), lowering)
                    found *= np.float32(shares[user][number] * maximum / highest)
                    sums[user] += found
                    units[user] += shares[user][number] * maximum * weights.unit(number, highest)
                    rated[user] = True
                start += len(of_user)
    return sums, units, rated


class _Rows:
    """Rows of a matrix, of which consecutive ones are added up."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        self._matrix = matrix
        # One matrix for all sums, since making one takes as long as its product.
        self._columns = sparse.csc_matrix((matrix.shape[1], matrix.shape[0]), dtype=matrix.dtype)

    def sum(self, first: int, factors: np.ndarray) -> np.ndarray:
        """The sum of rows from `first` on, each times its factor: float32 (columns,)."""
        matrix, columns, last = self._matrix, self._columns, first + len(factors)
        start, end = matrix.indptr[[first, last]].tolist()
        columns.data, columns.indices = matrix.data[start:end], matrix.indices[start:end]
        columns.indptr = np.clip(matrix.indptr, start, end) - start
        all_factors = np.zeros(matrix.shape[0], dtype=np.float32)
        all_factors[first:last] = factors
        total: np.ndarray = columns @ all_factors
        return total
