"""Going back and forth between states of the page, opening a link to one, and carrying the selection away."""

import time
from collections.abc import Callable

import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.history import History
from cinematch_lib.explorer.links import Moment, differing, from_link, to_link
from cinematch_lib.explorer.toolbar import FORMATS, Toolbar


class Navigation:
    """The history of the page's states, and the bar that shows it; `widget` is the bar."""

    def __init__(
        self,
        first: Moment,
        go: Callable[[Moment], None],
        settings_of_run: Callable[[], Moment],
        no_filters: Callable[[], Moment],
        films: Callable[[], pd.DataFrame],
    ) -> None:
        """`first` is the moment that the page begins with; `go` shows one, or raises CineMatchError."""
        self._go, self._films = go, films
        self._history: History[Moment] = History()
        self._moment = first
        self.widget = Toolbar().add_class("cm-bar-widget")
        self.widget.on_press(
            {
                "undo": lambda: self._step(self._history.undo()),
                "redo": lambda: self._step(self._history.redo()),
                "run": lambda: go(settings_of_run()),
                "none": lambda: go(no_filters()),
                **{name: lambda name=name: self._save(name) for name in FORMATS},
            },
            self.open,
        )

    def show(self, moment: Moment, kept: int, read: int) -> None:
        """Record the present moment, and show it in the bar."""
        self._history.record(moment, time.monotonic(), differing(self._moment, moment))
        self._moment = moment
        self.widget.show(kept, read, self._history.can_undo, self._history.can_redo, to_link(moment))

    def open(self, link: str) -> None:
        """Show the state of a link; if that is not possible, the bar says why."""
        try:
            self._go(from_link(link, self._moment.settings))
        except CineMatchError as error:
            self.widget.message = str(error)

    def _step(self, moment: Moment | None) -> None:
        if moment is not None:
            self._go(moment)

    def _save(self, name: str) -> None:
        films = self._films()
        self.widget.save(f"{self._moment.settings.dataset}_{len(films)}_films.{name}", FORMATS[name](films))
