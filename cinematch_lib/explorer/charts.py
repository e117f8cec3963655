"""Charts of the films before and after filtering; a redraw draws only the bars that changed."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from PIL import Image, ImageColor

from cinematch_lib.plots.style import FAINT, INK, KEPT, default_style, remove_frame

_DPI = 200  # two pixels for each point on the page, for high-density screens
_WIDTH = 5.6  # inches, of 100 points each on the page
_DARKEST = int(INK[1:3], 16)  # the red channel of the darkest grey; that of the blue is lower
_COLOUR_OF_RED = [part for red in range(256) for part in ((red,) * 3 if red >= _DARKEST else ImageColor.getrgb(KEPT))]


class BeforeAfter:
    """A bar chart of two counts by category: all films in grey, and over them the kept films in blue.

    The axes and the grey bars are drawn once; `png` draws the blue bars over them.
    """

    def __init__(self, figure: Figure, corners: np.ndarray, horizontal: bool) -> None:
        """`corners` are the two edges of each bar on the category axis, float (bars, 2)."""
        self._canvas = FigureCanvasAgg(figure)
        self._axes = figure.axes[0]
        self._corners, self._horizontal = corners, horizontal
        self._bars = PolyCollection([], facecolors=KEPT, linewidths=0, animated=True)
        self._axes.add_collection(self._bars, autolim=False)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(figure.bbox)

    def png(self, after: np.ndarray) -> bytes:
        """The chart with the counts `after`, (bars,), as PNG."""
        self._canvas.restore_region(self._background)
        self._bars.set_verts(_bars(self._corners, after, self._horizontal))
        self._axes.draw_artist(self._bars)
        # The chart has only greys and one blue, so the red channel identifies the colour. Encoding one byte a pixel
        # instead of four, with light compression, takes a fifth of the time; encoding dominates a redraw.
        picture = Image.fromarray(np.ascontiguousarray(np.asarray(self._canvas.buffer_rgba())[..., 0]))
        picture.putpalette(_COLOUR_OF_RED)
        target = io.BytesIO()
        picture.save(target, "png", compress_level=1)
        return target.getvalue()


@default_style()
def by_year(years: np.ndarray, before: np.ndarray) -> BeforeAfter:
    """Films by year of release: `years` ascending, (years,), with the counts `before`, (years,)."""
    figure = Figure(figsize=(_WIDTH, 2.0), dpi=_DPI, layout="constrained")
    axes = _axes(figure)
    corners = np.stack([years - 0.45, years + 0.45], axis=1) if len(years) else np.zeros((0, 2))
    axes.add_collection(PolyCollection(_bars(corners, before, False), facecolors=FAINT, linewidths=0), autolim=False)
    if len(years):
        axes.set_xlim(years[0] - 1, years[-1] + 1)
    axes.set_ylim(0, max(before.max(initial=0), 1) * 1.05)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return BeforeAfter(figure, corners, horizontal=False)


@default_style()
def by_genre(genres: Sequence[str], before: np.ndarray) -> BeforeAfter:
    """Films by genre from top to bottom, with the counts `before`, (genres,)."""
    figure = Figure(figsize=(_WIDTH, 0.5 + 0.17 * max(len(genres), 1)), dpi=_DPI, layout="constrained")
    axes = _axes(figure)
    rows = np.arange(len(genres), dtype=float)
    corners = np.stack([rows - 0.36, rows + 0.36], axis=1)
    axes.add_collection(PolyCollection(_bars(corners, before, True), facecolors=FAINT, linewidths=0), autolim=False)
    axes.set_ylim(len(genres) - 0.4, -0.6)
    axes.set_xlim(0, max(before.max(initial=0), 1) * 1.02)
    axes.set_yticks(rows, genres)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return BeforeAfter(figure, corners, horizontal=True)


def _axes(figure: Figure) -> Axes:
    axes = figure.subplots()
    remove_frame(axes)
    axes.spines["bottom"].set_color(INK)
    axes.tick_params(labelsize=8)
    return axes


def _bars(corners: np.ndarray, lengths: np.ndarray, horizontal: bool) -> np.ndarray:
    """Rectangles that start at zero, float (bars, 4, 2): `lengths` on the value axis, `corners` on the other."""
    low, high = corners[:, 0], corners[:, 1]
    zero = np.zeros(len(corners))
    across = np.stack([low, low, high, high], axis=1)
    along = np.stack([zero, lengths, lengths, zero], axis=1)
    return np.stack([along, across] if horizontal else [across, along], axis=2)
