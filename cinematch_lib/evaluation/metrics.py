"""How good lists of recommendations are: what they find, and what kind of lists they are.

Every function takes `recommendations` with `userId, movieId, rank` (rank 1 is the best) and gives a value for
each user, so that intervals and paired comparisons can follow.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR


def accuracy(recommendations: pd.DataFrame, held_out: pd.DataFrame, ks: Sequence[int] = (10, 20)) -> pd.DataFrame:
    """What each user's list finds of their held-out films: float64 (users, metrics), indexed by userId, ascending.

    Columns, for each k: ``ndcg@k`` (a find at rank r counts 1/log2(r+1), over the best that k ranks allow;
    Järvelin and Kekäläinen 2002, doi 10.1145/582415.582418), ``recall@k`` (the found part of the held-out
    films), ``capped_recall@k`` (the same, over no more than k), ``precision@k`` (the part of k that is finds),
    ``map@k`` (precision at each find's rank, over the finds that k ranks allow), ``mrr@k`` (1/rank of the
    first find). Users are those of `held_out`; who has no list finds nothing.

    >>> lists = pd.DataFrame({"userId": 7, "movieId": [1, 2, 3], "rank": [1, 2, 3]})
    >>> accuracy(lists, pd.DataFrame({"userId": [7, 7], "movieId": [2, 9]}), ks=[3]).round(3).loc[7].to_dict()
    {'ndcg@3': 0.387, 'recall@3': 0.5, 'capped_recall@3': 0.5, 'precision@3': 0.333, 'map@3': 0.25, 'mrr@3': 0.5}
    """
    users, hits, held = _hits(recommendations, held_out, _checked(ks))
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.cumsum(discount)
    ranks = np.arange(1, hits.shape[1] + 1)
    precision_at_hits = np.cumsum(hits, axis=1) / ranks * hits
    values = {}
    for k in ks:
        found, most = hits[:, :k].sum(axis=1), np.minimum(held, k)
        values[f"ndcg@{k}"] = hits[:, :k] @ discount[:k] / ideal[most - 1]
        values[f"recall@{k}"] = found / held
        values[f"capped_recall@{k}"] = found / most
        values[f"precision@{k}"] = found / k
        values[f"map@{k}"] = precision_at_hits[:, :k].sum(axis=1) / most
        values[f"mrr@{k}"] = np.max(hits[:, :k] / ranks[:k], axis=1)
    return pd.DataFrame(values, index=pd.Index(users, name="userId"))


def coverage(recommendations: pd.DataFrame, catalog: pd.DataFrame, k: int) -> float:
    """The part of the catalog's films that are in somebody's first `k`."""
    shown = recommendations.loc[recommendations["rank"] <= k, "movieId"].unique()
    return float(catalog["movieId"].isin(shown).mean())


def kinds(recommendations: pd.DataFrame, train: pd.DataFrame, catalog: pd.DataFrame, k: int) -> pd.DataFrame:
    """What kind of list each user gets: float64 (users, 3), indexed by userId, ascending.

    ``tail@k``: the part of films outside the 1 % of the catalog with the most training ratings.
    ``novelty@k``: the mean of −log2 of the part of training users who rated the film (a film that nobody did
    counts as rated by half a user). ``diversity@k``: 1 less the mean cosine of genres over the pairs of films;
    films without genres are like none; 0 for a list of one.
    """
    lists = recommendations[recommendations["rank"] <= k].sort_values(["userId", "rank"], kind="stable")
    counts = train["movieId"].value_counts()
    known = counts.reindex(lists["movieId"]).fillna(0).to_numpy()
    rated = np.maximum(known, 0.5) / max(train["userId"].nunique(), 1)
    values = {
        f"tail@{k}": ~lists["movieId"].isin(most_popular(train, catalog)).to_numpy(),
        f"novelty@{k}": -np.log2(rated),
    }
    means = pd.DataFrame(values, index=lists["userId"].to_numpy()).astype(float).groupby(level=0).mean()
    return means.assign(**{f"diversity@{k}": _diversity(lists, catalog)}).rename_axis("userId")


def most_popular(train: pd.DataFrame, catalog: pd.DataFrame, part: float = 0.01) -> np.ndarray:
    """The ids of the films with the most training ratings, `part` of the catalog (one at the least): int64."""
    counts = train["movieId"].value_counts().rename_axis("movieId").reset_index(name="count")
    counts = counts.sort_values(["count", "movieId"], ascending=[False, True])
    return counts["movieId"].head(max(1, round(part * len(catalog)))).to_numpy(dtype=np.int64)


def recall_by_popularity(
    recommendations: pd.DataFrame, held_out: pd.DataFrame, train: pd.DataFrame, k: int, edges: Sequence[int]
) -> pd.DataFrame:
    """How many of the held-out films are found in the first `k`, by how many training ratings they have.

    `edges`, ascending, are the least ratings of each class after the first, which begins at 0. Columns:
    `ratings` (the class in words), `held_out` (how many), `found` (which part of them).
    """
    wanted = held_out[["userId", "movieId"]]
    shown = recommendations.loc[recommendations["rank"] <= k, ["userId", "movieId"]]
    found = wanted.merge(shown.assign(found=True), how="left", on=["userId", "movieId"])["found"].eq(True).to_numpy()
    counts = train["movieId"].value_counts().reindex(wanted["movieId"]).fillna(0).to_numpy()
    at = np.searchsorted(np.asarray(edges), counts, side="right")
    starts = [0, *edges]
    words = [f"{low} to {high - 1}" for low, high in zip(starts, edges, strict=False)] + [f"{starts[-1]} and more"]
    size = np.bincount(at, minlength=len(words))
    share = np.bincount(at, weights=found, minlength=len(words)) / np.maximum(size, 1)
    return pd.DataFrame({"ratings": words, "held_out": size, "found": np.where(size, share, np.nan)})


def _hits(
    recommendations: pd.DataFrame, held_out: pd.DataFrame, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The test users (users,), whether each rank is a find (users, depth), the number of held-out films (users,)."""
    wanted = held_out[["userId", "movieId"]].drop_duplicates()
    users, held = np.unique(wanted["userId"].to_numpy(dtype=np.int64), return_counts=True)
    lists = recommendations[recommendations["rank"] <= depth]
    if not lists["rank"].ge(1).all() or lists.duplicated(["userId", "rank"]).any():
        raise CineMatchError("recommendations must rank each user's films 1, 2, 3 and so on, each rank once")
    if lists.duplicated(["userId", "movieId"]).any():
        raise CineMatchError("recommendations name a film twice for a user; each may be there once")
    found = lists.merge(wanted, on=["userId", "movieId"])
    hits = np.zeros((len(users), depth))
    hits[np.searchsorted(users, found["userId"].to_numpy()), found["rank"].to_numpy() - 1] = 1
    return users, hits, held


