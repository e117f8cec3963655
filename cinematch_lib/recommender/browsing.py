"""Pages of the catalog: filtered, sorted, counted."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.vocabulary.spelling import fold

SORTS = ("popularity", "rating", "year", "title")


@dataclass(frozen=True)
class CatalogPage:
    """Some films of the catalog in order, and the number of all that fit."""

    films: list[Movie]
    count: int


class Browser:
    """Lists the films of a run. `popularity` is float (films,); `votes` int (films,), how many people rated or liked.

    Films that are equal in the order come by falling popularity, then by id.
    """

    def __init__(self, films: FilmTable, popularity: np.ndarray, votes: np.ndarray) -> None:
        self._films, self._votes = films, votes
        year = np.nan_to_num(films.years)
        titles = np.argsort(np.argsort([fold(title) for title in films.titles], kind="stable"))
        keys = {"popularity": -popularity, "rating": -films.quality, "year": -year, "title": titles}
        self._rank = {
            name: np.argsort(np.lexsort((np.arange(len(films)), -popularity, key))) for name, key in keys.items()
        }

    def page(self, preferences: Preferences, sort: str, min_votes: int, offset: int, limit: int) -> CatalogPage:
        """The films from place `offset` on, at most `limit`, of those that pass. Raises CineMatchError."""
        if sort not in SORTS:
            raise CineMatchError(f"sort must be one of {', '.join(SORTS)}, got {sort!r}")
        for name, value, least in (("offset", offset, 0), ("limit", limit, 1), ("min_votes", min_votes, 0)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise CineMatchError(f"{name} must be a whole number from {least} up, got {value!r}")
        rows = self._films.filter(preferences).rows
        rows = rows[self._votes[rows] >= min_votes]
        shown = rows[np.argsort(self._rank[sort][rows])][offset : offset + limit]
        return CatalogPage([self._films.movie(row) for row in shown.tolist()], len(rows))
