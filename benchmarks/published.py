"""Results that others publish, beside ours: ``python -m benchmarks.published FOLDER``.

FOLDER holds one of these data sets or more, and each is measured in the protocol of the papers that used it.

``ml-100k``: the benchmark of Microsoft's recommenders (github.com/recommenders-team/recommenders, `examples/
06_benchmarks/movielens.ipynb`). Three quarters of the ratings of each film are training ratings, at random; each user
gets the ten best films that they have not rated in training; every held-out rating is a hit, whatever its stars;
nDCG@10 is averaged over the users with held-out ratings. So EASE and the hybrid are given every training rating as a
like, of four stars at least. SAR is made anew here, as a check that the protocol is the same. Values are means over
five splits, with their standard deviation.

``ml-20m``: strong generalization as in Liang et al. 2018 (doi 10.1145/3178876.3186150), on likes, with nDCG@100 of
10,000 test users. EASE is made anew as the check, with the penalty of its paper (Steck 2019, doi
10.1145/3308558.3313710).

``ml-1m``, ``ml-20m``: the last film of each user is to be found among all films that they have not rated before,
whatever its stars, as in Petrov and Macdonald 2022 (doi 10.1145/3523227.3548487); nDCG@10. BERT4Rec's values are those
that the authors tell to expect (github.com/asash/bert4rec_repro). There order matters, and EASE does not know it: so
beside it stands the same matrix with histories whose last films count more.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.data import movielens
from cinematch_lib.evaluation import accuracy, leave_last_out, make_protocol
from cinematch_lib.models import make
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.recommender.ranking import top_k_per_row

MICROSOFT = {"SAR": 0.382, "LightGCN": 0.418, "BPR": 0.442, "BiVAE": 0.475}
LIANG2018 = {"EASE": 0.420, "Mult-VAE": 0.426, "RecVAE": 0.442}
LAST_OUT = {"ml-1m": {"BERT4Rec": 0.1516}, "ml-20m": {"BERT4Rec": 0.1732}}
TRAIN_SHARE, K, SPLITS = 0.75, 10, 5
_HALF_LIFE = 30 * 86_400  # seconds, of a rating in SAR
_LAST_FILMS = 10  # after so many films further back, a film counts half
_PENALTY = 100.0  # of EASE, where the last film is to be found
_EASE_PENALTY = 220.0

Recommend = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]  # of training ratings and films: lists


def main() -> None:
    """Measure what is there, and print tables of published values and ours."""
    if len(sys.argv) != 2:
        raise SystemExit("give the folder that holds ml-100k, ml-1m or ml-20m: python -m benchmarks.published FOLDER")
    folder, measured = Path(sys.argv[1]), 0
    for name in ("ml-100k", "ml-1m", "ml-20m"):
        if (folder / name).is_dir():
            ratings, films = read(folder / name)
            print(
                f"\n{name}: {len(ratings):,} ratings of {len(films):,} films by {ratings['userId'].nunique():,} users"
            )
            measured += 1
            if name == "ml-100k":
                print_table("75/25 by film, nDCG@10", MICROSOFT, microsoft(ratings, films))
            if name == "ml-20m":
                print_table("Liang et al. 2018, nDCG@100", LIANG2018, liang2018(ratings, films))
            if name in LAST_OUT:
                print_table("the last film of each user, nDCG@10", LAST_OUT[name], last_out(ratings, films))
    if not measured:
        raise SystemExit(f"{folder} holds none of ml-100k, ml-1m and ml-20m; put one there")


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ratings of a data set, and the films that have one."""
    ratings = movielens.read_ratings(folder)
    if ratings is None or "timestamp" not in ratings:
        raise SystemExit(f"{folder} needs ratings with times; download the data set again")
    films = movielens.read_movies(folder).astype({"movieId": "int64"})
    return ratings, films[films["movieId"].isin(ratings["movieId"])]


def print_table(protocol: str, published: Mapping[str, float], ours: Mapping[str, np.ndarray]) -> None:
    """Published values beside ours, which are means with their standard deviation where there are several."""
    print(f"\n| {protocol} | published | ours |\n|---|---|---|")
    for name in dict.fromkeys([*published, *ours]):
        values = ours.get(name, np.zeros(0))
        spread = f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else ""
        mean = f"{values.mean():.3f}{spread}" if len(values) else ""
        cells = f"{published[name]:.3f}" if name in published else "", mean
        print(f"| {name} | {' | '.join(cells)} |")


