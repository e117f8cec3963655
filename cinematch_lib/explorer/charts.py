"""Bar charts of all films and of those that are kept, which set filters when they are dragged, clicked or typed at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from cinematch_lib.explorer.javascript import javascript

EITHER, KEEP, DROP = range(3)  # the states of a name
Bounds = tuple[int | None, int | None]


class Chart(anywidget.AnyWidget):
    """What both kinds of charts share with ``chart.js``, where each trait is explained."""

    _esm = javascript("saving.js", "picture.js", "chart.js")
    title = traitlets.Unicode().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    all = traitlets.List(traitlets.Int()).tag(sync=True)
    kept = traitlets.List(traitlets.Int()).tag(sync=True)
    edges = traitlets.List(traitlets.Int()).tag(sync=True)
    open_end = traitlets.Bool().tag(sync=True)
    bounds = traitlets.List([None, None]).tag(sync=True)
    brush = traitlets.List([None, None]).tag(sync=True)
    states = traitlets.List(traitlets.Int()).tag(sync=True)
    pick = traitlets.List(traitlets.Int()).tag(sync=True)


class RangeChart(Chart):
    """A histogram; `on_brush` gets the inclusive bounds that a user drags or types, None for no bound."""

    def __init__(
        self, title: str, labels: Sequence[str], edges: np.ndarray, all_films: np.ndarray, open_end: bool = False
    ) -> None:
        """`edges` are those of `Bins`, `all_films` the films of each bin; `open_end`: there is no upper bound."""
        films = all_films.tolist()
        super().__init__(
            title=title, labels=list(labels), edges=edges.tolist(), all=films, kept=films, open_end=open_end
        )

    def on_brush(self, change: Callable[[Bounds], None]) -> None:
        """Call `change` with the bounds whenever a user changes them."""

        def brushed(event: Mapping[str, Any]) -> None:
            if list(event["new"]) != list(self.bounds):
                change(tuple(event["new"]))

        self.observe(brushed, "brush")

    def show(self, kept: np.ndarray, bounds: Bounds) -> None:
        """Show the films that are kept, int (bins,), and the bounds of the filters."""
        with self.hold_sync():
            self.kept, self.bounds = kept.tolist(), list(bounds)
            self.brush = list(bounds)  # so that the same drag counts again after the bounds were changed elsewhere


class NameChart(Chart):
    """Bars by name; `on_pick` gets the name that a user clicks."""

    def __init__(self, title: str) -> None:
        super().__init__(title=title)

    def on_pick(self, change: Callable[[str], None]) -> None:
        """Call `change` with the name that a user clicks."""
        self.observe(lambda event: change(self.labels[event["new"][0]]), "pick")

    def show(self, all_films: Mapping[str, int], kept: Mapping[str, int], states: Mapping[str, int]) -> None:
        """Show the films by name, of which those in `states` are not EITHER."""
        with self.hold_sync():
            self.labels, self.all = list(all_films), list(all_films.values())
            self.kept = [kept.get(name, 0) for name in all_films]
            self.states = [states.get(name, EITHER) for name in all_films]


def following(state: int) -> int:
    """The state after a click: from any to kept, to dropped, to any.

    >>> [following(state) for state in (EITHER, KEEP, DROP)]
    [1, 2, 0]
    """
    return (state + 1) % 3
