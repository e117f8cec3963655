"""Checks that the filters of the catalog and the preferences of a person share."""

from collections.abc import Iterable
from typing import Any

from cinematch_lib.errors import CineMatchError


def unique_items(name: str, values: Iterable[Any] | None) -> tuple[Any, ...]:
    """The items of the list `values` in their order, without repeats; none for None.

    Raises CineMatchError, which names the parameter `name`, for text and for what is no flat list.
    """
    if isinstance(values, str):
        raise CineMatchError(f"{name} must be a list, got the text {values!r}; put it in a list")
    if not isinstance(values, (list, tuple, type(None), Iterable)):
        raise CineMatchError(f"{name} must be a list, got {values!r}; put it in a list")
    try:
        return tuple(dict.fromkeys(() if values is None else values))
    except TypeError as error:
        raise CineMatchError(f"{name} must be a flat list: {error}") from None


def check_range(low_name: str, low: float | None, high_name: str, high: float | None) -> None:
    """Raise CineMatchError if both bounds are given and the lower one is above the upper one."""
    if low is not None and high is not None and low > high:
        raise CineMatchError(f"{low_name} must not be above {high_name}, got {low} and {high}")


def check_text(name: str, value: object) -> None:
    """Raise CineMatchError unless `value` is text; `name` is that of the parameter."""
    if not isinstance(value, str):
        raise CineMatchError(f"{name} must be text, got {value!r}")
