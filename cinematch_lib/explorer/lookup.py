"""Looking up films: whether a film is kept, and if not, which rule drops it."""

from collections.abc import Callable
from functools import cached_property
from threading import Timer
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from cinematch_lib.explorer.counts import AllFilms, Count
from cinematch_lib.explorer.film_table import FILMS_PER_PAGE, NO_SORT, FilmTable, Sort
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.spelling import fold

_FIELDS = ("title", "year", "runtime", "genres", "services", "", "")  # of the table of films, by column
_COLUMNS = ("film", "year", "min", "genres", "services", "ratings", "kept or dropped")
_NUMERIC = (False, True, True, False, False, True, False)
_KEPT = 6
_REST_SECONDS = 2.0  # after which the page is there


class TextIndex:
    """Finds films of `all_films` by words of their title, cast, director or overview."""

    def __init__(self, all_films: AllFilms) -> None:
        self._all = all_films

    @cached_property
    def popularity_order(self) -> np.ndarray:
        """The rows of the films by descending number of ratings, without ratings by TMDb votes, int64 (films,)."""
        counts = self._all.columns.ratings
        if counts is None:
            counts = self._all.films["vote_count"].to_numpy(dtype="float64", na_value=0.0)
        return np.argsort(-counts, kind="stable")

    @cached_property
    def _texts(self) -> list[tuple[str, str, str]]:
        """Title, people, and overview of each film in the order of `popularity_order`, folded."""
        films = self._all.films.iloc[self.popularity_order]
        people = films["cast_top"] + " " + films["director"]
        overview = films["overview"].where(films["overview"] != films["title"], "")
        return [tuple(f" {fold(text)}" for text in film) for film in zip(films["title"], people, overview, strict=True)]

    def prepare_later(self) -> None:
        """Make ready for the first search, in a thread that lets the page be shown first."""
        timer = Timer(_REST_SECONDS, lambda: self._texts)
        timer.daemon = True
        timer.start()

    def search(self, text: str, k: int) -> tuple[list[int], int]:
        """Up to `k` rows, matching titles before people before overviews, and the number of all matches.

        Words match by their beginnings: "crim" finds "crime".
        """
        query = f" {fold(text)}"
        matches: tuple[list[int], ...] = ([], [], [])
        for row, film in zip(self.popularity_order.tolist(), self._texts, strict=True):
            field = next((at for at, one in enumerate(film) if query in one), None)
            if field is not None:
                matches[field].append(row)
        found = [row for rows in matches for row in rows]
        return found[:k], len(found)


class Lookup:
    """A text field and the table of the films that it finds, sorted by any column; `widget` shows them."""

    def __init__(self, index: TextIndex, get: Callable[[], tuple[AllFilms, Count]]) -> None:
        """`get` returns the films with the present services, and the counts under the present filters."""
        self._index, self._get = index, get
        self._page, self._sort = 0, NO_SORT
        self._ranks: dict[int, dict[int, np.ndarray]] = {}  # by the source of services, and the column
        self._text = widgets.Text(placeholder="Part of a title, a name, or words of the plot")
        self._text.observe(lambda _: self.show(), "value")
        self._table = FilmTable(head=_COLUMNS, numeric=_NUMERIC)
        self._table.on_ask(self._turn)
        self.widget = widgets.VBox([self._text, self._table])

    def show(self) -> None:
        """Show the first of the matches; without a text, of the kept films, the most rated first."""
        self._page = 0
        self._show_page()

    def _turn(self, page: int, sort: Sort) -> None:
        self._page, self._sort = page, sort
        self._show_page()

    def _show_page(self) -> None:
        films, count = self._get()
        order = self._index.popularity_order
        if text := self._text.value.strip():
            rows = np.array(self._index.search(text, len(films))[0], dtype=np.int64)
            caption = f"{len(rows):,} matches, kept or not" if len(rows) else "No film of the data set matches"
        else:
            rows, caption = order[count.keeps[order]], f"The {count.kept:,} kept films, the most rated first"
        rows = self._sorted(rows, films, count)
        start = self._page * FILMS_PER_PAGE
        cells = _cells(films, count, rows[start : start + FILMS_PER_PAGE])
        self._table.show(caption, cells, self._page, len(rows), self._sort)

    def _sorted(self, rows: np.ndarray, films: AllFilms, count: Count) -> np.ndarray:
        column, descending = self._sort
        if column < 0:
            return rows
        keys = count.failed_rule.astype(np.float64) if column == _KEPT else self._keys(films, column)
        values = -keys[rows] if descending else keys[rows]
        return rows[np.argsort(values, kind="stable")]  # unknown numbers, NaN, come last either way

    def _keys(self, films: AllFilms, column: int) -> np.ndarray:
        """Numbers to sort all films by, float64 (films,); texts by their rank. Kept, since ranks take a while."""
        known = self._ranks.setdefault(id(films), {})
        if column not in known:
            known[column] = _numbers(films, column)
        return known[column]


def _numbers(films: AllFilms, column: int) -> np.ndarray:
    values: np.ndarray
    if _COLUMNS[column] == "ratings":
        ratings = films.columns.ratings
        values = np.zeros(len(films)) if ratings is None else ratings.astype(np.float64)
    elif _NUMERIC[column]:
        values = films.films[_FIELDS[column]].to_numpy(dtype="float64", na_value=np.nan)
    else:
        texts = films.films[_FIELDS[column]].str.casefold().to_numpy(dtype=object)
        values = np.unique(texts, return_inverse=True)[1].astype(np.float64)
    return values


def _cells(films: AllFilms, count: Count, rows: np.ndarray) -> list[tuple[Any, ...]]:
    ratings = films.columns.ratings
    return [
        (
            (int(film.movieId), film.title),
            "" if pd.isna(film.year) else str(film.year),
            None if pd.isna(film.runtime) else int(film.runtime),
            film.genres.replace(LIST_SEPARATOR, ", "),
            film.services.replace(LIST_SEPARATOR, ", "),
            None if ratings is None else int(ratings[row]),
            count.drop_reason(row) or "✓\N{NO-BREAK SPACE}kept",
        )
        for row, film in zip(
            rows.tolist(),
            films.films[["movieId", *filter(None, _FIELDS)]].iloc[rows].itertuples(index=False),
            strict=True,
        )
    ]
