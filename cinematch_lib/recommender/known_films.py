"""The films that a user knows, as rows."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.rating_weights import low_rating_factors
from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS


class KnownFilms(NamedTuple):
    """The rows of the films that a user likes, dislikes, and has seen or rated otherwise.

    `positive` are those of all these that speak for other films, and `factors` the `low_rating_factors` of ratings, by
    the ids of the films.
    """

    liked: list[int]
    disliked: list[int]
    watched: list[int]
    positive: list[int]
    factors: Mapping[int, float]

    @classmethod
    def of(cls, films: FilmTable, preferences: Preferences) -> "KnownFilms":
        """Those of some preferences. Raises UnknownNameError for unknown films."""
        ids = preferences.liked, preferences.disliked, preferences.watched
        liked, disliked, watched = (films.rows(of_kind) for of_kind in ids)
        factors = _rating_factors(preferences.ratings or {}, (*ids[0], *ids[2]), len(disliked))
        speaking = [row for one, row in zip(ids[2], watched, strict=True) if factors.get(one, 1.0)]
        return cls(liked, disliked, watched, [*liked, *speaking], factors)

    @property
    def n(self) -> int:
        """The number of films."""
        return len(self.liked) + len(self.disliked) + len(self.watched)


def _rating_factors(ratings: Mapping[int, float], others: tuple[int, ...], n_disliked: int) -> dict[int, float]:
    """The factors of ratings where `others` are the known films that are not disliked, and so many are."""
    if not ratings:
        return {}
    highest = max((ratings.get(one, HIGHEST_STARS) for one in others), default=HIGHEST_STARS)
    factors = low_rating_factors(np.array([*ratings.values()]), len(others) + n_disliked, highest)
    return dict(zip(ratings, factors.tolist(), strict=True))