def _checked(ks: Sequence[int]) -> int:
    if not ks or min(ks) < 1:
        raise CineMatchError(f"ks must be whole numbers from 1 up, got {list(ks)}")
    return max(ks)


def _diversity(lists: pd.DataFrame, catalog: pd.DataFrame) -> np.ndarray:
    """For each user of `lists` (sorted by user), 1 less the mean cosine of genres over pairs: (users,)."""
    genres = (
        catalog.set_index("movieId")["genres"].reindex(lists["movieId"]).fillna("").astype("str").reset_index(drop=True)
    )
    flags = genres.str.get_dummies(LIST_SEPARATOR).to_numpy(dtype=np.float64)
    length = np.sqrt(flags.sum(axis=1, keepdims=True))
    unit = flags / np.maximum(length, 1)
    users, code, size = np.unique(lists["userId"].to_numpy(), return_inverse=True, return_counts=True)
    member = sparse.csr_matrix((np.ones(len(code)), (code, np.arange(len(code)))), shape=(len(users), len(code)))
    # The cosines of all pairs of a list add up to (|sum|² − sum of |each|²) / 2.
    pairs = size * (size - 1) / 2
    likeness = (((member @ unit) ** 2).sum(axis=1) - member @ (unit**2).sum(axis=1)) / 2
    return np.where(pairs > 0, 1 - likeness / np.maximum(pairs, 1), 0.0)
