"""The films that a user knows, as rows."""

from typing import NamedTuple

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import Preferences


class KnownFilms(NamedTuple):
    """The rows of the films that a user likes, dislikes, and has seen or rated otherwise."""

    liked: list[int]
    disliked: list[int]
    watched: list[int]

    @classmethod
    def of(cls, films: FilmTable, preferences: Preferences) -> "KnownFilms":
        """Those of some preferences. Raises UnknownNameError for unknown films."""
        return cls(*[films.rows(ids) for ids in (preferences.liked, preferences.disliked, preferences.watched)])

    @property
    def n(self) -> int:
        """The number of films."""
        return len(self.liked) + len(self.disliked) + len(self.watched)

    @property
    def positive(self) -> list[int]:
        """The rows of the films that speak for others."""
        return [*self.liked, *self.watched]
