"""The genre term: weight · share of the preferred genres that a film has."""

from collections.abc import Sequence
from functools import cache
from itertools import compress

import numpy as np

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.reasons import Contributions, Feature
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.terms.base import Term


class GenresTerm(Term):
    """The share of the preferred genres that a film has, times `weight`.

    `genres` are canonical names, two or more: with a single one, every film that passes the filters has it.
    """

    def __init__(self, films: FilmTable, genres: Sequence[str], weight: float) -> None:
        self._films, self._genres, self._weight = films, genres, weight

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self._weight) * selection.genre_share

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups; see `Term.bounds`."""
        return np.full((1, 1), self._weight, dtype=np.float32) if roughly else super().bounds(block)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the preferred genres add to the films in `rows`: one part, whose features are the genres."""
        value_of_each = self._weight / len(self._genres)
        has = self._films.genre_matrix(rows, self._genres)
        patterns = [tuple(one) for one in has.tolist()]

        @cache
        def features(pattern: tuple[bool, ...]) -> tuple[Feature, ...]:
            return tuple([Feature("genres", name, value_of_each) for name in compress(self._genres, pattern)])

        values = value_of_each * has.sum(axis=1, keepdims=True)
        return [Contributions("genres", values, features=lambda film, _: features(patterns[film]))]
