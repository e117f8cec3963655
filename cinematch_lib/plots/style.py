"""The style of all figures, which does not depend on the user's matplotlib configuration."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zlib import crc32

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from cinematch_lib.evaluation.intervals import Interval

KEPT, DROPPED, INK, FAINT = "#2a6f97", "#e07a5f", "#333333", "#d9d9d9"
MODEL_COLOURS = {
    "hybrid": KEPT,
    "served": "#61a5c2",
    "served_seen": "#89c2d9",
    "served_likes": "#bcdcea",
    "hybrid without content": "#a9d6e5",
    "popular": "#8d8d8d",
    "content": "#81b29a",
    "itemknn": "#6d597a",
    "userknn": "#9a8fb0",
    "puresvd": "#c9ada7",
    "ease": DROPPED,
    "als": "#f2b880",
    "bpr": "#b56576",
}
_OTHER_COLOURS = ("#c1121f", "#588157", "#7209b7", "#bc6c25")
FIELD_COLOURS = {
    "title": "#81b29a",
    "director": "#1b4965",
    "cast_top": "#2a6f97",
    "keywords": "#61a5c2",
    "overview": "#a9d6e5",
    "tags": "#bfd8bd",
    "genres": "#f2b880",
    "year": "#d9d9d9",
    "runtime": "#bdbdbd",
    "text_vector": "#9a8fb0",
}
FIELD_NAMES = {"cast_top": "cast", "poster_path": "poster", "runtime": "running time", "text_vector": "text vector"}
_ALTERNATIVE_TITLES = re.compile(r"( \([^()]*\))+(?= \(\d{4}\)$)")
_WIDTH, _DPI = 9.0, 100  # inches, and pixels an inch


def model_colour(name: str) -> str:
    """The colour of a model; one's own models have some of four, by their names."""
    return MODEL_COLOURS.get(name) or _OTHER_COLOURS[crc32(name.encode()) % len(_OTHER_COLOURS)]


def default_style() -> AbstractContextManager[None]:
    """A block, or as a decorator a function, in which matplotlib's own defaults replace the user's ``matplotlibrc``."""
    return style.context("default")


class _Canvas(FigureCanvasAgg):
    def print_figure(self, *args: Any, **options: Any) -> Any:
        with default_style():
            return super().print_figure(*args, **options)


class _Figure(Figure):
    """A figure that is drawn in `default_style`, and shown by notebooks whatever backend is configured."""

    def savefig(self, *args: Any, **options: Any) -> None:
        with default_style():
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()


@default_style()
def new_figure(height: float, width: float = _WIDTH) -> Figure:
    """An empty figure of this size in inches."""
    figure = _Figure(figsize=(width, height), layout="constrained", dpi=_DPI)
    _Canvas(figure)  # attaches itself
    return figure


def new_axes(height: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes without a frame."""
    figure = new_figure(height)
    axes = figure.subplots()
    remove_frame(axes)
    return figure, axes


def remove_frame(axes: Axes) -> None:
    """Hide the frame, except for the bottom line, and the tick marks."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelcolor=INK)


def remove_scale(axes: Axes) -> None:
    """Hide the value axis, where every bar is labelled with its value."""
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)


def new_panels(headings: Sequence[str], n_bars: int, legend: float = 0.0) -> tuple[Figure, list[Axes]]:
    """Two columns of panels with `headings`, for up to `n_bars` horizontal bars; `legend` is a height in inches."""
    rows = max(1, (len(headings) + 1) // 2)
    figure = new_figure(rows * (0.26 * n_bars + 0.55) + legend, 11.6)
    figure.get_layout_engine().set(h_pad=0.1)
    grid = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    for axes, heading in zip(grid, headings, strict=False):
        axes.set_title(heading, loc="left", fontweight="bold", size=10, color=INK)
        remove_frame(axes)
        remove_scale(axes)
    for axes in grid[len(headings) :]:
        axes.set_axis_off()
    return figure, list(grid[: len(headings)])


def label_bar(axes: Axes, value: float, row: float, text: str, size: float | None = None) -> None:
    """Write `text` to the right of a horizontal bar that ends at `value`."""
    axes.annotate(text, (value, row), (5, 0), textcoords="offset points", va="center", size=size)


def shorten(label: str, width: int) -> str:
    """A film's label in about `width` characters: without alternative titles, and if need be without its middle.

    The last words are kept because films of a series differ in them.

    >>> shorten("Twelve Monkeys (a.k.a. 12 Monkeys) (1995)", 36)
    'Twelve Monkeys (1995)'
    """
    if len(label) > width:
        label = _ALTERNATIVE_TITLES.sub("", label)
    words = label.split()
    first, last = words[: len(words) // 2], words[len(words) // 2 :]
    while len(label) > width and first and len(last) > 1:
        if len(first) > len(last):
            first.pop()
        else:
            last.pop(0)
        label = " ".join([*first, "…", *last])
    return label


def draw_interval(axes: Axes, one: "Interval", row: float, colour: str) -> None:
    """A line from the low to the high end of an interval, a dot at its mean, and the mean in digits."""
    axes.plot([one.low, one.high], [row, row], color=colour, linewidth=3, solid_capstyle="butt", alpha=0.55)
    axes.plot(one.mean, row, "o", color=colour, markersize=6)
    label_bar(axes, one.high, row, f"{one.mean:.3f}", size=9)
