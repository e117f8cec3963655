"""A table of films in pages, sorted by any column."""

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from cinematch_lib.explorer.javascript import javascript

FILMS_PER_PAGE = 20
Sort = tuple[int, bool]  # the column, and whether from the highest down
NO_SORT: Sort = (-1, False)


class FilmTable(anywidget.AnyWidget):
    """The table; ``film_table.js`` explains the traits."""

    _esm = javascript("film_table.js")
    head = traitlets.List(traitlets.Unicode()).tag(sync=True)
    numeric = traitlets.List(traitlets.Bool()).tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    rows = traitlets.List().tag(sync=True)
    page = traitlets.Int().tag(sync=True)
    pages = traitlets.Int(1).tag(sync=True)
    sort = traitlets.List([-1, False]).tag(sync=True)
    asked = traitlets.List([0, -1, False, 0]).tag(sync=True)

    def on_ask(self, change: Callable[[int, Sort], None]) -> None:
        """Call `change` with the page and the sort that a user asks for."""
        self.observe(lambda event: change(event["new"][0], (event["new"][1], event["new"][2])), "asked")

    def show(self, caption: str, rows: Sequence[Sequence[Any]], page: int, total: int, sort: Sort) -> None:
        """Show the rows of a page, of `total` rows that are sorted by `sort`; a row begins with (id, title)."""
        with self.hold_sync():
            self.caption, self.page, self.sort = caption, page, list(sort)
            self.pages = max(1, -(-total // FILMS_PER_PAGE))
            self.rows = [[list(first), *rest] for first, *rest in rows]
