"""nDCG and Recall of ranked lists, computed from which of their ranks are hits."""

import numpy as np


def ndcg(hits: np.ndarray, n_relevant: np.ndarray, k: int) -> np.ndarray:
    """nDCG@k of each user (Järvelin and Kekäläinen 2002, doi 10.1145/582415.582418): float64 (users,).

    DCG = Σ hits[r] / log2(r + 1) over the ranks r = 1 … k, divided by the DCG of an ideal list, whose first
    min(n_relevant, k) ranks are all hits. `hits` is 0 or 1 (users, depth), `n_relevant` int (users,), 1 or more.

    >>> ndcg(np.array([[0, 1, 0]]), np.array([2]), 3).round(3).tolist()
    [0.387]
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(n_relevant, k) - 1]
    hits = hits[:, :k]
    return hits @ discount[: hits.shape[1]] / ideal


def recall(hits: np.ndarray, n_relevant: np.ndarray, k: int) -> np.ndarray:
    """Recall@k of each user, the share of the relevant films among the first k: float64 (users,)."""
    return hits[:, :k].sum(axis=1) / n_relevant
