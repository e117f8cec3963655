"""The figure of the map of films."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cinematch_lib.plots import style
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

_GENRES = ("#2a6f97", "#e07a5f", "#81b29a", "#6d597a", "#f2b880", "#c1121f", "#588157", "#b56576")
_NAMED, _NAME_GAP = 45, (0.24, 0.04)  # films with a name, and the least gap between two names


@style.default_style()
def plot_film_map(films: pd.DataFrame, places: np.ndarray, popularity: np.ndarray) -> Figure:
    """Films at their `places`, float (films, 2), coloured by their first genre; the most popular ones are named."""
    figure, axes = style.new_axes(8.2)
    genres = films["genres"].str.split(LIST_SEPARATOR, regex=False).str[0].fillna("")
    axes.scatter(*places.T, s=3, color=style.FAINT, linewidths=0)
    for genre, colour in zip(genres[genres != ""].value_counts().index, _GENRES, strict=False):
        axes.scatter(*places[(genres == genre).to_numpy()].T, s=4, color=colour, label=genre, linewidths=0)
    for row in _named_films(places, popularity):
        axes.annotate(style.shorten(films["title"].iloc[row], 26), places[row], size=7, color=style.INK, ha="center")
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.legend(loc="lower left", fontsize=8, markerscale=3, frameon=False)
    return figure


def _named_films(places: np.ndarray, popularity: np.ndarray) -> list[int]:
    """The rows of the most popular films whose names do not overlap."""
    named: list[int] = []
    for row in np.argsort(-popularity, kind="stable")[: 40 * _NAMED].tolist():
        if all((np.abs(places[row] - places[other]) > _NAME_GAP).any() for other in named):
            named.append(row)
        if len(named) == _NAMED:
            break
    return named
