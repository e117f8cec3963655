"""Figures of the notebooks, in one style. Each takes data and returns a matplotlib Figure."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from cinematch_lib.cleaning import CleaningReport
from cinematch_lib.recommender import Recommendation

_FIELD_COLOURS = {
    "director": "#1b4965",
    "cast_top": "#2a6f97",
    "keywords": "#61a5c2",
    "overview": "#a9d6e5",
    "tags": "#bfd8bd",
    "genres": "#f2b880",
    "year": "#d9d9d9",
    "runtime": "#bdbdbd",
}
_FIELD_NAMES = {"cast_top": "cast", "overview": "story", "runtime": "running time"}
_KEPT, _DROPPED, _INK, _FAINT = "#2a6f97", "#e07a5f", "#333333", "#d9d9d9"


def waterfall(report: CleaningReport) -> Figure:
    """Films read, dropped for each reason, and kept, as a waterfall from top to bottom."""
    steps = report.steps()
    figure, axes = _axes(0.42 * len(steps) + 1.1)
    for row, (films, left) in enumerate(zip(steps["films"], steps["left"], strict=True)):
        start = 0 if films > 0 else left
        axes.barh(row, abs(films), left=start, color=_KEPT if films > 0 else _DROPPED, height=0.62)
        edge = start + abs(films)
        axes.annotate(f"{films:,}".replace("-", "−"), (edge, row), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(steps)), steps["step"])
    axes.invert_yaxis()
    axes.set_xlim(0, report.read * 1.14)
    axes.set_xlabel("films")
    axes.set_title(f"{report.dataset}: {report.read:,} films read, {report.kept:,} kept", loc="left")
    return figure


def shares(title: str, counts: Mapping[str, int], total: int) -> Figure:
    """Bars of counts as parts of `total`, in the order given, each with its count and percentage."""
    figure, axes = _axes(0.42 * len(counts) + 1.1)
    axes.barh(list(counts), [total] * len(counts), color=_FAINT, height=0.62)
    axes.barh(list(counts), list(counts.values()), color=_KEPT, height=0.62)
    for row, count in enumerate(counts.values()):
        words = f"{count:,} ({100 * count / max(total, 1):.0f} %)"
        axes.annotate(words, (total, row), (5, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, total * 1.25)
    axes.set_xlabel("films")
    axes.set_title(title, loc="left")
    return figure


def metadata_coverage(table: pd.DataFrame, title: str) -> Figure:
    """Bars of what is known, in % of films and, where the table has them, of ratings; see `tmdb.coverage`."""
    figure, axes = _axes(0.55 * len(table) + 1.1)
    parts = [name for name in ("films", "ratings") if name in table]
    height = 0.7 / len(parts)
    for number, (name, colour) in enumerate(zip(parts, (_KEPT, _DROPPED), strict=False)):
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
    axes.bar(counts.index.astype(int), counts.to_numpy(), color=_KEPT, width=0.9)
    axes.set_ylabel("films")
    axes.set_title("Films by year of release", loc="left")
    return figure


def stars(ratings: pd.DataFrame) -> Figure:
    """How often each number of stars was given."""
    counts = ratings["rating"].value_counts().sort_index()
    figure, axes = _axes(2.8)
    axes.bar(counts.index.astype(str), counts.to_numpy() / counts.sum() * 100, color=_KEPT, width=0.75)
    axes.set_xlabel("stars")
    axes.set_ylabel("% of ratings")
    axes.set_title(f"{counts.sum():,} ratings", loc="left")
    return figure


def neighbours(near: Mapping[str, Sequence[Recommendation]]) -> Figure:
    """The nearest films of each film, as bars of the features that make them near."""
    rows = [(label, one) for label, found in near.items() for one in found]
    figure, axes = _axes(0.3 * len(rows) + 0.45 * len(near) + 1.0)
    at, ticks, seen = 0.0, [], {}
    for label, found in near.items():
        axes.text(0, at, f"Like {label}", fontweight="bold", va="center", color=_INK)
        at += 1.15
        for one in found:
            left = 0.0
            for field, value in _by_field(one).items():
                bar = axes.barh(at, value, left=left, height=0.72, color=_FIELD_COLOURS.get(field, _FAINT))
                seen.setdefault(field, bar)
                left += value
            ticks.append((at, one.movie.label))
            at += 1
        at += 0.35
    axes.set_yticks([row for row, _ in ticks], [name for _, name in ticks])
    axes.invert_yaxis()
    axes.set_xlabel("likeness: the cosine of two films, and which features make it")
    axes.legend(seen.values(), [_FIELD_NAMES.get(field, field) for field in seen], frameon=False, loc="lower right")
    return figure


def _by_field(one: Recommendation) -> dict[str, float]:
    """What each field adds to a score, in the order of the fields' colours; what it takes away is left out."""
    sums = dict.fromkeys(_FIELD_COLOURS, 0.0)
    for reason in one.reasons:
        for feature in reason.features:
            sums[feature.field] = sums.get(feature.field, 0.0) + feature.value
    return {field: value for field, value in sums.items() if value > 0}


def _axes(height: float):  # noqa: ANN202
    figure = Figure(figsize=(9, height), layout="constrained", dpi=100)
    axes = figure.subplots()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelcolor=_INK)
    return figure, axes
