"""The films of a series, and the place of one of them in the list of somebody who has named a single film."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cinematch_lib.artifacts.search_index import Names, SearchIndex
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.terms.places import FIRST, Places
from cinematch_lib.vocabulary.search_words import search_words
from cinematch_lib.vocabulary.series import series_keys
from cinematch_lib.vocabulary.titles import title_names


class FilmSeries:
    """Finds the other films of a series, as titles tell them: ``Scream`` and ``Scream 2``.

    Of films that have a name in common, one is a remake, or they have nothing to do with each other. Without an `index`
    of the films, that of their titles is built.
    """

    def __init__(self, films: FilmTable, index: SearchIndex | None = None) -> None:
        self._films, self._index = films, index

    @cached_property
    def _names(self) -> Names:
        if self._index is not None:
            return self._index.titles
        titles = enumerate(self._films.titles)
        return Names.of((name, row, True) for row, title in titles for name in title_names(title))

    def others(self, row: int) -> list[int]:
        """The rows of the other films in the series of the film in `row`, ascending."""
        title = self._films.titles[row]
        keys, names = series_keys(title), _names_of(title)
        found = sorted(set().union(*map(self._beginning, keys)) - {row})
        titles = [(one, self._films.titles[one]) for one in found]
        return [one for one, other in titles if keys & series_keys(other) and names.isdisjoint(_names_of(other))]

    def _beginning(self, key: str) -> set[int]:
        """The rows of the films with a name that begins with the words of `key`."""
        names = self._names.names
        first, end = bisect_left(names, key), bisect_left(names, f"{key} \U0010ffff")
        return set(self._names.rows.between(first, max(first, end)).tolist())

    def places(self, liked: int, disliked: Sequence[int]) -> list[Places]:
        """One of the first places for a film of the series of the only liked film; none if one of these is disliked.

        The films are given by rows.
        """
        others = self.others(liked)
        if not others or not set(disliked).isdisjoint(others):
            return []
        in_series = np.zeros(len(self._films), dtype=bool)
        in_series[others] = True
        return [Places("series", in_series, 1, FIRST, movie=self._films.movie(liked))]


def _names_of(title: str) -> set[str]:
    return {" ".join(search_words(name)) for name in title_names(title)}
