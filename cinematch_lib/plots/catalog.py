"""Figures of the notebooks, in one style. Each takes data and returns a matplotlib Figure."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from cinematch_lib.catalog.cleaning import CleaningReport
from cinematch_lib.recommender.recommendations import Recommendation

_FIELD_COLOURS = {
    "title": "#81b29a",
    "director": "#1b4965",
    "cast_top": "#2a6f97",
    "keywords": "#61a5c2",
    "overview": "#a9d6e5",
    "tags": "#bfd8bd",
    "genres": "#f2b880",
    "year": "#d9d9d9",
    "runtime": "#bdbdbd",
}
FIELD_NAMES = {"cast_top": "cast", "poster_path": "poster", "runtime": "running time"}
KEPT, DROPPED, INK, FAINT = "#2a6f97", "#e07a5f", "#333333", "#d9d9d9"
_LABEL_WIDTH, _HEADING_WIDTH = 36, 31  # characters, so that titles leave room for the bars


def waterfall(report: CleaningReport) -> Figure:
    """Films read, dropped for each reason, and kept, as a waterfall from top to bottom."""
    steps = report.steps()
    figure, axes = _axes(0.42 * len(steps) + 0.8)
    for row, (films, left) in enumerate(zip(steps["films"], steps["left"], strict=True)):
        start = 0 if films > 0 else left
        axes.barh(row, abs(films), left=start, color=KEPT if films > 0 else DROPPED, height=0.62)
        edge = start + abs(films)
        axes.annotate(f"{films:,}".replace("-", "−"), (edge, row), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(steps)), steps["step"])
    axes.invert_yaxis()
    axes.set_xlim(0, report.read * 1.14)
    _without_scale(axes)
    axes.set_title(f"{report.dataset}: {report.read:,} films read, {report.kept:,} kept", loc="left")
    return figure


def coverage(report: CleaningReport) -> Figure:
    """Of how many of the kept films each thing is known. Invented services are called so."""
    names = {name: FIELD_NAMES.get(name, name) for name in report.coverage}
    if report.services["source"] == "demo":
        names["services"] = "services (demo)"
    counts = {names[name]: count for name, count in report.coverage.items()}
    figure, axes = _axes(0.42 * len(counts) + 0.8)
    axes.barh(list(counts), [report.kept] * len(counts), color=FAINT, height=0.62)
    axes.barh(list(counts), list(counts.values()), color=KEPT, height=0.62)
    for row, count in enumerate(counts.values()):
        words = f"{count:,} ({100 * count / report.kept:.0f} %)"
        axes.annotate(words, (report.kept, row), (5, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, report.kept * 1.2)
    _without_scale(axes)
    axes.set_title(f"What is known of the {report.kept:,} films", loc="left")
    return figure


def metadata_coverage(table: pd.DataFrame, title: str) -> Figure:
    """Bars of what is known, in % of films and, where the table has them, of ratings; see `tmdb.coverage`."""
    figure, axes = _axes(0.55 * len(table) + 1.1)
    parts = [name for name in ("films", "ratings") if name in table]
    height = 0.7 / len(parts)
    for number, (name, colour) in enumerate(zip(parts, (KEPT, DROPPED), strict=False)):
        rows = [row + (number - (len(parts) - 1) / 2) * height for row in range(len(table))]
        axes.barh(rows, table[name], color=colour, height=0.9 * height, label=f"of {name}")
        for row, percent in zip(rows, table[name], strict=True):
            axes.annotate(f"{percent:.1f} %", (percent, row), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(table)), table["known"])
    axes.invert_yaxis()
    axes.set_xlim(0, 114)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("%")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def films_by_year(films: pd.DataFrame) -> Figure:
    """How many films each year has."""
    counts = films["year"].value_counts().sort_index()
    figure, axes = _axes(2.8)
    axes.bar(counts.index.astype(int), counts.to_numpy(), color=KEPT, width=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("films")
    axes.set_title("Films by year of release", loc="left")
    return figure


def stars(ratings: pd.DataFrame) -> Figure:
    """How often each number of stars was given."""
    counts = ratings["rating"].value_counts().sort_index()
    figure, axes = _axes(2.8)
    axes.bar(counts.index.astype(str), counts.to_numpy() / counts.sum() * 100, color=KEPT, width=0.75)
    axes.set_xlabel("stars")
    axes.set_ylabel("% of ratings")
    axes.set_title(f"{counts.sum():,} ratings", loc="left")
    return figure


def neighbours(near: Mapping[str, Sequence[Recommendation]]) -> Figure:
    """The nearest films of each film, as bars of the features that make them near, with their likeness."""
    rows = max(1, (len(near) + 1) // 2)
    most = max((len(found) for found in near.values()), default=1)
    figure = Figure(figsize=(11.6, rows * (0.26 * most + 0.55) + 0.8), layout="constrained", dpi=100)
    figure.get_layout_engine().set(h_pad=0.1)
    grid = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    seen: dict[str, None] = {}
    for axes, (label, found) in zip(grid, near.items(), strict=False):
        seen |= dict.fromkeys(_likeness(axes, label, found))
    for axes in grid[len(near) :]:
        axes.set_axis_off()
    patches = [
        Patch(color=_FIELD_COLOURS[field], label=FIELD_NAMES.get(field, field))
        for field in _FIELD_COLOURS
        if field in seen
    ]
    if patches:
        figure.legend(
            handles=patches,
            title="likeness: the cosine of two films, made by",
            loc="outside lower center",
            ncols=len(patches),
            frameon=False,
        )
    return figure


def _likeness(axes: Axes, label: str, found: Sequence[Recommendation]) -> list[str]:
    """Draw the films near one film; returns the fields that make them near."""
    seen = []
    for row, one in enumerate(found):
        left = 0.0
        for field, value in _by_field(one).items():
            axes.barh(row, value, left=left, height=0.72, color=_FIELD_COLOURS.get(field, FAINT))
            left += value
            seen.append(field)
        axes.annotate(f"{one.score:.2f}", (left, row), (4, 0), textcoords="offset points", va="center", size=9)
    axes.set_yticks(range(len(found)), [shortened(one.movie.label, _LABEL_WIDTH) for one in found])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    _without_scale(axes)
    axes.set_title(f"Like {shortened(label, _HEADING_WIDTH)}", loc="left", fontweight="bold", size=10, color=INK)
    plain(axes)
    return seen


def shortened(label: str, width: int) -> str:
    """The label; of a long one the first and last words, since the parts of a series differ at the end."""
    words = label.split()
    first, last = words[: len(words) // 2], words[len(words) // 2 :]
    while len(label) > width and first and len(last) > 1:
        if len(first) > len(last):
            first.pop()
        else:
            last.pop(0)
        label = " ".join([*first, "…", *last])
    return label


def _by_field(one: Recommendation) -> dict[str, float]:
    """What each field adds to a score, in the order of the fields' colours; what it takes away is left out."""
    sums = dict.fromkeys(_FIELD_COLOURS, 0.0)
    for reason in one.reasons:
        for feature in reason.features:
            sums[feature.field] = sums.get(feature.field, 0.0) + feature.value
    return {field: value for field, value in sums.items() if value > 0}


def _axes(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, height), layout="constrained", dpi=100)
    axes = figure.subplots()
    plain(axes)
    return figure, axes


def plain(axes: Axes) -> None:
    """Take the frame and the ticks off."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelcolor=INK)


def _without_scale(axes: Axes) -> None:
    """Every bar has its number written beside it."""
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
