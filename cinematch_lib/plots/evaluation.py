"""Figures of an evaluation; a model has the same colour in all of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cinematch_lib.evaluation import report
from cinematch_lib.evaluation.cold_films import ColdFilms
from cinematch_lib.evaluation.compare import HYBRID, Comparison
from cinematch_lib.evaluation.intervals import interval
from cinematch_lib.evaluation.knobs import DEFAULT, KNOWN
from cinematch_lib.evaluation.report import by_history, by_popularity, metric_label, model_label
from cinematch_lib.plots import style

_LABELLED = (0.0, 0.3, 0.5, 1.0)  # values of a knob; others would overlap


@style.default_style()
def leaderboard(comparison: Comparison) -> Figure:
    """The mean of the first two main metrics of each model with its interval, the best at the top."""
    metrics = comparison.main_metrics[:2]
    names = comparison.values(metrics[0]).mean().sort_values(kind="stable").index
    figure = style.new_figure(0.42 * len(names) + 1)
    for axes, metric in zip(figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0], metrics, strict=True):
        for row, name in enumerate(names):
            style.draw_interval(axes, interval(comparison.results[name].values[metric]), row, style.model_colour(name))
        axes.set_yticks(range(len(names)), [model_label(name) for name in names])
        axes.set_title(f"{metric_label(metric)}, 95 % intervals", loc="left", size=10)
        axes.grid(axis="x", color=style.FAINT, linewidth=0.6)
        axes.margins(x=0.12)
        style.remove_frame(axes)
    return figure


@style.default_style()
def by_group(comparison: Comparison, names: Sequence[str]) -> Figure:
    """Accuracy by the number of ratings of a user, and by the number of ratings of a film."""
    figure = style.new_figure(3.4, 11)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    users, films = by_history(comparison, names), by_popularity(comparison, names)
    _grouped_bars(left, users, "users", names)
    left.set_xlabel("ratings in the history (number of users)")
    left.set_title(metric_label(comparison.main_metrics[0]), loc="left", size=10)
    _grouped_bars(right, films, "held-out films", names)
    right.set_xlabel("ratings of the held-out film (number of held-out films)")
    right.set_title(f"Share of held-out films in the first {comparison.recall_k}", loc="left", size=10)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(names), frameon=False)
    return figure


@style.default_style()
def cold_users(comparison: Comparison) -> Figure:
    """NDCG by the number of known likes, with intervals."""
    measured = comparison.cold_users
    figure, axes = style.new_axes(3.8)
    axes.set_xlabel("known likes of a user")
    if not measured:
        axes.set_title("Not measured: not requested, or no user has enough likes", loc="left", size=10)
        return figure
    for number, (name, values) in enumerate(measured.items()):
        at = np.arange(len(values.columns)) + (number - (len(measured) - 1) / 2) * 0.045
        intervals = [interval(values[likes]) for likes in values]
        means = np.array([one.mean for one in intervals])
        error = np.array([[one.mean - one.low, one.high - one.mean] for one in intervals]).T
        width, colour = 2.4 if name == HYBRID else 1.4, style.model_colour(name)
        axes.errorbar(at, means, error, color=colour, linewidth=width, elinewidth=1, marker="o", markersize=4)
        axes.plot([], [], color=colour, linewidth=width, label=model_label(name))
    axes.set_xticks(range(len(values.columns)), values.columns)
    axes.set_title(f"nDCG@{comparison.ks[0]} of the same {len(values):,} users, 95 % intervals", loc="left", size=10)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
    return figure


@style.default_style()
def knobs(comparison: Comparison) -> Figure:
    """NDCG of what is served at each value of discovery, diversity and recency, against what the value is for."""
    figure, curves = style.new_figure(3.6, 11), comparison.knobs
    panels = {
        "discovery": ("novelty", "novelty"),
        "diversity": ("diversity", "diversity of genres"),
        "recency": ("year", "mean year of release"),
    }
    for axes, (knob, (measure, label)) in zip(figure.subplots(1, 3, sharey=True), panels.items(), strict=True):
        style.remove_frame(axes)
        axes.set_title(knob, loc="left", size=10)
        axes.set_xlabel(label)
        axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
        if curves is not None:
            _draw_knob(axes, curves.points.loc[knob], curves.points.loc[DEFAULT].iloc[0], measure)
            for name, row in report.knob_references(comparison).iterrows():
                axes.plot(
                    row[measure], row["ndcg"], "X", color=style.model_colour(str(name)), label=model_label(str(name))
                )
    first = figure.axes[0]
    first.set_ylabel(f"nDCG@{comparison.ks[0]}, {KNOWN} likes known" if curves else "not measured")
    if curves is not None:
        figure.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _draw_knob(axes: Axes, points: pd.DataFrame, default: pd.Series, measure: str) -> None:
    """A line through the settings, the extremes and some between labelled, and the default as a ring."""
    colour = style.model_colour("hybrid")
    axes.plot(points[measure], points["ndcg"], "o-", color=colour, markersize=4, label="served")
    for value, point in points[points.index.isin(_LABELLED)].iterrows():
        axes.annotate(f"{value:g}", (point[measure], point["ndcg"]), (3, 5), textcoords="offset points", size=8)
    ring = {"markersize": 11, "markerfacecolor": "none", "markeredgecolor": style.INK, "linestyle": "none"}
    axes.plot(default[measure], default["ndcg"], "o", label="default", **ring)


@style.default_style()
def cold_films(measured: ColdFilms) -> Figure:
    """How well models rank films without ratings, compared with chance."""
    panels = {
        "AUC among hidden films": (measured.auc, 0.5),
        "AUC among all films": (measured.auc_all, 0.5),
        "nDCG@10 among hidden films": (measured.ndcg, None),
        "Recall@20 among hidden films": (measured.recall, measured.chance_recall),
    }
    figure = style.new_figure(2.2, 12)
    for axes, (title, (by_model, chance)) in zip(figure.subplots(1, 4, sharey=True), panels.items(), strict=True):
        for row, (name, one) in enumerate(by_model.items()):
            style.draw_interval(axes, one, -row, style.model_colour(name))
        if chance is not None:
            axes.axvline(chance, color=style.INK, linewidth=1, linestyle="--")
            axes.annotate("chance", (chance, 0.55), (3, 0), textcoords="offset points", color=style.INK, size=8)
        axes.set_yticks([-row for row in range(len(by_model))], [model_label(name) for name in by_model])
        axes.set_ylim(0.4 - len(by_model), 0.9)
        axes.set_title(title, loc="left", size=10)
        axes.margins(x=0.2)
        style.remove_frame(axes)
    return figure


def _grouped_bars(axes: Axes, table: pd.DataFrame, sizes: str, names: Sequence[str]) -> None:
    """A bar for each model in each class, a row of `table`; its column `sizes` is shown below the label."""
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        at = np.arange(len(table)) + (number - (len(names) - 1) / 2) * width
        axes.bar(at, table[name].fillna(0), width * 0.92, color=style.model_colour(name), label=model_label(name))
    classes = table.index.str.replace(" to ", "–").str.replace(" and more", "+")
    labels = [f"{name}\n({size:,.0f})" for name, size in zip(classes, table[sizes], strict=True)]
    axes.set_xticks(range(len(table)), labels, size=9)
    style.remove_frame(axes)
