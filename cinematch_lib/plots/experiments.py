"""Figures of an experiment: rates by arm, and the change over time."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cinematch_lib.experiments.definition import Experiment
from cinematch_lib.experiments.reading import Reading
from cinematch_lib.plots import style

_COLOURS = (style.KEPT, style.DROPPED, "#81b29a", "#6d597a", "#f2b880", "#8d8d8d", "#b56576")
_FARTHEST = 2.0  # relative changes that are drawn


@style.default_style()
def rates(experiment: Experiment, reading: Reading) -> Figure:
    """The rate of each arm, with its interval."""
    figure, axes = style.new_axes(0.45 * len(reading.arms) + 0.8)
    for row, arm in enumerate(reading.arms):
        axes.plot([arm.rate.low, arm.rate.high], [-row, -row], color=style.KEPT, linewidth=3, alpha=0.55)
        axes.plot(arm.rate.value, -row, "o", color=style.KEPT, markersize=6)
        style.label_bar(axes, arm.rate.high, -row, f"{arm.rate.value:.2%} of {arm.lists:,} lists", size=9)
    axes.set_yticks([-row for row in range(len(reading.arms))], [arm.name for arm in reading.arms])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_title(f"lists with the event {experiment.metric}", loc="left", size=10)
    axes.margins(x=0.25, y=0.25)
    return figure


@style.default_style()
def change_until_day(experiment: Experiment, readings: Sequence[tuple[int, Reading]]) -> Figure:
    """The relative change with its interval, as one would have read it at the end of each day."""
    figure, axes = style.new_axes(3.0)
    for at, arm in enumerate(experiment.arms[1:]):
        found = [(day + 1, reading.comparisons[at].change) for day, reading in readings]
        known = [(day, change) for day, change in found if change.high < _FARTHEST]
        days = [day for day, _ in known]
        axes.plot(days, [change.value for _, change in known], color=_COLOURS[at], label=arm.name)
        low, high = ([getattr(change, end) for _, change in known] for end in ("low", "high"))
        axes.fill_between(days, low, high, color=_COLOURS[at], alpha=0.2, linewidth=0)
    _draw_change_axis(axes, experiment)
    axes.set_xlabel("days that were read")
    return figure


@style.default_style()
def change_by_day(experiment: Experiment, readings: Sequence[tuple[int, Reading]]) -> Figure:
    """The relative change of each day alone with its interval: an effect that wears off falls."""
    figure, axes = style.new_axes(3.0)
    for at, arm in enumerate(experiment.arms[1:]):
        found = [(day + 1 + 0.15 * at, reading.comparisons[at].change) for day, reading in readings]
        for day, change in found:
            if change.high < _FARTHEST:
                axes.plot([day, day], [change.low, change.high], color=_COLOURS[at], linewidth=2, alpha=0.55)
                axes.plot(day, change.value, "o", color=_COLOURS[at], markersize=5)
        axes.plot([], [], "o", color=_COLOURS[at], label=arm.name)
    _draw_change_axis(axes, experiment)
    axes.set_xlabel("day")
    return figure


def _draw_change_axis(axes: Axes, experiment: Experiment) -> None:
    axes.axhline(0, color=style.INK, linewidth=0.8)
    for end in (experiment.effect, -experiment.effect):
        axes.axhline(end, color=style.FAINT, linewidth=0.8, linestyle="--")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+.0%}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    first = experiment.arms[0].name
    axes.set_title(
        f"change of {experiment.metric} against {first}; dashed: the effect to be found", loc="left", size=10
    )
    if any(line.get_label()[0] != "_" for line in axes.get_lines()):
        axes.legend(frameon=False)
