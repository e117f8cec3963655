"""Looking up films: whether a film is kept, and if not, which rule drops it."""

from collections.abc import Callable
from functools import cached_property

import ipywidgets as widgets
import numpy as np
import pandas as pd

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.counts import AllFilms, Count
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.spelling import fold

_SHOWN = 15
_COLUMNS = ("film", "year", "min", "genres", "services", "ratings", "kept or dropped")


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
    """A text field and the table of the films that it finds; `widget` shows them."""

    def __init__(self, index: TextIndex, get: Callable[[], tuple[AllFilms, Count]]) -> None:
        """`get` returns the films with the present services, and the counts under the present filters."""
        self._index, self._get = index, get
        self._text = widgets.Text(placeholder="Part of a title, a name, or words of the plot")
        self._text.observe(lambda _: self.show(), "value")
        self._table = widgets.HTML()
        self.widget = widgets.VBox([self._text, self._table])

    def show(self) -> None:
        """Show the matches; without a text, the kept films with the most ratings."""
        films, count = self._get()
        if text := self._text.value.strip():
            rows, total = self._index.search(text, _SHOWN)
            caption = f"{total:,} matches, kept or not" if total else "No film of the data set matches"
            caption += f"; the {_SHOWN} best are shown" if total > _SHOWN else ""
        else:
            order = self._index.popularity_order
            rows, caption = order[count.keeps[order]][:_SHOWN].tolist(), "The kept films with the most ratings"
        body = markup.table(_COLUMNS, [_row(films, count, row) for row in rows], "cm-lookup")
        self._table.value = markup.block(markup.hint(caption) + body)


def _row(films: AllFilms, count: Count, row: int) -> tuple:
    film, ratings = films.films.iloc[row], films.columns.ratings
    return (
        markup.film_button(int(film["movieId"]), film["title"]),
        "" if pd.isna(film["year"]) else str(film["year"]),
        None if pd.isna(film["runtime"]) else int(film["runtime"]),
        film["genres"].replace(LIST_SEPARATOR, ", "),
        film["services"].replace(LIST_SEPARATOR, ", "),
        None if ratings is None else int(ratings[row]),
        count.drop_reason(row) or "✓\N{NO-BREAK SPACE}kept",
    )
