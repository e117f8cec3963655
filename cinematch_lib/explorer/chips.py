"""A row of small buttons, each of which cycles through a few states."""

from collections.abc import Callable, Iterable, Sequence

import ipywidgets as widgets

from cinematch_lib.explorer.charts import DROP, EITHER, KEEP

_MARKS = {EITHER: "", KEEP: "✓ ", DROP: "✕ "}
_CLASSES = {KEEP: "cm-keep", DROP: "cm-drop"}


class Chips:
    """A button for each name; pressing it selects its next state. `widget` shows them."""

    def __init__(self, states: Sequence[int], on_change: Callable[[], None]) -> None:
        """`states` are some of EITHER, KEEP and DROP, in the order in which a button cycles through them."""
        self._states, self._on_change = tuple(states), on_change
        self._state: dict[str, int] = {}
        self.widget = widgets.HBox().add_class("cm-chips")

    def set_names(self, names: Iterable[str], hints: Sequence[str]) -> None:
        """Show these names, all in the state EITHER; `hints` are their tooltips."""
        if list(self._state) == (names := list(names)):  # creating buttons is slow
            self.select()
            return
        self._state = dict.fromkeys(names, EITHER)
        self.widget.children = [self._button(name, hint) for name, hint in zip(names, hints, strict=True)]

    def selected(self, state: int) -> tuple[str, ...]:
        """The names in a state, in display order."""
        return tuple(name for name, of in self._state.items() if of == state)

    def select(self, keep: Iterable[str] = (), drop: Iterable[str] = ()) -> None:
        """Set the states of all names without calling `on_change`."""
        keep, drop = set(keep), set(drop)
        for name, button in zip(self._state, self.widget.children, strict=True):
            self._set(name, button, KEEP if name in keep else DROP if name in drop else EITHER)

    def _button(self, name: str, hint: str) -> widgets.Button:
        button = widgets.Button(description=name, tooltip=hint)
        button.on_click(lambda pressed: self._press(name, pressed))
        return button

    def _press(self, name: str, button: widgets.Button) -> None:
        following = self._states.index(self._state[name]) + 1
        self._set(name, button, self._states[following % len(self._states)])
        self._on_change()

    def _set(self, name: str, button: widgets.Button, state: int) -> None:
        self._state[name] = state
        for of_state, name_of_class in _CLASSES.items():
            (button.add_class if of_state == state else button.remove_class)(name_of_class)
        button.description = _MARKS[state] + name
