"""Figures of the training data and of what the hybrid learned."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cinematch_lib.plots import style

_CLASSES = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_UNTAKEN = "#8d8d8d"


@style.default_style()
def ratings_per_film(ratings: pd.DataFrame, films: pd.DataFrame) -> Figure:
    """The number of films by their number of ratings."""
    counts = ratings["movieId"].value_counts().reindex(films["movieId"]).fillna(0)
    starts = [edge for edge in _CLASSES if edge <= counts.max()]
    sizes = np.bincount(np.searchsorted(starts, counts, side="right") - 1, minlength=len(starts))
    ends = [after - 1 for after in starts[1:]] + [int(counts.max())]
    labels = [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in zip(starts, ends, strict=True)]
    figure, axes = style.new_axes(3.0)
    axes.bar(labels, sizes, color=style.KEPT, width=0.75)
    for x, size in enumerate(sizes):
        axes.annotate(f"{size:,}", (x, size), (0, 3), textcoords="offset points", ha="center", size=9)
    axes.margins(y=0.12)
    axes.yaxis.set_visible(False)
    axes.tick_params(axis="x", labelsize=9 if len(labels) < 12 else 7)
    axes.set_xlabel("ratings of a film")
    axes.set_title(f"Number of ratings of the {len(films):,} films", loc="left")
    return figure


@style.default_style()
def trials(table: pd.DataFrame, best_params: Mapping[str, float]) -> Figure:
    """The objective of each trial by the value of each tuned hyperparameter; the best value is marked."""
    varied = [name for name in table if name in best_params and table[name].nunique() > 1]
    figure = style.new_figure(2.9)
    panels = figure.subplots(1, max(1, len(varied)), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, varied, strict=False):
        values = sorted(table[name].unique())
        position = table[name].map({value: at for at, value in enumerate(values)})
        is_best = np.isclose(table[name], best_params[name])
        axes.scatter(position[~is_best], table.loc[~is_best, "mean"], color=style.FAINT, edgecolor=_UNTAKEN, s=28)
        axes.scatter(position[is_best], table.loc[is_best, "mean"], color=style.KEPT, s=34)
        axes.set_xticks(range(len(values)), [f"{value:.3g}" for value in values], rotation=45 if len(values) > 6 else 0)
        axes.set_title(name.replace("_", " "), loc="left", size=10)
        axes.margins(x=0.15)
        style.remove_frame(axes)
    panels[0].set_ylabel("(nDCG@10 + Recall@20) / 2")
    none = "No trials: all values were given, or there are too few users"
    figure.suptitle("Trials on held-out users; blue: with the best value" if varied else none, x=0.01, ha="left")
    return figure


@style.default_style()
def neighbours_by_ratings(neighbours: Mapping[str, Sequence[tuple[str, float]]]) -> Figure:
    """The largest item-to-item weights of each film, which is the heading of its panel."""
    longest = max((len(found) for found in neighbours.values()), default=1)
    figure, panels = style.new_panels([style.shorten(film, 38) for film in neighbours], longest)
    for axes, found in zip(panels, neighbours.values(), strict=True):
        axes.barh(range(len(found)), [weight for _, weight in found], color=style.KEPT, height=0.72)
        for row, (_, weight) in enumerate(found):
            style.label_bar(axes, weight, row, f"{weight:.3f}", size=9)
        axes.set_yticks(range(len(found)), [style.shorten(name, 36) for name, _ in found])
        axes.invert_yaxis()
        axes.margins(x=0.12)
    return figure
