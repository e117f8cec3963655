"""Sliders for `discovery` and `diversity`, the numbers that turn a list."""

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from cinematch_lib.explorer import markup

NAMES = ("discovery", "diversity")
_HINTS = {
    "discovery": "from well-known films to those that few know",
    "diversity": "fewer films that resemble each other",
}


class Knobs:
    """A slider for each of `NAMES`; `values` holds those that were moved, the others are the recommender's own."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.values: dict[str, float] = {}
        self._on_change, self._is_setting = on_change, False
        self._labels = {name: widgets.HTML() for name in NAMES}
        self._sliders = {name: self._slider(name) for name in NAMES}
        self._reset = widgets.Button(description="Defaults", tooltip="Leave both to the recommender", disabled=True)
        self._reset.on_click(lambda _: self.set({}))
        pairs = [widgets.VBox([self._labels[name], self._sliders[name]]).add_class("cm-slider") for name in NAMES]
        self.widget = widgets.HBox([*pairs, self._reset]).add_class("cm-knobs")
        self._show()

    def set(self, values: Mapping[str, float]) -> None:
        """Set the sliders; those that are not named are left to the recommender. Calls `on_change` once."""
        self._is_setting = True
        for name, slider in self._sliders.items():
            slider.value = values.get(name, 0.0)
        self._is_setting = False
        self.values = dict(values)
        self._changed()

    def _slider(self, name: str) -> widgets.FloatSlider:
        slider = widgets.FloatSlider(min=0, max=1, step=0.05, readout=False, tooltip=f"{name}: {_HINTS[name]}")
        slider.observe(lambda change: self._move(name, change["new"]), "value")
        return slider

    def _move(self, name: str, value: float) -> None:
        if not self._is_setting:
            self.values[name] = value
            self._changed()

    def _changed(self) -> None:
        self._show()
        self._on_change()

    def _show(self) -> None:
        self._reset.disabled = not self.values
        for name, label in self._labels.items():
            value = f"{self.values[name]:.2f}" if name in self.values else "default"
            label.value = markup.block(markup.heading(name.capitalize(), value, _HINTS[name]))
