"""Metrics of recommendation lists: accuracy on held-out films, and metrics beyond accuracy.

`recommendations` has `userId, movieId, rank` with rank 1 for the best film. Metrics are computed for each user, so
that confidence intervals and paired comparisons are possible.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.hit_metrics import ndcg, recall
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

_RARE = 100  # ratings, below which a film is rare
_SMOOTHING = 0.01


def accuracy(recommendations: pd.DataFrame, held_out: pd.DataFrame, ks: Sequence[int] = (10, 20)) -> pd.DataFrame:
    """Accuracy of each user's list: float64 (users, metrics), indexed by userId, ascending.

    Columns, for each k, where a hit is a held-out film and H the number of held-out films:
    ``ndcg@k`` (`hit_metrics.ndcg`), ``recall@k`` (hits / H), ``capped_recall@k`` (hits / min(H, k)),
    ``precision@k`` (hits / k), ``map@k`` (Σ precision at the rank of each hit / min(H, k)) and ``mrr@k``
    (1 / rank of the first hit). Users are those of `held_out`; without a list, all metrics are 0.
    Raises CineMatchError for lists that repeat a rank or a film.

    >>> lists = pd.DataFrame({"userId": 7, "movieId": [1, 2, 3], "rank": [1, 2, 3]})
    >>> accuracy(lists, pd.DataFrame({"userId": [7, 7], "movieId": [2, 9]}), ks=[3]).round(3).loc[7].to_dict()
    {'ndcg@3': 0.387, 'recall@3': 0.5, 'capped_recall@3': 0.5, 'precision@3': 0.333, 'map@3': 0.25, 'mrr@3': 0.5}
    """
    if not ks or min(ks) < 1:
        raise CineMatchError(f"ks must be whole numbers from 1 up, got {list(ks)}")
    users, hits, n_held_out = _hits(recommendations, held_out, max(ks))
    ranks = np.arange(1, hits.shape[1] + 1)
    precision_at_hits = np.cumsum(hits, axis=1) / ranks * hits
    values = {}
    for k in ks:
        n_hits, most = hits[:, :k].sum(axis=1), np.minimum(n_held_out, k)
        values[f"ndcg@{k}"] = ndcg(hits, n_held_out, k)
        values[f"recall@{k}"] = recall(hits, n_held_out, k)
        values[f"capped_recall@{k}"] = n_hits / most
        values[f"precision@{k}"] = n_hits / k
        values[f"map@{k}"] = precision_at_hits[:, :k].sum(axis=1) / most
        values[f"mrr@{k}"] = np.max(hits[:, :k] / ranks[:k], axis=1)
    return pd.DataFrame(values, index=pd.Index(users, name="userId"))


def coverage(recommendations: pd.DataFrame, catalog: pd.DataFrame, k: int) -> float:
    """The share of the catalog that is among the first `k` of at least one list."""
    recommended = recommendations.loc[recommendations["rank"] <= k, "movieId"].unique()
    return float(catalog["movieId"].isin(recommended).mean())


def commonest(recommendations: pd.DataFrame, k: int) -> float:
    """The share of lists that have the film which most of them have among the first `k`."""
    lists = recommendations[recommendations["rank"] <= k]
    return float(lists["movieId"].value_counts().max() / lists["userId"].nunique()) if len(lists) else 0.0


def beyond_accuracy(recommendations: pd.DataFrame, train: pd.DataFrame, catalog: pd.DataFrame, k: int) -> pd.DataFrame:
    """Popularity, novelty and diversity of each user's list: float64 (users, 4), indexed by userId, ascending.

    ``tail@k``: the share of films outside the 1 % of the catalog with the most training ratings. ``rare@k``: the
    share of films with fewer than 100. ``novelty@k``: the mean of −log2(share of training users who rated the film); an
    unrated film counts as rated by half a user (Vargas and Castells 2011, doi 10.1145/2043932.2043955).
    ``diversity@k``: 1 − mean cosine of genres over pairs of films (Ziegler et al. 2005, doi 10.1145/1060745.1060754);
    a film without genres has cosine 0 with all others, and a list of one film has diversity 0.
    """
    lists = recommendations[recommendations["rank"] <= k].sort_values(["userId", "rank"], kind="stable")
    counts = train["movieId"].value_counts().reindex(lists["movieId"]).fillna(0).to_numpy()
    share = np.maximum(counts, 0.5) / max(train["userId"].nunique(), 1)
    is_tail = ~lists["movieId"].isin(most_popular(train, catalog)).to_numpy()
    values = {f"tail@{k}": is_tail, f"rare@{k}": counts < _RARE, f"novelty@{k}": -np.log2(share)}
    means = pd.DataFrame(values, index=lists["userId"].to_numpy()).astype(float).groupby(level=0).mean()
    return means.assign(**{f"diversity@{k}": _diversity(lists, catalog)}).rename_axis("userId")


def miscalibration(recommendations: pd.DataFrame, histories: pd.DataFrame, catalog: pd.DataFrame, k: int) -> pd.Series:
    """How far the genres of each user's list are from those of their likes: float64 (users,), 0 where they agree.

    The Kullback–Leibler divergence Σ_g p(g) log(p(g) / q̃(g)) of Steck 2018 (doi 10.1145/3240323.3240372), where p and q
    are the shares of the genres in the likes of the history and in the first `k` films, each film shared equally by
    its genres, and q̃ = 0.99 · q + 0.01 · p. Users without likes or list are left out.
    """
    liked = histories.loc[histories["rating"] >= LIKED, ["userId", "movieId"]]
    p = _genre_shares(liked, catalog)
    q = _genre_shares(recommendations.loc[recommendations["rank"] <= k, ["userId", "movieId"]], catalog)
    p, q = p.align(q, join="inner", axis=0)
    smoothed = (1 - _SMOOTHING) * q + _SMOOTHING * p
    terms = p * np.log(p.where(p > 0, 1) / smoothed.where(p > 0, 1))
    return terms.sum(axis=1).rename(f"miscalibration@{k}")


def _genre_shares(pairs: pd.DataFrame, catalog: pd.DataFrame) -> pd.DataFrame:
    """The shares of the genres in the films of each user: float64 (users, genres), rows that add up to one."""
    flags = _genre_flags(catalog.set_index("movieId")["genres"])
    shares = flags.div(flags.sum(axis=1).clip(lower=1), axis=0).reindex(pairs["movieId"]).fillna(0.0)
    sums = shares.groupby(pairs["userId"].to_numpy()).sum()
    totals = sums.sum(axis=1)
    return sums[totals > 0].div(totals[totals > 0], axis=0)


def _genre_flags(genres: pd.Series) -> pd.DataFrame:
    """1 where a film has a genre, else 0: int64 (films, genres)."""
    flags = genres.fillna("").astype("str").str.get_dummies(LIST_SEPARATOR)
    return flags.drop(columns="", errors="ignore")  # a column of its own for films without genres


def most_popular(train: pd.DataFrame, catalog: pd.DataFrame, share: float = 0.01) -> np.ndarray:
    """The ids of the films with the most training ratings, a `share` of the catalog and at least one: int64."""
    counts = train["movieId"].value_counts().rename_axis("movieId").reset_index(name="count")
    counts = counts.sort_values(["count", "movieId"], ascending=[False, True])
    return counts["movieId"].head(max(1, round(share * len(catalog)))).to_numpy(dtype=np.int64)


def recall_by_popularity(
    recommendations: pd.DataFrame, held_out: pd.DataFrame, train: pd.DataFrame, k: int, edges: Sequence[int]
) -> pd.DataFrame:
    """The share of held-out films among the first `k`, by their number of training ratings.

    `edges`, ascending, are the lower bounds of the classes after the first, which starts at 0. Columns: `ratings`
    (the class as a label), `held_out` (their number) and `found` (the share).
    """
    pairs = held_out[["userId", "movieId"]]
    lists = recommendations.loc[recommendations["rank"] <= k, ["userId", "movieId"]]
    found = pairs.merge(lists.assign(found=True), how="left", on=["userId", "movieId"])["found"].eq(True).to_numpy()
    counts = train["movieId"].value_counts().reindex(pairs["movieId"]).fillna(0).to_numpy()
    labels = class_labels(edges)
    class_of = np.searchsorted(np.asarray(edges), counts, side="right")
    size = np.bincount(class_of, minlength=len(labels))
    share = np.bincount(class_of, weights=found, minlength=len(labels)) / np.maximum(size, 1)
    return pd.DataFrame({"ratings": labels, "held_out": size, "found": np.where(size, share, np.nan)})


def class_labels(edges: Sequence[int]) -> list[str]:
    """Labels of the classes of counts that start at 0 and at each of `edges`.

    >>> class_labels([1, 5])
    ['0', '1 to 4', '5 and more']
    """
    starts = [0, *edges]
    labels = [f"{low}" if low == high - 1 else f"{low} to {high - 1}" for low, high in zip(starts, edges, strict=False)]
    return [*labels, f"{starts[-1]} and more"]


def _hits(
    recommendations: pd.DataFrame, held_out: pd.DataFrame, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The test users, int64 (users,); which ranks are hits, 0 or 1 (users, depth); held-out films of each user."""
    relevant = held_out[["userId", "movieId"]].drop_duplicates()
    users, n_held_out = np.unique(relevant["userId"].to_numpy(dtype=np.int64), return_counts=True)
    lists = recommendations[recommendations["rank"] <= depth]
    if not lists["rank"].ge(1).all() or lists.duplicated(["userId", "rank"]).any():
        raise CineMatchError("recommendations must rank each user's films 1, 2, 3 and so on, each rank once")
    if lists.duplicated(["userId", "movieId"]).any():
        raise CineMatchError("recommendations name a film twice for a user; each may be there once")
    found = lists.merge(relevant, on=["userId", "movieId"])
    hits = np.zeros((len(users), depth))
    hits[np.searchsorted(users, found["userId"].to_numpy()), found["rank"].to_numpy() - 1] = 1
    return users, hits, n_held_out


def _diversity(lists: pd.DataFrame, catalog: pd.DataFrame) -> np.ndarray:
    """1 − mean cosine of genres over the pairs of films of each user of `lists`, sorted by user: (users,)."""
    flags = _genre_flags(catalog.set_index("movieId")["genres"].reindex(lists["movieId"])).to_numpy(dtype=np.float64)
    unit = flags / np.maximum(np.sqrt(flags.sum(axis=1, keepdims=True)), 1)
    _, code, size = np.unique(lists["userId"].to_numpy(), return_inverse=True, return_counts=True)
    member = sparse.csr_matrix((np.ones(len(code)), (code, np.arange(len(code)))), shape=(len(size), len(code)))
    # The cosines of all pairs of a list add up to (‖Σ x‖² − Σ ‖x‖²) / 2.
    pairs = size * (size - 1) / 2
    total = (((member @ unit) ** 2).sum(axis=1) - member @ (unit**2).sum(axis=1)) / 2
    return np.where(pairs > 0, 1 - total / np.maximum(pairs, 1), 0.0)
