"""The states that the page has had, to go back to them."""

from collections.abc import Set
from typing import Generic, TypeVar

_T = TypeVar("_T")
_MAX_STATES = 200
_TOGETHER = 0.7  # seconds: changes of the same part that follow one another faster, as in one drag, are one step


class History(Generic[_T]):
    """States in their order, one of which is the present one."""

    def __init__(self) -> None:
        self._states: list[_T] = []
        self._at = -1
        self._time, self._parts = -_TOGETHER, frozenset[str]()

    def record(self, state: _T, now: float, parts: Set[str]) -> None:
        """Make `state` the present one, at the time `now` in seconds; states that were undone are forgotten.

        `parts` are names of what differs from the state before.
        """
        if self._states and state == self._states[self._at]:
            return
        del self._states[self._at + 1 :]
        if len(self._states) > 1 and now - self._time < _TOGETHER and not self._parts.isdisjoint(parts):
            self._states.pop()
        self._states = [*self._states[-_MAX_STATES + 1 :], state]
        self._at, self._time, self._parts = len(self._states) - 1, now, frozenset(parts)

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before the present one."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state after the present one."""
        return self._at < len(self._states) - 1

    def undo(self) -> _T | None:
        """Go to the state before the present one and return it; None if there is none."""
        return self._go(-1) if self.can_undo else None

    def redo(self) -> _T | None:
        """Go to the state after the present one and return it; None if there is none."""
        return self._go(1) if self.can_redo else None

    def _go(self, step: int) -> _T:
        self._at += step
        self._time = -_TOGETHER  # the next change is a step of its own
        return self._states[self._at]
