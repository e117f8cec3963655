"""Little to go on: users of whom only a few likes are known, and films that nobody has rated yet."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cinematch_lib import models
from cinematch_lib.evaluation.intervals import Interval, difference, interval
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.evaluation.protocols import LEAST_TESTED, eligible_users, round_of
from cinematch_lib.evaluation.splits import Split, split_by_users
from cinematch_lib.models import Model
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.recommender.ranking import top_k_per_row
from cinematch_lib.storage.resources import threads_for

COLD_LIKES = (0, 1, 3, 5, 10)
HIDDEN = 0.1  # the part of the films whose ratings are hidden
_TESTED, _MOST_TESTED = 1 / 3, 1000  # by cold films: a third of the users, 1,000 at the most
_AT_ONCE = 200  # users whose scores are held in memory


class Rank(Protocol):
    """Whatever makes lists of `k` films for `users` of what is `shown`, without any film in `rated`."""

    def __call__(self, shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        """Lists: `userId, movieId, rank`."""


def to_cold_users(rank: Rank, split: Split, k: int, likes: Sequence[int] = COLD_LIKES, seed: int = 0) -> pd.DataFrame:
    """The nDCG@k of each test user when only so many of their likes are shown: float64 (users, numbers of likes).

    The users, in the index, are those with as many likes to show as the largest number, so that all columns are
    of the same ones. Which likes are shown is random; with more, the former stay. Everything that a user has
    rated, shown or not, is left out of the lists, but for what is to be found.
    """
    liked = split.histories[split.histories["rating"] >= LIKED].sort_values(["userId", "movieId"])
    order = np.random.default_rng(seed).permutation(len(liked))
    liked = liked.iloc[order]
    size = liked["userId"].value_counts()
    users = np.intersect1d(size.index[size >= max(likes)], split.users)
    liked, rated, held = (of[of["userId"].isin(users)] for of in (liked, split.histories, split.held_out))
    place = liked.groupby("userId").cumcount()
    if not len(users):
        return pd.DataFrame(columns=list(likes), dtype=float)
    lists = {number: rank(liked[place < number], users, rated, k) for number in likes}
    return pd.DataFrame({number: accuracy(one, held, [k])[f"ndcg@{k}"] for number, one in lists.items()})


def ranking(model: Model) -> Rank:
    """A fitted model as what `to_cold_users` asks."""

    def rank(shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        parts = []
        for start in range(0, len(users), _AT_ONCE):
            some = users[start : start + _AT_ONCE]
            scores = model.scores(shown[shown["userId"].isin(some)], some)
            gone = rated[rated["userId"].isin(some) & rated["movieId"].isin(model.films)]
            scores[np.searchsorted(some, gone["userId"]), np.searchsorted(model.films, gone["movieId"])] = -np.inf
            at = top_k_per_row(scores, k)
            row, place = np.nonzero(np.isfinite(np.take_along_axis(scores, at, axis=1)))
            films = model.films[at[row, place]]
            parts.append(pd.DataFrame({"userId": some[row], "movieId": films, "rank": place + 1}))
        return pd.concat(parts)

    return rank


@dataclass(frozen=True)
class ColdFilms:
    """What becomes of films whose ratings were hidden, and of the others.

    `hidden` counts the films, `users` those who liked one of them. By model: `auc` is how often a hidden film
    that a user liked stands before one that they did not rate (chance is 0.5); `among_all` the same with all
    films instead of the hidden ones; `found` the part of the liked ones in the first 20 of the hidden ones, of
    which `chance` would be found by chance. `ahead` is the hybrid's `auc` less the content model's; `rest` what
    leaning on content adds to the hybrid's nDCG@10 for all other films.
    """

    hidden: int
    users: int
    chance: float
    auc: Mapping[str, Interval]
    among_all: Mapping[str, Interval]
    found: Mapping[str, Interval]
    ahead: Interval
    rest: Interval
    rest_mean: float

    def table(self) -> pd.DataFrame:
        """Side by side: a row for each model, the measures with their intervals in words."""
        columns = {
            "before an unrated hidden film": self.auc,
            "before an unrated film of any kind": self.among_all,
            "found in 20 hidden films": self.found,
        }
        table = pd.DataFrame({name: {model: str(one) for model, one in of.items()} for name, of in columns.items()})
        table.loc["chance"] = ["0.5", "0.5", f"{self.chance:.4f}"]
        return table

    def in_words(self) -> str:
        """What the comparison with the content model came to, and what the other films lose or gain."""
        return (
            f"The ratings of {self.hidden:,} films are hidden; {self.users:,} tested users liked one of them or more. "
            f"Among those films the hybrid's order less the content model's: {self.ahead.mean:+.4f} "
            f"[{self.ahead.low:+.4f}, {self.ahead.high:+.4f}]. For the other films, leaning on content changes the "
            f"hybrid's nDCG@10 of {self.rest_mean:.4f} by {self.rest.mean:+.4f} "
            f"[{self.rest.low:+.4f}, {self.rest.high:+.4f}]."
        ).replace("-", "−")


def cold_films(
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    *,
    ours: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> ColdFilms | None:
    """Hide all ratings and tags of a random tenth of the rated films, and see who finds them.

    `ours` are the hybrid's parameters. None where too few users can be tested, or none of them likes a hidden
    film.
    """
    rated = np.unique(ratings["movieId"])
    hidden = np.sort(np.random.default_rng(seed).permutation(rated)[: max(1, round(HIDDEN * len(rated)))])
    of_hidden = ratings["movieId"].isin(hidden)
    tags = None if tags is None else tags[~pd.to_numeric(tags["movieId"], errors="coerce").isin(hidden)]
    if eligible_users(ratings[~of_hidden]) < LEAST_TESTED:
        return None
    part = min(_TESTED, _MOST_TESTED / ratings["userId"].nunique())
    one = round_of(split_by_users(ratings[~of_hidden], part, seed=seed), films, tags)
    users = one.split.users
    theirs = ratings[of_hidden & ratings["userId"].isin(users)]
    if not (theirs["rating"] >= LIKED).any():
        return None
    with threads_for(len(one.split.train)):
        hybrid = models.make("hybrid", **(ours or {})).fit(one.split.train, one.catalog)
    without = copy.copy(hybrid)  # the same weights: content is what is added to them when films are scored
    without.best_params = hybrid.best_params | {"content_weight": 0.0}
    measured = {
        "hybrid": _found(hybrid, one.split, theirs, hidden),
        "content": _found(models.make("content").fit(one.split.train, one.catalog), one.split, theirs, hidden),
        "hybrid without content": _found(without, one.split, theirs, hidden),
    }
    k = min(10, len(films))
    warm, leaner = (
        accuracy(model.recommend(one.split.histories, k, users=users), one.split.held_out, [10])["ndcg@10"]
        for model in (hybrid, without)
    )
    return ColdFilms(
        len(hidden),
        len(measured["hybrid"]),
        min(1.0, 20 / len(hidden)),
        *({name: interval(of[part]) for name, of in measured.items()} for part in ("auc", "among_all", "found")),
        difference(measured["hybrid"]["auc"], measured["content"]["auc"]),
        difference(warm, leaner),
        float(leaner.mean()),
    )


def _found(model: Model, split: Split, theirs: pd.DataFrame, hidden: np.ndarray) -> pd.DataFrame:
    """For each user who liked a hidden film, how well the model finds those: `auc, among_all, found`."""
    films, rows = model.films, {}
    is_hidden = np.isin(films, hidden)
    likes = theirs[theirs["rating"] >= LIKED].groupby("userId")["movieId"]
    rated = {user: of.to_numpy() for user, of in pd.concat([split.histories, theirs]).groupby("userId")["movieId"]}
    for user, liked in likes:
        scores = model.scores(split.histories[split.histories["userId"] == user], [user])[0]
        wanted = scores[np.isin(films, liked)]
        others = ~np.isin(films, rated[user])
        near, far = scores[others & is_hidden], scores[others]
        better = (near > wanted[:, None]).sum(axis=1) + (near == wanted[:, None]).sum(axis=1) / 2
        rows[user] = (_before(wanted, near), _before(wanted, far), float((better < 20).mean()))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["auc", "among_all", "found"])


def _before(wanted: np.ndarray, others: np.ndarray) -> float:
    """How often one of `wanted` is above one of `others`, equal ones counting half."""
    return float(((wanted[:, None] > others).mean() + (wanted[:, None] >= others).mean()) / 2)
