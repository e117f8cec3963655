"""The names of films on the page, which are buttons that open the film."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets


class FilmLinks(anywidget.AnyWidget):
    """Listens to the buttons of `markup.film_button`; ``film_links.js`` explains the traits."""

    _esm = Path(__file__).with_name("film_links.js")
    opened = traitlets.List([0, 0]).tag(sync=True)
    shown = traitlets.Int().tag(sync=True)

    def on_open(self, change: Callable[[int | None], None]) -> None:
        """Call `change` with the id of the film that a user opens, None for closing it."""

        def opened(event: dict[str, list[int]]) -> None:
            change(event["new"][0] or None)
            self.shown += 1

        self.observe(opened, "opened")
