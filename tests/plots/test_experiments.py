"""Figures of an experiment."""

import numpy as np

from cinematch_lib.experiments.reading import by_day, read, until_day
from cinematch_lib.experiments.simulation import simulated_log
from cinematch_lib.plots import experiments as plots


def test_the_figures_show_what_is_read():
    experiment, log = simulated_log(seed=0)
    reading = read(experiment, log)
    (axes,) = plots.rates(experiment, reading).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert axes.texts[1].get_text() == f"{reading.arms[1].rate.value:.2%} of {reading.arms[1].lists:,} lists"
    (axes,) = plots.change_until_day(experiment, until_day(experiment, log)).axes
    drawn = next(line for line in axes.get_lines() if line.get_label() == "b")
    assert drawn.get_ydata()[-1] == reading.comparisons[0].change.value
    days = by_day(experiment, log)
    (axes,) = plots.change_by_day(experiment, days).axes
    dots = [line.get_ydata()[0] for line in axes.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    known = [one.comparisons[0].change for _, one in days if one.comparisons[0].change.high < 2]
    assert dots == [change.value for change in known]
    assert len(dots) > 7


def test_figures_of_an_experiment_without_lists_are_drawn():
    experiment, log = simulated_log(seed=0)
    nothing = log.take(np.zeros(0, int))
    plots.rates(experiment, read(experiment, nothing)).savefig("/dev/null", format="png")
    plots.change_until_day(experiment, until_day(experiment, nothing)).savefig("/dev/null", format="png")
