"""The map of films on the page: dragging keeps the films of a rectangle."""

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.explorer.javascript import javascript

Area = tuple[float, float, float, float]  # left, bottom, right and top, from −1 to 1
OUTSIDE = "outside the area on the map"  # the rule that drops a film


def check_area(area: Area | None) -> Area | None:
    """The area. Raises CineMatchError unless it is left, bottom, right and top between −1 and 1, or None."""
    if area is not None and not (len(area) == 4 and -1 <= area[0] <= area[2] <= 1 and -1 <= area[1] <= area[3] <= 1):
        raise CineMatchError(f"an area of the map must be left, bottom, right, top between -1 and 1, got {area}")
    return area


def outside(places: np.ndarray, area: Area) -> np.ndarray:
    """Mask of the films, bool (films,), that are not in the area or have no place, NaN in `places`, (films, 2).

    >>> outside(np.array([[0, 0], [0.5, 0.9], [np.nan, np.nan]]), (0, 0, 1, 0.5))
    array([False,  True,  True])
    """
    low, high = np.array(area[:2]), np.array(area[2:])
    mask: np.ndarray = ~((places >= low) & (places <= high)).all(axis=1)
    return mask


class FilmMapWidget(anywidget.AnyWidget):
    """The map; ``map.js`` explains the traits. `on_brush` gets the area that a user drags, None for the whole map."""

    _esm = javascript("saving.js", "picture.js", "points.js", "map.js")
    title = traitlets.Unicode("Map of films").tag(sync=True)
    places = traitlets.Bytes().tag(sync=True)
    names = traitlets.Bytes().tag(sync=True)
    ids = traitlets.Bytes().tag(sync=True)
    order = traitlets.Bytes().tag(sync=True)
    kept = traitlets.Bytes().tag(sync=True)
    area = traitlets.List(traitlets.Float()).tag(sync=True)
    brush = traitlets.List(traitlets.Float()).tag(sync=True)

    def on_brush(self, change: Callable[[Area | None], None]) -> None:
        """Call `change` with the area whenever a user changes it."""

        def brushed(event: Mapping[str, Any]) -> None:
            if list(event["new"]) != list(self.area):
                change(tuple(event["new"]) or None)

        self.observe(brushed, "brush")

    def set_films(self, film_map: FilmMap | None, films: AllFilms, popularity_order: np.ndarray) -> None:
        """Show these films at their places in a run; without a map, nothing is shown.

        `popularity_order` are the rows of the films by popularity, int64 (films,).
        """
        places = np.full((len(films), 2), np.nan, np.float32) if film_map is None else film_map.places_of(films.ids)
        self._places = places
        self._rows = np.flatnonzero(~np.isnan(places[:, 0]))
        number = np.full(len(films), -1)
        number[self._rows] = np.arange(len(self._rows))
        order = number[popularity_order]
        table = films.films.iloc[self._rows]
        years = table["year"].astype("string").radd(" (").add(")").fillna("")
        names = (table["title"].str.replace("\n", " ") + years).to_list()
        with self.hold_sync():
            self.kept = np.packbits(np.ones(len(self._rows), bool), bitorder="little").tobytes()
            self.places = places[self._rows].tobytes()
            self.names = "\n".join(names).encode()
            self.ids = films.ids[self._rows].astype(np.float64).tobytes()
            self.order = order[order >= 0].astype(np.uint32).tobytes()
        self.layout.display = "" if len(self._rows) else "none"

    def dropped(self, area: Area | None) -> np.ndarray | None:
        """Mask of the films that an area drops, bool (films,); None without an area."""
        return None if area is None else outside(self._places, area)

    def show(self, keeps: np.ndarray, area: Area | None) -> None:
        """Show which films are kept, bool (films,), and the area that keeps them."""
        with self.hold_sync():
            self.kept = np.packbits(keeps[self._rows], bitorder="little").tobytes()
            self.area = list(area or ())
            self.brush = list(area or ())
