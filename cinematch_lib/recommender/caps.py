"""Limits on how many films of one list may share a genre or a series."""

from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.vocabulary.series import series_keys

MAX_OF_SERIES = 3
MIN_OF_GENRE = 3  # in a short list, of which half is less


class ListCaps:
    """Counts the genres and the series of the films chosen for a list of `k` films.

    At most half of the list, but always three films, may have a genre, and three films may be of one series. Every film
    has one of the `preferred` genres, those that were asked for; where there is only one, it is not counted.
    """

    def __init__(self, films: FilmTable, k: int, preferred: Collection[str] = ()) -> None:
        self._films, self._preferred = films, tuple(preferred)
        self._most_of_genre = max(MIN_OF_GENRE, k // 2)
        self._genres: Counter[str] = Counter()
        self._series: Counter[str] = Counter()
        self._k, self._n_films = k, 0

    @property
    def are_full(self) -> bool:
        """Whether no film may be added any more: every film has one of the preferred genres, and these are full."""
        preferred = self._preferred
        return len(preferred) > 1 and all(self._genres[genre] == self._most_of_genre for genre in preferred)

    def have_full_genre(self, rows: np.ndarray) -> np.ndarray:
        """Which films have a genre that is full: bool (n,)."""
        return self._have_full_one_of(self._genres, rows)

    def choose(self, rows: np.ndarray) -> np.ndarray:
        """Count the films in `rows` that there is room for, from the first on, until the list is full.

        Returns their positions, int64 (any,).
        """
        positions: list[int] = []
        is_full = self.have_full_genre(rows)
        for at, row in enumerate(rows.tolist()):
            if self._n_films == self._k:
                break
            if not is_full[at] and self.has_room_in_series(row):
                is_full |= self.add(row, rows)
                positions.append(at)
        return np.array(positions, dtype=np.int64)

    def has_room_in_series(self, row: int) -> bool:
        """Whether the film in `row` may be added as far as its series is concerned."""
        return all(self._series[key] < MAX_OF_SERIES for key in series_keys(self._films.titles[row]))

    def add(self, row: int, rows: np.ndarray) -> np.ndarray:
        """Count the film in `row`; returns which of `rows`, int64 (n,), have a genre that is full: bool (n,)."""
        genres = [genre for genre in self._films.movie(row).genres if (genre,) != self._preferred]
        self._n_films += 1
        self._genres.update(genres)
        self._series.update(series_keys(self._films.titles[row]))
        return self._have_full_one_of(genres, rows)

    def _have_full_one_of(self, genres: Iterable[str], rows: np.ndarray) -> np.ndarray:
        """Which films have one of these genres that is full: bool (n,)."""
        full = [genre for genre in genres if self._genres[genre] == self._most_of_genre]
        if not full:
            return np.zeros(len(rows), dtype=bool)
        return np.asarray(self._films.genre_matrix(rows, full).any(axis=1))
