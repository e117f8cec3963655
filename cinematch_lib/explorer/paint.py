"""Colours that can be seen on the page's cards, which are light or dark."""

import re
from functools import cache

from cinematch_lib.explorer.markup import TOKENS

_STEPS = 50  # from a colour to black or white


@cache
def paint(colour: str, least: float = 3.0) -> str:
    """`colour`, such as ``#2a6f97``, as CSS for both modes: mixed with black or white until it can be seen.

    `least` is its contrast to the card, from 1 to 21, as WCAG 2.2 defines it; 3 is what it asks of pictures.
    """
    light, dark = re.findall(r"--card: (#\w{6});", TOKENS.read_text(encoding="utf-8"))
    return f"light-dark({_visible(colour, light, 0.0, least)}, {_visible(colour, dark, 1.0, least)})"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2.2 defines it.

    >>> contrast("#ffffff", "#000000")
    21.0
    """
    low, high = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (high + 0.05) / (low + 0.05)


def _visible(colour: str, card: str, end: float, least: float) -> str:
    """A colour, mixed with as little as needed of black (`end` 0) or of white (`end` 1)."""
    mixed = (_name([one + (end - one) * step / _STEPS for one in _channels(colour)]) for step in range(_STEPS + 1))
    return next(one for one in mixed if contrast(one, card) >= least)


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _name(channels: list[float]) -> str:
    return "#" + "".join(f"{round(255 * one):02x}" for one in channels)


def _luminance(channels: list[float]) -> float:
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
