"""The films that a user knows, as rows."""

from typing import NamedTuple

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.terms.ratings import rating_factors


class KnownFilms(NamedTuple):
    """The rows of the films that a user likes, dislikes, and has seen or rated otherwise."""

    liked: list[int]
    disliked: list[int]
    watched: list[int]
    positive: list[int]  # those of all these that speak for other films

    @classmethod
    def of(cls, films: FilmTable, preferences: Preferences) -> "KnownFilms":
        """Those of some preferences. Raises UnknownNameError for unknown films."""
        liked, watched = films.rows(preferences.liked), films.rows(preferences.watched)
        factors = rating_factors(preferences)
        speaking = [row for one, row in zip(preferences.watched, watched, strict=True) if factors.get(one, 1.0)]
        return cls(liked, films.rows(preferences.disliked), watched, [*liked, *speaking])

    @property
    def n(self) -> int:
        """The number of films."""
        return len(self.liked) + len(self.disliked) + len(self.watched)
