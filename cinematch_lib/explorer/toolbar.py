"""The bar above the films: undo and redo, a link to the present state, and the selection as a file."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import anywidget
import pandas as pd
import traitlets

from cinematch_lib.explorer.javascript import javascript


class Toolbar(anywidget.AnyWidget):
    """The bar; ``toolbar.js`` explains the traits."""

    _esm = javascript("sorting.js", "saving.js", "toolbar.js")
    kept = traitlets.Int().tag(sync=True)
    read = traitlets.Int().tag(sync=True)
    can_undo = traitlets.Bool().tag(sync=True)
    can_redo = traitlets.Bool().tag(sync=True)
    link = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def on_press(self, actions: Mapping[str, Callable[[], None]], open_link: Callable[[str], None]) -> None:
        """Call the action of each button that a user presses, by its name in ``toolbar.js``.

        `open_link` is called with a link that a user opens.
        """

        def pressed(_: object, content: dict[str, str], __: object) -> None:
            if "open" in content:
                open_link(content["open"])
            else:
                actions[content["press"]]()

        self.on_msg(pressed)

    def show(self, kept: int, read: int, can_undo: bool, can_redo: bool, link: str) -> None:
        """Show the numbers of films, and what can be undone; the message is cleared."""
        with self.hold_sync():
            self.kept, self.read, self.can_undo, self.can_redo = kept, read, can_undo, can_redo
            self.link, self.message = link, ""

    def save(self, name: str, content: bytes) -> None:
        """Let the browser save a file."""
        self.send({"name": name}, [content])


def as_csv(films: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8."""
    return films.to_csv(index=False, lineterminator="\n").encode()


def as_parquet(films: pd.DataFrame) -> bytes:
    """A table as Parquet."""
    file = BytesIO()
    films.to_parquet(file, index=False)
    return file.getvalue()


FORMATS: dict[str, Callable[[pd.DataFrame], Any]] = {"csv": as_csv, "parquet": as_parquet}
