"""The recommender that a round's training ratings make, asked as a client asks it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.evaluation.protocols import Round
from cinematch_lib.evaluation.served import served
from cinematch_lib.features import build_features
from cinematch_lib.models import Hybrid
from cinematch_lib.recommender.recommender import Recommender

_NEITHER = 3.0  # a rating that is told as neither like nor dislike: the film is only left out


@dataclass(frozen=True)
class AsServed:
    """A recommender as an evaluation asks models: whoever has no history gets what anybody new gets."""

    recommender: Recommender

    def __call__(self, histories: pd.DataFrame, users: Sequence[int], k: int) -> pd.DataFrame:
        """`k` films for each of `users`: `userId, movieId, rank, score`."""
        k = min(k, len(self.recommender))
        lists = served(self.recommender, histories, k)
        new = np.setdiff1d(users, histories["userId"])
        if not len(new):
            return lists
        found = self.recommender.recommend(k=k)
        rows = [(user, one.movie_id, one.rank, one.score) for user in new for one in found]
        return pd.concat([lists, pd.DataFrame(rows, columns=lists.columns)], ignore_index=True)

    def rank(self, shown: pd.DataFrame, users: np.ndarray, rated: pd.DataFrame, k: int) -> pd.DataFrame:
        """Lists made of what is `shown`, without any film in `rated`; see `cold.Rank`."""
        told = pd.concat([rated.assign(rating=_NEITHER), shown])  # of two rows for a film the last counts
        return self(told, users, k)


def serving(features: Mapping[str, Any], most: int) -> Callable[[Round, Hybrid], AsServed]:
    """How a run makes its recommender, done anew from what is known in a round.

    `features` are the run's parameters of `FilmFeatures`, `most` is its number of weights for each film.
    """

    def of(one: Round, hybrid: Hybrid) -> AsServed:
        catalog = one.catalog.sort_values("movieId", ignore_index=True)
        built = build_features(catalog, one.split.train, **features)
        meta = movies_meta(catalog, built.quality_prior, built.names, "none", [])
        return AsServed(Recommender(built.matrix, meta, item_weights=hybrid.item_weights(most)))

    return of
