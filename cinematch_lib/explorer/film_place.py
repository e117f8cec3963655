"""A film's place on the map of films, with its neighbours."""

from collections.abc import Sequence

import numpy as np

from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.explorer import drawing, markup
from cinematch_lib.explorer.neighbours import Neighbour
from cinematch_lib.explorer.paint import paint

_MARGIN = 12
_SCALE = (drawing.WIDTH - 2 * _MARGIN) / 2  # the map goes from -1 to 1, both ways
_DOTS = 1500  # of other films, evenly by id; more would only be slower
_COLOURS = {"nearest by ratings": markup.KEPT, "nearest by content": paint("#b5562f")}


def place_on_map(
    film_map: FilmMap | None,
    movie_id: int,
    label: str,
    by_ratings: Sequence[Neighbour],
    by_content: Sequence[Neighbour],
) -> str:
    """The map with a film and its neighbours marked, as HTML; empty for a film without a place."""
    if film_map is None or np.isnan(film_map.places_of(np.array([movie_id]))).any():
        return ""
    dots = film_map.places[:: max(1, len(film_map) // _DOTS)]
    parts = [_dot(place, 1.3, 'fill="currentColor" fill-opacity="0.22"') for place in dots]
    groups = dict(zip(_COLOURS, (by_ratings, by_content), strict=True))
    for name, near in groups.items():
        places = film_map.places_of(np.array([other for other, _ in near], dtype=np.int64))
        parts += [_dot(place, 3.5, f'fill="{_COLOURS[name]}"') for place in places if not np.isnan(place).any()]
    here = film_map.places_of(np.array([movie_id]))[0]
    parts.append(_dot(here, 7, 'fill="none" stroke="currentColor" stroke-width="2.5"'))
    title = f"{label}: its place on the map"
    rows = [(name, f"{_distance(film_map, here, near):.2f}") for name, near in groups.items() if near]
    table = markup.table(("films", "mean distance (2.8 at most)"), rows, "cm-numbers")
    return drawing.figure(title, drawing.svg(title, drawing.WIDTH, "".join(parts), _COLOURS), table)


def _dot(place: np.ndarray, radius: float, style: str) -> str:
    x, y = _MARGIN + (1 + float(place[0])) * _SCALE, _MARGIN + (1 - float(place[1])) * _SCALE
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {style}/>'


def _distance(film_map: FilmMap, here: np.ndarray, near: Sequence[Neighbour]) -> float:
    """The mean distance of neighbours from a film on the map."""
    places = film_map.places_of(np.array([other for other, _ in near], dtype=np.int64))
    return float(np.nanmean(np.linalg.norm(places - here, axis=1)))
