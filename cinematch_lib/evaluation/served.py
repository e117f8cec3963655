"""The recommender as an evaluated model, so that what is served is what is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.evaluation.protocols import Fold
from cinematch_lib.features import build_features
from cinematch_lib.models.base import LIST_DTYPES
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

DISLIKED = 3.0  # a rating below this is a dislike
_NEUTRAL = 3.0  # a rating that is neither a like nor a dislike: the film is only excluded


def recommend_as_served(recommender: Recommender, histories: pd.DataFrame, k: int = 20) -> pd.DataFrame:
    """The `k` films that `recommender` would show each user: `userId, movieId, rank, score`.

    `histories` has `userId, movieId, rating`. A rating of 4 or more is passed as a like and one below 3 as a
    dislike; other rated films are passed as not interesting, so that no rated film is recommended. Films outside
    the recommender are ignored. Raises as `Recommender.recommend` does.
    """
    known = histories[histories["movieId"].isin(recommender.movie_ids)]
    known = known.drop_duplicates(["userId", "movieId"], keep="last")
    by_user = dict(iter(known.groupby("userId")))
    rows = []
    for user in sorted(histories["userId"].unique().tolist()):
        history = by_user.get(user, known[:0])
        liked, disliked = history["rating"] >= LIKED, history["rating"] < DISLIKED
        preferences = Preferences(
            liked_movie_ids=history.loc[liked, "movieId"].tolist(),
            disliked_movie_ids=history.loc[disliked, "movieId"].tolist(),
            not_interested_ids=history.loc[~liked & ~disliked, "movieId"].tolist(),
        )
        rows += [(user, film.movie_id, film.rank, film.score) for film in recommender.recommend(preferences, k)]
    return pd.DataFrame(rows, columns=list(LIST_DTYPES)).astype(LIST_DTYPES)


@dataclass(frozen=True)
class ServedRecommender:
    """A recommender with the interface of an evaluated model; users without a history get the default list."""

    recommender: Recommender

    def __call__(self, histories: pd.DataFrame, users: Sequence[int] | np.ndarray, k: int) -> pd.DataFrame:
        """`k` films for each of `users`: `userId, movieId, rank, score`."""
        k = min(k, len(self.recommender))
        lists = recommend_as_served(self.recommender, histories, k)
        new = np.setdiff1d(users, histories["userId"])
        if not len(new):
            return lists
        default = self.recommender.recommend(k=k)
        rows = [(user, film.movie_id, film.rank, film.score) for user in new for film in default]
        return pd.concat([lists, pd.DataFrame(rows, columns=lists.columns)], ignore_index=True)

    def rank(self, shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        """Lists based on `shown` that contain no film in `rated`; see `cold_start.RankFunction`."""
        # A film in both tables has two rows, of which the last one counts.
        return self(pd.concat([rated.assign(rating=_NEUTRAL), shown]), users, k)


def serve_with(features: Mapping[str, Any], max_weights: int) -> Callable[[Fold, Hybrid], ServedRecommender]:
    """A function that builds the recommender of a run from a fold and the hybrid fitted on it.

    `features` are the run's parameters of `FilmFeatures`, `max_weights` its number of weights for each film.
    """

    def serve(fold: Fold, hybrid: Hybrid) -> ServedRecommender:
        catalog = fold.catalog.sort_values("movieId", ignore_index=True)
        built = build_features(catalog, fold.split.train, **features)
        meta = movies_meta(catalog, built.quality_prior, built.names, "none", [])
        return ServedRecommender(Recommender(built.matrix, meta, item_weights=hybrid.item_weights(max_weights)))

    return serve
