"""Figures of training and evaluation, in the style of `figures`. Each takes data and returns a matplotlib Figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cinematch_lib.evaluation.cold_start import ColdFilms
from cinematch_lib.evaluation.compare import HYBRID, SERVED, Comparison
from cinematch_lib.evaluation.intervals import Interval, interval
from cinematch_lib.evaluation.report import NAMES, by_history, by_popularity, metric_label
from cinematch_lib.plots.catalog import DROPPED, FAINT, INK, KEPT, plain, shortened

_COLOURS = {HYBRID: KEPT, SERVED: "#61a5c2", "content": "#81b29a", "popular": "#8d8d8d"}
_OTHERS = (DROPPED, "#f2b880", "#b56576", "#6d597a")
_CLASSES = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def ratings_per_film(ratings: pd.DataFrame, films: pd.DataFrame) -> Figure:
    """How many films have how many ratings: most have few, so that content has to help."""
    counts = ratings["movieId"].value_counts().reindex(films["movieId"]).fillna(0)
    starts = [edge for edge in _CLASSES if edge <= counts.max()]
    at = np.searchsorted(starts, counts, side="right") - 1
    size = np.bincount(at, minlength=len(starts))
    ends = [after - 1 for after in starts[1:]] + [int(counts.max())]
    words = [f"{low}" if low == high else f"{low}–{high}" for low, high in zip(starts, ends, strict=True)]
    figure, axes = _figure(3.0)
    axes.bar(words, size, color=KEPT, width=0.75)
    for x, count in enumerate(size):
        axes.annotate(f"{count:,}", (x, count), (0, 3), textcoords="offset points", ha="center", size=9)
    axes.margins(y=0.12)
    axes.yaxis.set_visible(False)
    axes.set_xlabel("ratings of a film")
    axes.set_title(f"How often the {len(films):,} films were rated", loc="left")
    return figure


def trials(tried: pd.DataFrame, chosen: Mapping[str, float]) -> Figure:
    """What each value scored on held-out users: a panel for each value that was varied, the chosen one marked."""
    varied = [name for name in tried if name in chosen and tried[name].nunique() > 1]
    figure = Figure(figsize=(9, 2.9), layout="constrained", dpi=100)
    panels = figure.subplots(1, max(1, len(varied)), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, varied, strict=False):
        values = sorted(tried[name].unique())
        place = tried[name].map({value: at for at, value in enumerate(values)})
        is_chosen = np.isclose(tried[name], chosen[name])
        axes.scatter(place[~is_chosen], tried.loc[~is_chosen, "mean"], color=FAINT, edgecolor="#8d8d8d", s=28)
        axes.scatter(place[is_chosen], tried.loc[is_chosen, "mean"], color=KEPT, s=34)
        axes.set_xticks(range(len(values)), [f"{value:.3g}" for value in values], rotation=45 if len(values) > 6 else 0)
        axes.set_title(name.replace("_", " "), loc="left", size=10)
        axes.margins(x=0.15)
        plain(axes)
    panels[0].set_ylabel("(nDCG@10 + Recall@20) / 2")
    words = "What each trial scored on held-out users; blue: with the chosen value"
    figure.suptitle(words if varied else "Nothing was tried: all was given, or too few rated enough", x=0.01, ha="left")
    return figure


def neighbours_by_ratings(near: Mapping[str, Sequence[tuple[str, float]]]) -> Figure:
    """The films that a like of each famous film speaks for most, with the weight."""
    rows = max(1, (len(near) + 1) // 2)
    most = max((len(found) for found in near.values()), default=1)
    figure = Figure(figsize=(11.6, rows * (0.26 * most + 0.55)), layout="constrained", dpi=100)
    figure.get_layout_engine().set(h_pad=0.1)
    grid = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    for axes, (film, found) in zip(grid, near.items(), strict=False):
        axes.barh(range(len(found)), [value for _, value in found], color=KEPT, height=0.72)
        for row, (_, value) in enumerate(found):
            axes.annotate(f"{value:.3f}", (value, row), (4, 0), textcoords="offset points", va="center", size=9)
        axes.set_yticks(range(len(found)), [shortened(name, 36) for name, _ in found])
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.xaxis.set_visible(False)
        axes.set_title(f"Who likes {shortened(film, 28)}", loc="left", fontweight="bold", size=10, color=INK)
        plain(axes)
        axes.spines["bottom"].set_visible(False)
    for axes in grid[len(near) :]:
        axes.set_axis_off()
    return figure


def leaderboard(comparison: Comparison) -> Figure:
    """Every model's mean of the leading metrics with its interval, the best at the top."""
    lead = comparison.main_metrics[:2]
    order = sorted(comparison.results, key=lambda name: comparison.results[name].values[lead[0]].mean())
    figure = Figure(figsize=(9, 0.42 * len(order) + 1), layout="constrained", dpi=100)
    for axes, metric in zip(figure.subplots(1, len(lead), sharey=True, squeeze=False)[0], lead, strict=True):
        for row, name in enumerate(order):
            _interval(axes, interval(comparison.results[name].values[metric]), row, _colours(order)[name])
        axes.set_yticks(range(len(order)), [NAMES[name] for name in order])
        axes.set_title(f"{metric_label(metric)}, 95 % intervals", loc="left", size=10)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        plain(axes)
    return figure


