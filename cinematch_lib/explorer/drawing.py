"""What pictures are drawn of, as SVG: a frame with buttons to save it, texts, bars, lines, keys, round numbers."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 420, 40, 30, 12, 22
LETTER = 6.2  # pixels, of a text of the size below
_FONT = 'font-family="system-ui, sans-serif" font-size="11"'
_KEY_ROW, _SQUARE = 18, 10
FAINT_LINE = 'stroke="currentColor" stroke-opacity="0.2" stroke-width="0.6"'


def figure(title: str, drawing: str, table: str) -> str:
    """A drawing with its title and buttons to save it, and below it the same numbers as a table."""
    name = escape(title, quote=True)
    buttons = "".join(
        f'<button type="button" class="cm-save" data-save="{form}" title="Save this picture as {form}" '
        f'aria-label="Save {name} as {form}">{form}</button>'
        for form in ("SVG", "PNG")
    )
    return (
        f'<figure class="cm-figure"><figcaption class="cm-chart-head"><h3>{escape(title)}</h3>{buttons}</figcaption>'
        f'{drawing}<details class="cm-behind"><summary>As a table</summary>{table}</details></figure>'
    )


def svg(title: str, height: float, content: str, colours: Mapping[str, str] | None = None) -> str:
    """An SVG that says its title to screen readers; below its content the names of `colours`, if there are any."""
    below, total = key(colours or {}, height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cm-picture" viewBox="0 0 {WIDTH} {total:g}" role="img" '
        f'aria-label="{escape(title, quote=True)}" {_FONT} fill="currentColor">{content}{below}</svg>'
    )


def key(colours: Mapping[str, str], top: float) -> tuple[str, float]:
    """The names of colours in rows from `top` on, and where they end."""
    parts, x, y = [], 0.0, top + 4
    for name, colour in colours.items():
        width = _SQUARE + 5 + LETTER * len(name) + 12
        if x and x + width > WIDTH:
            x, y = 0.0, y + _KEY_ROW
        parts.append(rect(x, y + 2, _SQUARE, _SQUARE, colour) + text(x + _SQUARE + 5, y + 11, name))
        x += width
    return "".join(parts), y + _KEY_ROW if colours else top


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Words at a place, which is their start, middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A bar."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def dot(x: float, y: float, radius: float, colour: str) -> str:
    """A disc."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>'


def grid(y: float, right: float = RIGHT) -> str:
    """A faint line from the left axis to the right one."""
    return f'<line x1="{LEFT}" x2="{WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" {FAINT_LINE}/>'


def polyline(path: Sequence[tuple[float, float]], colour: str) -> str:
    """A line through places; empty without any."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>' if joined else ""


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them.

    >>> ticks(0, 1.1), ticks(3, 4, 5)
    ([0.0, 0.5, 1.0], [3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    """
    steps = (digit * 10.0**power for power in range(-6, 9) for digit in (1, 2, 5))
    step = next((one for one in steps if (high - low) / one <= count), high - low)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(at * step, 6) for at in range(first, last + 1)]


def whole_ticks(top: float) -> list[float]:
    """The whole ones of `ticks` from 0, for numbers of films or ratings.

    >>> whole_ticks(1), whole_ticks(35)
    ([0.0, 1.0], [0.0, 10.0, 20.0, 30.0])
    """
    return [value for value in ticks(0, top) if value == int(value)]
