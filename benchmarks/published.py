"""Results that others publish, beside ours: ``python -m benchmarks.published FOLDER``, a folder that holds ``ml-100k``.

The protocol is that of the benchmark of Microsoft's recommenders (github.com/recommenders-team/recommenders, `examples/
06_benchmarks/movielens.ipynb`) on MovieLens 100K: three quarters of the ratings of each film are training ratings, at
random; each user gets the ten best films that they have not rated in training; every held-out rating is a hit, whatever
its stars; nDCG@10 is averaged over the users with held-out ratings. SAR is made anew here, as a check that the protocol
is the same: its published value is .382. Values are means over five splits, with their standard deviation.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.data import movielens
from cinematch_lib.evaluation import accuracy
from cinematch_lib.models import make
from cinematch_lib.recommender.ranking import top_k_per_row

PUBLISHED = {"SAR": 0.382, "LightGCN": 0.418, "BPR": 0.442, "BiVAE": 0.475}
TRAIN_SHARE, K, SPLITS = 0.75, 10, 5
_HALF_LIFE = 30 * 86_400  # seconds, of a rating in SAR
_EASE = {"regularization": 220.0, "weighted_ratings": True}

Recommend = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]  # of training ratings and films: lists


def main() -> None:
    """Measure, and print a table of published values and ours."""
    if len(sys.argv) != 2:
        raise SystemExit("give the folder that holds ml-100k: python -m benchmarks.published FOLDER")
    folder = Path(sys.argv[1]) / "ml-100k"
    ratings = movielens.read_ratings(folder)
    films = movielens.read_movies(folder).astype({"movieId": "int64"})
    films = films[films["movieId"].isin(ratings["movieId"])]
    models: dict[str, Recommend] = {
        "SAR": sar,
        "EASE on weighted ratings": _fitted("ease", _EASE),
        "hybrid": _fitted("hybrid"),
    }
    print(f"{len(ratings):,} ratings of {len(films):,} films by {ratings['userId'].nunique():,} users.\n")
    print("| model | published nDCG@10 | ours |\n|---|---|---|")
    measured = {
        name: [_ndcg(recommend, ratings, films, seed) for seed in range(SPLITS)] for name, recommend in models.items()
    }
    for name in dict.fromkeys([*PUBLISHED, *models]):
        published = f"{PUBLISHED[name]:.3f}" if name in PUBLISHED else ""
        values = np.array(measured.get(name, []))
        print(f"| {name} | {published} | {f'{values.mean():.3f} ± {values.std(ddof=1):.3f}' if len(values) else ''} |")


def split_by_item(ratings: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and held-out ratings: of each film's ratings, rounded, a random `share` is for training."""
    shuffled = ratings.iloc[np.random.default_rng(seed).permutation(len(ratings))]
    position = shuffled.groupby("movieId").cumcount()
    size = shuffled.groupby("movieId")["movieId"].transform("size")
    is_train = position < (share * size).round()
    return shuffled[is_train].sort_index(), shuffled[~is_train].sort_index()


def sar(train: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """Simple algorithm for recommendation: co-occurrence by Jaccard, affinity that halves every 30 days.

    As its documentation describes it: score = A·S with A_uj = Σ rating · 2^(−(now − time) / 30 days) and S_ij =
    n_ij / (n_i + n_j − n_ij), where n_ij is the number of users who rated both films.
    """
    users, row = np.unique(train["userId"], return_inverse=True)
    items, column = np.unique(train["movieId"], return_inverse=True)
    shape = len(users), len(items)
    age = (train["timestamp"].max() - train["timestamp"]).to_numpy() / _HALF_LIFE
    affinity = sparse.csr_matrix((train["rating"].to_numpy() * 0.5**age, (row, column)), shape)
    seen = sparse.csr_matrix((np.ones(len(train)), (row, column)), shape)
    together = (seen.T @ seen).toarray()
    counts = together.diagonal()
    scores = affinity @ (together / (counts[:, None] + counts - together))
    scores[row, column] = -np.inf
    columns = top_k_per_row(scores, K)
    of_user, place = np.nonzero(np.isfinite(np.take_along_axis(scores, columns, axis=1)))
    films_of_user = items[columns[of_user, place]]
    return pd.DataFrame({"userId": users[of_user], "movieId": films_of_user, "rank": place + 1})


def _fitted(name: str, params: dict[str, float] | None = None) -> Recommend:
    def recommend(train: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
        return make(name, **(params or {})).fit(train, films).recommend(train, K)

    return recommend


def _ndcg(recommend: Recommend, ratings: pd.DataFrame, films: pd.DataFrame, seed: int) -> float:
    train, held_out = split_by_item(ratings, TRAIN_SHARE, seed)
    held_out = held_out[held_out["userId"].isin(train["userId"])]
    return float(accuracy(recommend(train, films), held_out, [K])[f"ndcg@{K}"].mean())


if __name__ == "__main__":
    main()