def microsoft(ratings: pd.DataFrame, films: pd.DataFrame) -> dict[str, np.ndarray]:
    """nDCG@10 of SAR, EASE and the hybrid in each of five splits."""
    models: dict[str, Recommend] = {
        "SAR": sar,
        "EASE": _fitted("ease", {"regularization": _EASE_PENALTY}),
        "hybrid": _fitted("hybrid"),
    }
    seeds = range(SPLITS)
    return {
        name: np.array([_ndcg(recommend, ratings, films, seed) for seed in seeds]) for name, recommend in models.items()
    }


def liang2018(ratings: pd.DataFrame, films: pd.DataFrame, test_users: int = 10_000) -> dict[str, np.ndarray]:
    """nDCG@100 of EASE and the most popular films by strong generalization."""
    (fold,) = make_protocol(ratings, films, name="liang2018", test_users=test_users).folds
    found = {}
    for label, name, params in (("EASE", "ease", {"regularization": 500.0}), ("popular", "popular", {})):
        model = make(name, **params).fit(fold.split.train, fold.catalog)
        lists = model.recommend(fold.split.histories, 100, users=fold.split.users)
        found[label] = np.array([accuracy(lists, fold.split.held_out, [100])["ndcg@100"].mean()])
    return found


def last_out(ratings: pd.DataFrame, films: pd.DataFrame) -> dict[str, np.ndarray]:
    """nDCG@10 of the most popular films, EASE, and EASE on histories whose last films count more."""
    table = ratings.rename(columns={"userId": "user", "movieId": "item", "timestamp": "time"})
    split = leave_last_out(table.sort_values(["user", "time"], kind="stable"))
    names = {"user": "userId", "item": "movieId", "time": "timestamp"}
    train, held_out = (one.rename(columns=names).assign(rating=5.0) for one in (split.train, split.held_out))
    peers = {"popular": make("popular"), "EASE": make("ease", regularization=_PENALTY)}
    lists = {name: model.fit(train, films).recommend(train, K) for name, model in peers.items()}
    lists["EASE, the last films count more"] = last_films_first(train, _PENALTY)
    return {name: np.array([accuracy(one, held_out, [K])[f"ndcg@{K}"].mean()]) for name, one in lists.items()}


def last_films_first(train: pd.DataFrame, penalty: float) -> pd.DataFrame:
    """Lists by EASE's weights, where a film of the history counts 2^(−films rated since / 10)."""
    users, row = np.unique(train["userId"], return_inverse=True)
    films, column = np.unique(train["movieId"], return_inverse=True)
    X = sparse.csr_matrix((np.ones(len(train)), (row, column)), (len(users), len(films)))
    inverse = np.linalg.inv((X.T @ X).toarray() + penalty * np.eye(len(films)))
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    since = train.groupby("userId").cumcount(ascending=False).to_numpy()
    history = sparse.csr_matrix((0.5 ** (since / _LAST_FILMS), (row, column)), X.shape)
    parts = []
    for start in range(0, len(users), 4096):
        of_users = history[start : start + 4096]
        scores = np.asarray(of_users @ weights)
        scores[of_users.nonzero()] = -np.inf
        best = top_k_per_row(scores, K)
        of_user, place = np.nonzero(np.isfinite(np.take_along_axis(scores, best, axis=1)))
        found = {"userId": users[start + of_user], "movieId": films[best[of_user, place]], "rank": place + 1}
        parts.append(pd.DataFrame(found))
    return pd.concat(parts, ignore_index=True)


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
    """A model that learns from every rating as from a like, and from five stars as from five stars."""

    def recommend(train: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
        likes = train.assign(rating=train["rating"].clip(lower=LIKED))
        return make(name, **(params or {})).fit(likes, films).recommend(likes, K)

    return recommend


def _ndcg(recommend: Recommend, ratings: pd.DataFrame, films: pd.DataFrame, seed: int) -> float:
    train, held_out = split_by_item(ratings, TRAIN_SHARE, seed)
    held_out = held_out[held_out["userId"].isin(train["userId"])]
    return float(accuracy(recommend(train, films), held_out, [K])[f"ndcg@{K}"].mean())


if __name__ == "__main__":
    main()
