"""Figures of the catalog and of film features."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from cinematch_lib.catalog.cleaning import CleaningReport
from cinematch_lib.plots import style
from cinematch_lib.recommender.recommendations import Recommendation

_LABEL_WIDTH, _HEADING_WIDTH = 36, 31  # characters, so that titles leave room for the bars


@style.default_style()
def waterfall(report: CleaningReport) -> Figure:
    """Films read, dropped for each reason, and kept, as a waterfall from top to bottom."""
    steps = report.steps()
    figure, axes = style.new_axes(0.42 * len(steps) + 0.8)
    for row, (films, left) in enumerate(zip(steps["films"], steps["left"], strict=True)):
        start = 0 if films > 0 else left
        axes.barh(row, abs(films), left=start, color=style.KEPT if films > 0 else style.DROPPED, height=0.62)
        style.label_bar(axes, start + abs(films), row, f"{films:,}".replace("-", "−"))
    axes.set_yticks(range(len(steps)), steps["step"])
    axes.invert_yaxis()
    axes.set_xlim(0, report.read * 1.14)
    style.remove_scale(axes)
    axes.set_title(f"{report.dataset}: {report.read:,} films read, {report.kept:,} kept", loc="left")
    return figure


@style.default_style()
def coverage(report: CleaningReport) -> Figure:
    """The number of kept films for which each field is known. Demo services are labelled as such."""
    names = {name: style.FIELD_NAMES.get(name, name) for name in report.coverage}
    if report.services["source"] == "demo":
        names["services"] = "services (demo)"
    counts = {names[name]: count for name, count in report.coverage.items()}
    figure, axes = style.new_axes(0.42 * len(counts) + 0.8)
    axes.barh(list(counts), [report.kept] * len(counts), color=style.FAINT, height=0.62)
    axes.barh(list(counts), list(counts.values()), color=style.KEPT, height=0.62)
    for row, count in enumerate(counts.values()):
        style.label_bar(axes, report.kept, row, f"{count:,} ({100 * count / report.kept:.0f} %)")
    axes.invert_yaxis()
    axes.set_xlim(0, report.kept * 1.2)
    style.remove_scale(axes)
    axes.set_title(f"Known fields of the {report.kept:,} films", loc="left")
    return figure


@style.default_style()
def metadata_coverage(table: pd.DataFrame, title: str) -> Figure:
    """The share of films and, if the table has it, of ratings for which each field is known; see `tmdb.coverage`."""
    figure, axes = style.new_axes(0.55 * len(table) + 1.1)
    shares = [name for name in ("films", "ratings") if name in table]
    height = 0.7 / len(shares)
    for number, (name, colour) in enumerate(zip(shares, (style.KEPT, style.DROPPED), strict=False)):
        rows = [row + (number - (len(shares) - 1) / 2) * height for row in range(len(table))]
        axes.barh(rows, table[name], color=colour, height=0.9 * height, label=f"of {name}")
        for row, percent in zip(rows, table[name], strict=True):
            style.label_bar(axes, percent, row, f"{percent:.1f} %")
    axes.set_yticks(range(len(table)), table["known"])
    axes.invert_yaxis()
    axes.set_xlim(0, 114)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("%")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@style.default_style()
def films_by_year(films: pd.DataFrame) -> Figure:
    """The number of films by year of release."""
    counts = films["year"].value_counts().sort_index()
    figure, axes = style.new_axes(2.8)
    axes.bar(counts.index.astype(int), counts.to_numpy(), color=style.KEPT, width=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("films")
    axes.set_title("Films by year of release", loc="left")
    return figure


@style.default_style()
def rating_distribution(ratings: pd.DataFrame) -> Figure:
    """The share of ratings at each value."""
    counts = ratings["rating"].value_counts().sort_index()
    figure, axes = style.new_axes(2.8)
    axes.bar(counts.index.astype(str), counts.to_numpy() / counts.sum() * 100, color=style.KEPT, width=0.75)
    axes.set_xlabel("stars")
    axes.set_ylabel("% of ratings")
    axes.set_title(f"{counts.sum():,} ratings", loc="left")
    return figure


@style.default_style()
def neighbours(similar: Mapping[str, Sequence[Recommendation]]) -> Figure:
    """The most similar films of each film, as bars of what each field adds to the similarity."""
    longest = max((len(found) for found in similar.values()), default=1)
    headings = [f"Like {style.shorten(label, _HEADING_WIDTH)}" for label in similar]
    figure, panels = style.new_panels(headings, longest, legend=0.8)
    fields: set[str] = set()
    for axes, found in zip(panels, similar.values(), strict=True):
        fields |= _stacked_bars(axes, found)
    patches = [
        Patch(color=colour, label=style.FIELD_NAMES.get(field, field))
        for field, colour in style.FIELD_COLOURS.items()
        if field in fields
    ]
    if patches:
        title, columns = "cosine similarity, by field", len(patches)
        figure.legend(handles=patches, title=title, loc="outside lower center", ncols=columns, frameon=False)
    return figure


def _stacked_bars(axes: Axes, found: Sequence[Recommendation]) -> set[str]:
    """Draw the films that are similar to one film; returns the fields that contribute."""
    fields: set[str] = set()
    for row, one in enumerate(found):
        left, values = 0.0, _by_field(one)
        fields |= values.keys()
        for field, value in values.items():
            axes.barh(row, value, left=left, height=0.72, color=style.FIELD_COLOURS.get(field, style.FAINT))
            left += value
        style.label_bar(axes, left, row, f"{one.score:.2f}", size=9)
    axes.set_yticks(range(len(found)), [style.shorten(one.movie.label, _LABEL_WIDTH) for one in found])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    return fields


def _by_field(one: Recommendation) -> dict[str, float]:
    """The positive contribution of each field to a score, in the order of `style.FIELD_COLOURS`."""
    sums = dict.fromkeys(style.FIELD_COLOURS, 0.0)
    for reason in one.reasons:
        for feature in reason.features:
            sums[feature.field] = sums.get(feature.field, 0.0) + feature.value
    return {field: value for field, value in sums.items() if value > 0}
