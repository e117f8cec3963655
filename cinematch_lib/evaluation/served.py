"""The recommender as an evaluated model, so that what is served is what is measured."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.evaluation.by_users import lists_by_users
from cinematch_lib.evaluation.protocols import Fold
from cinematch_lib.features import build_features
from cinematch_lib.models.base import LIST_DTYPES, Model
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.models.training import fit_embeddings, served_weights
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

DISLIKED_BELOW = 3.0  # a rating below this is a dislike
# What is passed to the recommender of a history: all ratings; likes, and all other rated films as seen; or likes and
# dislikes, while other rated films are only excluded from the list.
INPUTS = ("stars", "seen", "likes")


def preferences_from(
    history: pd.DataFrame, inputs: str, excluded: Collection[int] = (), knobs: Mapping[str, Any] | None = None
) -> Preferences:
    """What a client that knows `inputs` of a history, `movieId, rating` and maybe `timestamp`, would pass; see INPUTS.

    Films of `excluded` are passed as not interesting, so that they are not recommended. `knobs` are passed on.
    """
    knobs = dict(knobs or {})
    if "timestamp" in history:
        knobs["times"] = dict(zip(history["movieId"].tolist(), history["timestamp"].tolist(), strict=True))
    ids, stars = history["movieId"].tolist(), history["rating"].tolist()
    rated = dict(zip(ids, stars, strict=True))
    excluded = [one for one in excluded if one not in rated]
    if inputs == "stars":
        return Preferences(ratings=rated, not_interested_ids=excluded, **knobs)
    liked = [one for one, rating in rated.items() if rating >= LIKED]
    others = [one for one, rating in rated.items() if rating < LIKED]
    if inputs == "seen":
        return Preferences(liked_movie_ids=liked, seen=others, not_interested_ids=excluded, **knobs)
    disliked = [one for one in others if rated[one] < DISLIKED_BELOW]
    neutral = [one for one in others if rated[one] >= DISLIKED_BELOW]
    excluded = [*neutral, *excluded]
    return Preferences(liked_movie_ids=liked, disliked_movie_ids=disliked, not_interested_ids=excluded, **knobs)


@dataclass(frozen=True)
class ServedRecommender:
    """A recommender with the interface of an evaluated model, which is passed the `inputs` of each history.

    Times of the history are passed with `ages`: the older an opinion is, the less it counts. `knobs` are those of
    `Preferences`, discovery, diversity and recency, where they are not the defaults. Films outside the recommender are
    ignored; users without a history get the default list.
    """

    recommender: Recommender
    inputs: str = "stars"
    knobs: Mapping[str, float] = field(default_factory=dict)
    ages: bool = False

    def __call__(
        self, histories: pd.DataFrame, users: Sequence[int] | np.ndarray, k: int, excluded: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """`k` films for each of `users`: `userId, movieId, rank, score`.

        `histories` has `userId, movieId, rating`; the films in `excluded`, `userId, movieId`, are not recommended.
        Raises as `Recommender.recommend` does.
        """
        given = partial(_served, self.inputs, self.knobs, self.ages, k)
        return lists_by_users(given, self.recommender, np.asarray(users), histories, excluded)

    def rank(self, shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        """Lists based on `shown` that contain no film in `rated`; see `cold_start.RankFunction`."""
        return self(shown, users, k, rated)


_NO_RATINGS = pd.DataFrame({"movieId": [], "rating": []})


def _served(
    inputs: str,
    knobs: Mapping[str, float],
    ages: bool,
    k: int,
    recommender: Recommender,
    users: np.ndarray,
    histories: pd.DataFrame,
    excluded: pd.DataFrame | None,
) -> pd.DataFrame:
    known, left_out = (_by_user(table, recommender, ages) for table in (histories, excluded))
    wanted = [
        preferences_from(known.get(user, _NO_RATINGS), inputs, left_out.get(user, _NO_RATINGS)["movieId"], knobs)
        for user in users.tolist()
    ]
    lists = recommender.recommend_many(wanted, min(k, len(recommender)))
    rows = [
        (user, film.movie_id, film.rank, film.score)
        for user, films in zip(users.tolist(), lists, strict=True)
        for film in films
    ]
    return pd.DataFrame(rows, columns=list(LIST_DTYPES)).astype(LIST_DTYPES)


def _by_user(table: pd.DataFrame | None, recommender: Recommender, ages: bool) -> dict[int, pd.DataFrame]:
    if table is None:
        return {}
    known = table[table["movieId"].isin(recommender.movie_ids)]
    known = known.drop_duplicates(["userId", "movieId"], keep="last")
    known = known if ages else known.drop(columns="timestamp", errors="ignore")
    return {of_user["userId"].iloc[0]: of_user for _, of_user in known.groupby("userId")}


@dataclass(frozen=True)
class FoldParts:
    """What the recommender of a fold consists of; `features` are the names of the features."""

    weights: ItemWeights
    embeddings: Embeddings | None
    features: Sequence[str]


@dataclass
class Serve:
    """Builds the recommender of a run from a fold and the model fitted on it; keeps the parts of the first one.

    `features` are the run's parameters of `FilmFeatures`, `weights_per_film` its number of weights for each film, and
    `seed` that of its embeddings.
    """

    features: Mapping[str, Any]
    weights_per_film: int
    seed: int = 0
    first: FoldParts | None = None

    def __call__(self, fold: Fold, model: Model) -> Recommender:
        """The recommender."""
        catalog = fold.catalog.sort_values("movieId", ignore_index=True)
        built = build_features(catalog, fold.split.train, **self.features)
        meta = movies_meta(catalog, built.quality_prior, built.names, "none", [])
        embeddings = fit_embeddings(fold.split.train, catalog, built.matrix, built.names, self.seed)
        weights = served_weights(model, fold.split.train, self.weights_per_film)
        self.first = self.first or FoldParts(weights, embeddings, built.names)
        return Recommender(built.matrix, meta, item_weights=weights, embeddings=embeddings)
