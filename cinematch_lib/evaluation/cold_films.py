"""Films without ratings: how well models rank films whose ratings were hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib import models
from cinematch_lib.errors import NothingToDoError
from cinematch_lib.evaluation.intervals import Interval, difference, interval
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.evaluation.mixed_lists import MixedLists, measure_mixed_lists
from cinematch_lib.evaluation.protocols import MIN_TEST_USERS, Fold, count_eligible_users, make_fold
from cinematch_lib.evaluation.splits import split_by_users
from cinematch_lib.models.base import Model
from cinematch_lib.models.hit_metrics import ndcg
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.storage.resources import threads_for

HIDDEN_FILMS = 0.2  # the share of the rated films whose ratings are hidden
_TEST_USERS, _MAX_TEST_USERS = 1 / 3, 1000
_RECALL_K, _NDCG_K = 20, 10


@dataclass(frozen=True)
class ColdFilms:
    """How well models rank films whose ratings were hidden, and the effect on the other films.

    `n_films` films are hidden, and `n_users` test users liked one. By model, `auc` is the probability that a liked
    hidden film ranks above an unrated hidden one (0.5 by chance), `auc_all` is the same against all unrated films,
    `ndcg` is nDCG@10 of the hidden films ranked among each other, and `recall` is the share of liked hidden films among
    the first 20 of these; `chance_recall` is that of a random order. `ndcg_difference` is the hybrid's `ndcg` minus
    that of the content model. `listed_share` is the share of hidden films in the hybrid's lists of ten out of all
    films, and `liked_share` that among the likes of the test users. `warm_ndcg` is the hybrid's nDCG@10 on the other
    films without what content adds to it, and `warm_difference` what that adds. `mixed` are lists in which unrated
    films have at least the `liked_share`.
    """

    n_films: int
    n_users: int
    auc: Mapping[str, Interval]
    auc_all: Mapping[str, Interval]
    ndcg: Mapping[str, Interval]
    recall: Mapping[str, Interval]
    chance_recall: float
    ndcg_difference: Interval
    listed_share: float
    liked_share: float
    warm_ndcg: float
    warm_difference: Interval
    mixed: MixedLists

    def table(self) -> pd.DataFrame:
        """A row for each model and for chance, with the measures and their intervals as text."""
        columns = {
            "AUC among hidden films": self.auc,
            "AUC among all films": self.auc_all,
            f"nDCG@{_NDCG_K} among hidden films": self.ndcg,
            f"Recall@{_RECALL_K} among hidden films": self.recall,
        }
        table = pd.DataFrame({name: {model: str(one) for model, one in of.items()} for name, of in columns.items()})
        table.loc["chance"] = ["0.5", "0.5", "", f"{self.chance_recall:.4f}"]
        return table

    def description(self) -> str:
        """The difference from the content model and the effect on the other films, in sentences."""
        return (
            f"The ratings of {self.n_films:,} films are hidden; {self.n_users:,} test users liked one or more of them. "
            f"nDCG@{_NDCG_K} of the hybrid among them minus that of the content model: "
            f"{self.ndcg_difference.signed()}. "
            f"They have {self.listed_share:.0%} of the places in the hybrid's lists of ten, and {self.liked_share:.0%} "
            f"of the users' likes. On all other films, content changes the hybrid's nDCG@10 of {self.warm_ndcg:.4f} by "
            f"{self.warm_difference.signed()}. {self.mixed.description()}"
        )


@dataclass(frozen=True)
class HiddenFilms:
    """A fold of test users from which all ratings and tags of a random fifth of the rated films were taken.

    `hidden`, int64 (hidden films,), are the ids of these films; `relevant` are the test users' ratings of them, without
    those of users who have rated them all.
    """

    fold: Fold
    hidden: np.ndarray
    relevant: pd.DataFrame

    @classmethod
    def choose(
        cls, ratings: pd.DataFrame, films: pd.DataFrame, tags: pd.DataFrame | None, seed: int = 0
    ) -> "HiddenFilms":
        """Choose films and users at random. Raises NothingToDoError as `evaluate_cold_films` does."""
        rated = np.unique(ratings["movieId"])
        hidden = np.sort(np.random.default_rng(seed).permutation(rated)[: max(1, round(HIDDEN_FILMS * len(rated)))])
        is_hidden = ratings["movieId"].isin(hidden)
        if tags is not None:
            tags = tags[~pd.to_numeric(tags["movieId"], errors="coerce").isin(hidden)]
        if (eligible := count_eligible_users(ratings[~is_hidden])) < MIN_TEST_USERS:
            raise NothingToDoError(
                f"{eligible} users like enough of the other films, and the test needs {MIN_TEST_USERS}"
            )
        share = min(_TEST_USERS, _MAX_TEST_USERS / ratings["userId"].nunique())
        fold = make_fold(split_by_users(ratings[~is_hidden], share, seed=seed), films, tags)
        relevant = ratings[is_hidden & ratings["userId"].isin(fold.split.users)]
        relevant = _with_negatives(relevant, len(hidden))
        if not (relevant["rating"] >= LIKED).any():
            raise NothingToDoError(f"no test user likes one of {len(hidden):,} hidden films and has not rated another")
        return cls(fold, hidden, relevant)

    def measure(self, model: Model) -> pd.DataFrame:
        """The columns `auc, auc_all, ndcg, recall` of a fitted model, for each user who liked a hidden film."""
        is_hidden, rows = np.isin(model.films, self.hidden), {}
        histories, relevant = self.fold.split.histories, self.relevant
        rated = {user: ids.to_numpy() for user, ids in pd.concat([histories, relevant]).groupby("userId")["movieId"]}
        liked_by = dict(iter(relevant[relevant["rating"] >= LIKED].groupby("userId")["movieId"]))
        of_each = model.scores_of_each(histories, list(liked_by))
        for (user, liked), scores in zip(liked_by.items(), of_each, strict=True):
            is_liked, unrated = np.isin(model.films, liked), ~np.isin(model.films, rated[user])
            positives = scores[is_liked]
            negatives = scores[unrated & is_hidden]
            ahead = (negatives > positives[:, None]).sum(axis=1) + (negatives == positives[:, None]).sum(axis=1) / 2
            recall = float((ahead < _RECALL_K).mean())
            pool = is_hidden & (unrated | is_liked)
            ranked = is_liked[pool][np.argsort(-scores[pool], kind="stable")]
            quality = float(ndcg(ranked[None, :_NDCG_K], np.array([len(positives)]), _NDCG_K)[0])
            rows[user] = (_auc(positives, negatives), _auc(positives, scores[unrated]), quality, recall)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["auc", "auc_all", "ndcg", "recall"])


def evaluate_cold_films(
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    *,
    hybrid_params: Mapping[str, Any] | None = None,
    others: Sequence[str] = (),
    seed: int = 0,
) -> ColdFilms:
    """Hide all ratings and tags of a random fifth of the rated films, and evaluate how models rank these films.

    The models are the hybrid, with and without content, the content model, and `others` with their defaults.

    Raises NothingToDoError if too few users can be tested, or if none of them likes a hidden film and has not rated
    another, against which it could be ranked.
    """
    cold = HiddenFilms.choose(ratings, films, tags, seed)
    fold, split, hidden = cold.fold, cold.fold.split, cold.hidden
    with threads_for(len(split.train)):
        hybrid = Hybrid(**(hybrid_params or {})).fit(split.train, fold.catalog)
    hybrid.ages = False  # the likes are held out at random
    without_content = hybrid.without_content()
    compared = {
        "hybrid": hybrid,
        "content": models.make("content").fit(split.train, fold.catalog),
        "hybrid without content": without_content,
        **{name: models.make(name).fit(split.train, fold.catalog) for name in others},
    }
    measured = {name: cold.measure(model) for name, model in compared.items()}
    k = min(10, len(films))
    lists = hybrid.recommend(split.histories, k, users=split.users)
    likes = ratings[(ratings["rating"] >= LIKED) & ratings["userId"].isin(split.users)]
    warm, warm_without = (
        accuracy(model.recommend(split.histories, k, users=split.users), split.held_out, [10])["ndcg@10"]
        for model in (hybrid, without_content)
    )
    liked_share = float(likes["movieId"].isin(hidden).mean())
    hidden_likes = cold.relevant[cold.relevant["rating"] >= LIKED]
    is_unrated = ~np.isin(hybrid.films, split.train["movieId"])
    both = (hidden_likes, split.held_out)
    return ColdFilms(
        n_films=len(hidden),
        n_users=len(measured["hybrid"]),
        **{
            measure: {name: interval(table[measure]) for name, table in measured.items()}
            for measure in ("auc", "auc_all", "ndcg", "recall")
        },
        chance_recall=min(1.0, _RECALL_K / len(hidden)),
        ndcg_difference=difference(measured["hybrid"]["ndcg"], measured["content"]["ndcg"]),
        listed_share=float(lists["movieId"].isin(hidden).mean()),
        liked_share=liked_share,
        warm_ndcg=float(warm_without.mean()),
        warm_difference=difference(warm, warm_without),
        mixed=measure_mixed_lists(hybrid, split.histories, both, is_unrated, hidden, liked_share),
    )


def _with_negatives(relevant: pd.DataFrame, hidden: int) -> pd.DataFrame:
    """The ratings of hidden films by users who have not rated all `hidden` ones."""
    return relevant[relevant.groupby("userId")["movieId"].transform("nunique") < hidden]


def _auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The probability that a positive scores above a negative; ties count half."""
    return float(((positives[:, None] > negatives).mean() + (positives[:, None] >= negatives).mean()) / 2)
