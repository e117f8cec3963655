"""Looking films up: whether they are kept, and if not, why."""

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
_HEAD = ("film", "year", "min", "genres", "services", "ratings", "")


class TextIndex:
    """Finds films of `all_films` by words in their title, cast and director, and in their overview."""

    def __init__(self, all_films: AllFilms) -> None:
        self._all = all_films

    @cached_property
    def standing(self) -> np.ndarray:
        """The rows of the films, the most rated (without ratings: most voted for) first, int64 (films,)."""
        counts = self._all.facts.ratings
        if counts is None:
            counts = self._all.films["vote_count"].to_numpy(dtype="float64", na_value=0.0)
        return np.argsort(-counts, kind="stable")

    @cached_property
    def _texts(self) -> list[tuple[str, str, str]]:
        """Title, people, and overview of each film in the order of `standing`, folded."""
        films = self._all.films.iloc[self.standing]
        people = films["cast_top"] + " " + films["director"]
        overview = films["overview"].where(films["overview"] != films["title"], "")
        return [tuple(f" {fold(text)}" for text in film) for film in zip(films["title"], people, overview, strict=True)]

    def search(self, text: str, k: int) -> tuple[list[int], int]:
        """Up to `k` rows, titles before people before overviews, and how many films hold the text in all.

        Words match from their beginnings: "crim" finds "crime".
        """
        wanted = f" {fold(text)}"
        kinds: tuple[list[int], ...] = ([], [], [])
        for row, film in zip(self.standing.tolist(), self._texts, strict=True):
            kind = next((at for at, one in enumerate(film) if wanted in one), None)
            if kind is not None:
                kinds[kind].append(row)
        found = [row for rows in kinds for row in rows]
        return found[:k], len(found)


class Lookup:
    """A text field and the table of the films that it finds; `widget` is what to show."""

    def __init__(self, index: TextIndex, get: Callable[[], tuple[AllFilms, Count]]) -> None:
        """`get` gives the films under the services in force, and the count under the filters in force."""
        self._index, self._get = index, get
        self._text = widgets.Text(placeholder="Part of a title, a name, or words of a story")
        self._text.observe(lambda _: self.show(), "value")
        self._table = widgets.HTML()
        self.widget = widgets.VBox([self._text, self._table])

    def show(self) -> None:
        """Show the films found; without a text, the most rated ones that are kept."""
        films, count = self._get()
        if text := self._text.value.strip():
            rows, many = self._index.search(text, _SHOWN)
            said = f"{many:,} films, kept or not" if many else "No film of the data set holds that"
            said += f"; the {_SHOWN} nearest and most rated" if many > _SHOWN else ""
        else:
            standing = self._index.standing
            rows, said = standing[count.keeps[standing]][:_SHOWN].tolist(), "The most rated films that are kept"
        body = markup.table(_HEAD, [_row(films, count, row) for row in rows], "cm-lookup")
        self._table.value = markup.block(markup.hint(said) + body)


def _row(films: AllFilms, count: Count, row: int) -> tuple:
    film, ratings = films.films.iloc[row], films.facts.ratings
    return (
        film["title"],
        "" if pd.isna(film["year"]) else str(film["year"]),
        None if pd.isna(film["runtime"]) else int(film["runtime"]),
        film["genres"].replace(LIST_SEPARATOR, ", "),
        film["services"].replace(LIST_SEPARATOR, ", "),
        None if ratings is None else int(ratings[row]),
        count.why(row) or "✓\N{NO-BREAK SPACE}kept",
    )
