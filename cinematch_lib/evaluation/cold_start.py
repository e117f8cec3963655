"""Cold start: users with few known likes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from cinematch_lib.evaluation.by_users import lists_by_users
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.evaluation.protocols import MIN_TEST_USERS
from cinematch_lib.evaluation.splits import Split
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.recommender.ranking import top_k_per_row

KNOWN_LIKES = (0, 1, 2, 3, 5, 10, 20)
PRIORS = (0.0, 0.1, 0.3, 1.0, 3.0)
_BATCH = 200  # users whose scores are held in memory at once

# Lists (userId, movieId, rank) of k films for users, based on the ratings shown, without any film in rated.
RankFunction = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame, int], pd.DataFrame]


@dataclass(frozen=True)
class KnownLikes:
    """Test users of whom only some likes are known, the same users for every number of likes.

    `numbers` are the numbers of known likes; `users`, int64, are the test users with at least the largest of them in
    the history; `likes` are these users' likes in a random order, with the `position` of each; `rated` are all films
    of their histories, which are excluded from lists, so that only held-out likes can be found.
    """

    numbers: Sequence[int]
    users: np.ndarray
    likes: pd.DataFrame
    rated: pd.DataFrame

    @classmethod
    def choose(cls, split: Split, numbers: Sequence[int] = KNOWN_LIKES, seed: int = 0) -> "KnownLikes":
        """Choose the known likes at random; numbers that fewer than ten users reach are left out."""
        likes = split.histories[split.histories["rating"] >= LIKED].sort_values(["userId", "movieId"])
        likes = likes.iloc[np.random.default_rng(seed).permutation(len(likes))]
        counts = likes["userId"].value_counts().reindex(split.users, fill_value=0)
        numbers = [number for number in numbers if (counts >= number).sum() >= MIN_TEST_USERS]
        users = counts.index[counts >= max(numbers, default=0)].to_numpy()
        likes, rated = (table[table["userId"].isin(users)] for table in (likes, split.histories))
        return cls(numbers, users, likes.assign(position=likes.groupby("userId").cumcount()), rated)

    def lists(self, rank: RankFunction | Mapping[int, RankFunction], k: int) -> pd.DataFrame:
        """Lists of `k` films by each number of known likes: `known, userId, movieId, rank`.

        A larger number adds to the likes of a smaller one. `rank` may differ by the number.
        """
        parts = [pd.DataFrame(columns=["known", "userId", "movieId", "rank"], dtype=np.int64)]
        for number in self.numbers:
            of_number = rank[number] if isinstance(rank, Mapping) else rank
            shown = self.likes[self.likes["position"] < number].drop(columns="position")
            lists = of_number(shown, self.users, self.rated, k)
            parts.append(lists[["userId", "movieId", "rank"]].assign(known=number))
        return pd.concat(parts, ignore_index=True)

    def only(self, number: int, max_users: int) -> "KnownLikes":
        """The same likes of the first `max_users` users, with one of the numbers; without it, of nobody."""
        users = self.users[:max_users] if number in self.numbers else self.users[:0]
        likes, rated = (table[table["userId"].isin(users)] for table in (self.likes, self.rated))
        return KnownLikes([number], users, likes, rated)


def ndcg_by_known_likes(lists: pd.DataFrame, held_out: pd.DataFrame, k: int) -> pd.DataFrame:
    """nDCG@k of each user of `KnownLikes.lists`: float64 (users, numbers), indexed by userId."""
    held_out = held_out[held_out["userId"].isin(lists["userId"])]
    columns = {}
    for number in sorted(lists["known"].unique().tolist()):
        columns[number] = accuracy(lists[lists["known"] == number], held_out, [k])[f"ndcg@{k}"]
    return pd.DataFrame(columns, dtype=float)


def rank_with(model: Model, prior: float = 0.0) -> RankFunction:
    """The RankFunction of a fitted model.

    With a `prior`, scores are divided by the highest of the user, and `prior` · log(1 + likes) / max log(1 + likes) is
    added, which helps models that know too little of a user.
    """
    popularity = np.log1p(model.like_counts) / max(np.log1p(model.like_counts).max(), 1.0)

    def rank(shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        return lists_by_users(partial(_ranked, popularity.astype(np.float32), prior, k), model, users, shown, rated)

    return rank


def _ranked(
    popularity: np.ndarray,
    prior: float,
    k: int,
    model: Model,
    users: np.ndarray,
    shown: pd.DataFrame,
    rated: pd.DataFrame,
) -> pd.DataFrame:
    lists = []
    for start in range(0, len(users), _BATCH):
        batch = users[start : start + _BATCH]
        scores = model.scores(shown[shown["userId"].isin(batch)], batch)
        if prior:
            highest = scores.max(axis=1, keepdims=True)
            scores = scores / np.where(highest > 0, highest, 1) + np.float32(prior) * popularity
        excluded = rated[rated["userId"].isin(batch) & rated["movieId"].isin(model.films)]
        row, column = np.searchsorted(batch, excluded["userId"]), np.searchsorted(model.films, excluded["movieId"])
        scores[row, column] = -np.inf
        columns = top_k_per_row(scores, k)
        row, place = np.nonzero(np.isfinite(np.take_along_axis(scores, columns, axis=1)))
        films = model.films[columns[row, place]]
        lists.append(pd.DataFrame({"userId": batch[row], "movieId": films, "rank": place + 1}))
    return pd.concat(lists)


def best_priors(model: Model, split: Split, k: int, numbers: Sequence[int] = KNOWN_LIKES) -> dict[int, float]:
    """For each number of known likes, the prior of PRIORS with the highest mean nDCG@k on the users of `split`.

    `split` must be made of training ratings, and `model` fitted on its training ratings.
    """
    known, held_out = KnownLikes.choose(split, numbers), split.held_out
    found = [ndcg_by_known_likes(known.lists(rank_with(model, one), k), held_out, k).mean() for one in PRIORS]
    means = pd.DataFrame(found)  # (priors, numbers)
    best = {number: PRIORS[int(np.argmax(means[number]))] for number in means}
    return {number: best.get(number, 0.0) for number in numbers}