def by_group(comparison: Comparison, names: Sequence[str]) -> Figure:
    """Where models do well and where they fail: by how much a user rated, and by how often a film was rated."""
    figure = Figure(figsize=(11, 3.4), layout="constrained", dpi=100)
    left, right = figure.subplots(1, 2)
    users, films = by_history(comparison, names), by_popularity(comparison, names)
    lead, k = comparison.main_metrics[0], comparison.recall_k
    _bars(left, users, [f"{row}\n({int(size):,})" for row, size in users["users"].items()], names)
    left.set_xlabel("ratings in the history (users)")
    left.set_title(metric_label(lead), loc="left", size=10)
    _bars(right, films, [f"{row}\n({int(size):,})" for row, size in films["held-out films"].items()], names)
    right.set_xlabel("ratings of the film to find (films)")
    right.set_title(f"Part of the films that is found in {k}", loc="left", size=10)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def cold_users(comparison: Comparison) -> Figure:
    """The leading metric by the number of likes shown, with intervals; every model that was queries."""
    cold = comparison.cold_users
    figure, axes = _figure(3.8)
    colours = _colours(cold)
    users = 0
    for number, (name, values) in enumerate(cold.items()):
        at = np.arange(len(values.columns)) + (number - (len(cold) - 1) / 2) * 0.045
        found = [interval(values[likes]) for likes in values]
        middle = np.array([one.mean for one in found])
        error = np.array([[one.mean - one.low, one.high - one.mean] for one in found]).T
        width = 2.4 if name == HYBRID else 1.4
        axes.errorbar(at, middle, error, color=colours[name], linewidth=width, elinewidth=1, marker="o", markersize=4)
        axes.plot([], [], color=colours[name], linewidth=width, label=NAMES[name])
        axes.set_xticks(range(len(values.columns)), values.columns)
        users = len(values)
    axes.set_xlabel("likes that are known of a user")
    if not cold:
        axes.set_title("Not measured: not asked for, or nobody has so many likes to show", loc="left", size=10)
        return figure
    axes.set_title(f"nDCG@{comparison.ks[0]} for the same {users:,} users, 95 % intervals", loc="left", size=10)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    return figure


def cold_films(found: ColdFilms) -> Figure:
    """How well films that nobody has rated are ranked, beside chance."""
    parts = {
        "AUC among hidden films": (found.auc, 0.5),
        "AUC among all films": (found.auc_all, 0.5),
        "Recall@20 among hidden films": (found.recall, found.chance_recall),
    }
    figure = Figure(figsize=(11, 2.2), layout="constrained", dpi=100)
    for axes, (title, (of, chance)) in zip(figure.subplots(1, 3, sharey=True), parts.items(), strict=True):
        colours = (KEPT, _COLOURS["content"], FAINT)
        for row, (one, colour) in enumerate(zip(of.values(), colours, strict=True)):
            _interval(axes, one, -row, colour)
        axes.axvline(chance, color=DROPPED, linewidth=1, linestyle="--")
        axes.annotate("chance", (chance, 0.55), (3, 0), textcoords="offset points", color=DROPPED, size=8)
        axes.set_yticks([0, -1, -2], list(of))
        axes.set_ylim(-2.6, 0.9)
        axes.set_title(title, loc="left", size=10)
        axes.margins(x=0.2)
        plain(axes)
    return figure


def _bars(axes: Axes, table: pd.DataFrame, classes: Sequence[str], names: Sequence[str]) -> None:
    width, colours = 0.8 / len(names), _colours(names)
    for number, name in enumerate(names):
        at = np.arange(len(table)) + (number - (len(names) - 1) / 2) * width
        axes.bar(at, table[name].fillna(0), width * 0.92, color=colours[name], label=NAMES[name])
    axes.set_xticks(range(len(table)), classes, size=9)
    plain(axes)


def _interval(axes: Axes, one: Interval, row: float, colour: str) -> None:
    axes.plot([one.low, one.high], [row, row], color=colour, linewidth=3, solid_capstyle="butt", alpha=0.55)
    axes.plot(one.mean, row, "o", color=colour, markersize=6)
    axes.annotate(f"{one.mean:.3f}", (one.high, row), (5, 0), textcoords="offset points", va="center", size=9)


def _colours(names: Sequence[str]) -> dict[str, str]:
    others = iter(_OTHERS * len(names))
    return {name: _COLOURS.get(name) or next(others) for name in sorted(names)}


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, height), layout="constrained", dpi=100)
    axes = figure.subplots()
    plain(axes)
    return figure, axes
