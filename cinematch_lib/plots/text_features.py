"""Figure of a comparison of text features."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from cinematch_lib.evaluation.intervals import interval
from cinematch_lib.evaluation.text_features import ALL, MEASURES, TextResult
from cinematch_lib.plots import style


@style.default_style()
def text_features(results: Mapping[str, TextResult]) -> Figure:
    """The mean nDCG@10 of each kind of features with its interval; those with all other features in another colour."""
    figure = style.new_figure(0.4 * len(results) + 1, 12)
    for axes, (title, field) in zip(figure.subplots(1, len(MEASURES), sharey=True), MEASURES.items(), strict=True):
        for row, (name, one) in enumerate(results.items()):
            colour = style.KEPT if name.startswith(ALL) else style.DROPPED
            style.draw_interval(axes, interval(getattr(one, field)), -row, colour)
        axes.set_yticks([-row for row in range(len(results))], list(results))
        axes.set_title(f"nDCG@10: {title}", loc="left", size=10)
        axes.grid(axis="x", color=style.FAINT, linewidth=0.6)
        axes.margins(x=0.2)
        style.remove_frame(axes)
    return figure
