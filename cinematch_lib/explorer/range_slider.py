"""A slider with two handles, whose bounds are set by code too: by a drag over a picture, a link, or undo."""

import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from cinematch_lib.explorer import markup

_ECHO_SECONDS = 5.0  # in which the browser has sent back a value that it was sent


class _Slider(widgets.IntRangeSlider):
    """A slider that does not take its own values, which a browser sends back, for a person's.

    A browser that is sent A and then B answers with A and then B. If the answer A arrives after B was set, it must not
    undo that.
    """

    def __init__(self, **options: Any) -> None:
        self._sent: list[tuple[tuple[int, int], float]] = []  # values set by code, and when their echo is due at last
        super().__init__(**options)

    def show(self, value: tuple[int, int]) -> None:
        """Set the value by code."""
        if value != self.value:
            self._sent.append((value, time.monotonic() + _ECHO_SECONDS))
            self.value = value

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser sends, but for a value that it was sent before."""
        if "value" not in sync_data or not self._is_echo(tuple(sync_data["value"])):
            super().set_state(sync_data)
            return
        value = self.value
        with self.hold_trait_notifications():
            super().set_state(sync_data)  # which tells the browser that it was received
            self.value = value

    def _is_echo(self, value: tuple[int, ...]) -> bool:
        """Whether the browser was just sent this value; if so, it and those before it are no longer waited for."""
        now = time.monotonic()
        self._sent = [(one, until) for one, until in self._sent if until > now]
        numbers = [at for at, (one, _) in enumerate(self._sent) if one == value]
        if numbers:
            self._sent = self._sent[numbers[0] + 1 :]
        return bool(numbers)


class RangeSlider:
    """A slider with two handles over integers; a handle at its end of the slider means no bound."""

    def __init__(self, name: str, unit: str, on_change: Callable[[], None], hint: str = "") -> None:
        self._name, self._unit, self._hint = name, unit, hint
        self._label = widgets.HTML()
        self._slider = _Slider(readout=False, description_allow_html=False)
        self._slider.observe(lambda _: self._changed(on_change), "value")
        self.widget = widgets.VBox([self._label, self._slider]).add_class("cm-slider")

    def set_limits(self, low: int, high: int) -> None:
        """Allow bounds from `low` to `high`; one step outside of them means no bound."""
        with self._slider.hold_trait_notifications():
            self._slider.min, self._slider.max = low - 1, high + 1

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The lowest and the highest value to keep; None for no bound."""
        low, high = self._slider.value
        return (low if low > self._slider.min else None), (high if high < self._slider.max else None)

    @bounds.setter
    def bounds(self, bounds: tuple[int | None, int | None]) -> None:
        low, high = bounds
        least = min(self._slider.min, *(one - 1 for one in bounds if one is not None), self._slider.max)
        most = max(self._slider.max, *(one + 1 for one in bounds if one is not None), self._slider.min)
        self.set_limits(least + 1, most - 1)
        self._slider.show((least if low is None else low, most if high is None else high))
        self._show_value()

    def _changed(self, on_change: Callable[[], None]) -> None:
        self._show_value()
        on_change()

    def _show_value(self) -> None:
        low, high = self.bounds
        if low is None:
            text = "any" if high is None else f"up to {high}{self._unit}"
        else:
            text = f"from {low}{self._unit}" if high is None else f"{low} to {high}{self._unit}"
        self._label.value = markup.block(markup.heading(self._name, text, self._hint))
