"""The films on some services, or in some languages, as columns that are filtered further."""

from collections.abc import Mapping, Sequence

import numpy as np

from cinematch_lib.recommender.selection import Selection
from cinematch_lib.vocabulary.lists import any_of

Bounds = Sequence[tuple[str, float | None, float | None]]


class FilmPart:
    """A part of all films.

    People keep their services and vary the other filters, so these look only at the films of a part, which is kept.

    Parameters
    ----------
    rows : int64 (n,), the rows of the films, ascending; None for all films.
    has_genre : by genre, which of all films have it: bool (films,).
    numbers : by name, such as ``year``, of all films: float (films,); NaN where unknown.

    """

    def __init__(
        self, rows: np.ndarray | None, has_genre: Mapping[str, np.ndarray], numbers: Mapping[str, np.ndarray]
    ) -> None:
        self._rows, self._has_genre = rows, has_genre
        self._numbers = {name: values if rows is None else values.take(rows) for name, values in numbers.items()}
        self._size = len(next(iter(self._numbers.values())))
        self._own_genres: dict[str, np.ndarray] = {}

    def select(self, genres: Sequence[str], bounds: Bounds) -> Selection:
        """The films that have one of the genres, if there are any, and numbers within the bounds: name, low and high.

        An unknown number is within no bound.
        """
        has = {genre: self._genre(genre) for genre in genres}
        passes = any_of(has, genres, self._size) if has else np.ones(self._size, dtype=bool)
        for name, low, high in bounds:  # a comparison with NaN is false
            if low is not None:
                passes &= self._numbers[name] >= low
            if high is not None:
                passes &= self._numbers[name] <= high
        (positions,) = passes.nonzero()
        share = np.zeros(len(positions), dtype=np.float32)
        for of_genre in has.values():
            share += of_genre.take(positions)
        rows = positions if self._rows is None else self._rows.take(positions)
        return Selection(rows, share / max(len(genres), 1))

    def _genre(self, genre: str) -> np.ndarray:
        """Which films of the part have a genre: bool (n,)."""
        if self._rows is None:
            return self._has_genre[genre]
        if genre not in self._own_genres:
            self._own_genres[genre] = self._has_genre[genre].take(self._rows)
        return self._own_genres[genre]
