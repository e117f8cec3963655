"""Top-k selection by one rule: by falling score, and equal scores in the order of their positions."""

import math
from numbers import Integral

import numpy as np

from cinematch_lib.errors import CineMatchError

_ROWS = 64  # of the table in whose columns high values are looked for
_FEW = 8  # times as many columns: in more than so few, all values are looked at


def check_k(k: int, n_films: int | None = None) -> int:
    """`k` if it is a whole number from 1 to `n_films`, or from 1 up where that is None. Raises CineMatchError."""
    if isinstance(k, Integral) and not isinstance(k, bool) and 1 <= k <= (n_films or k):
        return k
    allowed = f"between 1 and {n_films} (the number of films)" if n_films else "a whole number from 1 up"
    raise CineMatchError(f"k must be {allowed}, got {repr(k) if isinstance(k, str) else k}")


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """The positions of the `k` highest scores of (n,), the highest first: int64, at most (k,).

    A score of −∞ marks an excluded item, which is never returned, so that there may be fewer than `k`.

    >>> top_k(np.array([1.0, 3.0, 2.0, 3.0, -np.inf]), 3).tolist()
    [1, 3, 2]
    """
    # The k-th highest of some scores is at most that of all, so it bounds the candidates. It is of the highest scores
    # of many columns, of which few hold two of the best.
    rows = max(1, math.isqrt(len(scores) // k))
    some = scores[: len(scores) // rows * rows].reshape(rows, -1)[:: 1 + rows // 64]
    bound = kth_highest(some.max(axis=0), k)
    positions = np.flatnonzero(scores >= bound if bound > -np.inf else scores > bound)
    candidates = scores[positions]
    is_best = candidates >= kth_highest(candidates, k)
    return positions[is_best][(-candidates[is_best]).argsort(kind="stable")][:k]


def at_least(values: np.ndarray, bound: float) -> np.ndarray:
    """The positions of the values of (n,) that are a bound or more: int64, ascending; found fast where these are few.

    >>> at_least(np.array([1.0, 3.0, 2.0, 3.0]), 2.5).tolist()
    [1, 3]
    """
    columns = len(values) // _ROWS
    table = values[: _ROWS * columns].reshape(_ROWS, columns)
    (some,) = (table.max(axis=0) >= bound).nonzero()
    if _FEW * len(some) > columns:
        return np.flatnonzero(values >= bound)
    row, column = (table[:, some] >= bound).nonzero()
    (last,) = (values[_ROWS * columns :] >= bound).nonzero()
    return np.concatenate([row * columns + some[column], last + _ROWS * columns])


def kth_highest(values: np.ndarray, k: int) -> float:
    """The k-th highest of the values; −∞ where there are fewer."""
    # Where many values are equal, the k-th smallest is found faster than the k-th highest.
    return -float(np.partition(-values, k - 1)[k - 1]) if k <= len(values) else -np.inf


def top_k_per_row(scores: np.ndarray, k: int) -> np.ndarray:
    """The columns of the `k` highest scores in each row of (rows, n): int64 (rows, min(k, n)).

    Every row has the same length, so that an excluded item, of score −∞, may stand at the end of one.

    >>> top_k_per_row(np.array([[1.0, 3.0, 2.0, 3.0]]), 3).tolist()
    [[1, 3, 2]]
    """
    k = min(k, scores.shape[1])
    threshold = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k, None]
    above, tied = scores > threshold, scores == threshold
    room = k - above.sum(axis=1, keepdims=True)
    selected = above | (tied & (np.cumsum(tied, axis=1) <= room))
    columns = np.nonzero(selected)[1].reshape(len(scores), k)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)
