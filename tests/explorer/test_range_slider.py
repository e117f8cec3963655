"""The slider with two handles, as the browser and the code set it."""

import pytest

from cinematch_lib.explorer import range_slider
from cinematch_lib.explorer.range_slider import RangeSlider


@pytest.fixture
def changes():
    return []


@pytest.fixture
def slider(changes):
    made = RangeSlider("Year of release", "", lambda: changes.append(made.bounds))
    made.set_limits(1900, 2000)
    changes.clear()
    return made


def send(slider, low, high):
    """What the browser sends."""
    (_, widget) = slider.widget.children
    widget.set_state({"value": [low, high]})


def test_a_person_moves_a_handle(slider, changes):
    send(slider, 1950, 2001)
    assert slider.bounds == (1950, None)
    assert changes == [(1950, None)]


def test_what_the_browser_sends_back_late_does_not_undo_what_was_set_since(slider, changes):
    slider.bounds = (1920, 1930)
    slider.bounds = (1920, 1940)
    send(slider, 1920, 1930)
    assert slider.bounds == (1920, 1940) == changes[-1]
    send(slider, 1920, 1940)
    assert slider.bounds == (1920, 1940)


def test_a_person_may_choose_a_value_that_was_set_before(slider):
    slider.bounds = (1920, 1930)
    slider.bounds = (1920, 1940)
    send(slider, 1920, 1930)  # sent back
    send(slider, 1920, 1940)
    send(slider, 1920, 1930)  # chosen
    assert slider.bounds == (1920, 1930)


def test_a_browser_that_sends_nothing_back_is_not_waited_for(slider, monkeypatch):
    monkeypatch.setattr(range_slider, "_ECHO_SECONDS", 0.0)
    slider.bounds = (1920, 1930)
    slider.bounds = (1920, 1940)
    send(slider, 1920, 1930)
    assert slider.bounds == (1920, 1930)
