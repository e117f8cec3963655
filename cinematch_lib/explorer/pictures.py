"""Charts as SVG, each with the table of its numbers: for the page, and for files that stand alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor

from cinematch_lib.explorer import markup
from cinematch_lib.plots.style import FAINT, KEPT

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 44, 44, 12, 24
_FONT = 'font-family="system-ui, sans-serif" font-size="11"'
_ROW, _NAMES, _VALUE = 22, 190, 52  # of charts with a row a name
_FAINT_LINE = 'stroke="currentColor" stroke-opacity="0.2" stroke-width="0.6"'
_OFFSETS = (-5, 13, -17, 25, -29, 37)  # of labels from their points, the preferred first
_LINE_COLOUR = "#b5562f"


@dataclass(frozen=True)
class Span:
    """A mean with its interval, under a name and in a colour."""

    name: str
    mean: float
    low: float
    high: float
    colour: str = KEPT


@dataclass(frozen=True)
class Point:
    """A point with its name; `linked` ones are joined by a line, in their order."""

    name: str
    x: float
    y: float
    colour: str = KEPT
    linked: bool = False


def figure(title: str, drawing: str, table: str) -> str:
    """A drawing with its title, and below it the same numbers as a table."""
    return (
        f'<figure class="cm-figure"><figcaption><h4>{escape(title)}</h4></figcaption>{drawing}'
        f'<details class="cm-behind"><summary>As a table</summary>{table}</details></figure>'
    )


def svg(title: str, height: float, content: str) -> str:
    """An SVG that says its title to screen readers."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cm-picture" viewBox="0 0 {_WIDTH} {height:g}" role="img" '
        f'aria-label="{escape(title, quote=True)}" {_FONT} fill="currentColor">{content}</svg>'
    )


def bars_with_line(
    title: str, labels: Sequence[str], bars: Sequence[int], line: Sequence[float], top: float, names: tuple[str, str]
) -> str:
    """Bars, and over them a line from 0 to `top` with an axis at the right; 0 is no point of the line.

    `names` are those of the two series.
    """
    height, highest = 190, max(max(bars, default=0), 1)
    bottom, room = height - _BOTTOM, height - _BOTTOM - _TOP
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    parts = []
    for value in _whole_ticks(highest):
        y = bottom - value / highest * room
        parts.append(_grid(y) + _text(_LEFT - 6, y + 4, f"{value:,.0f}", "end"))
    parts += [_text(_WIDTH - _RIGHT + 6, bottom - one / top * room + 4, f"{one:g}") for one in range(int(top) + 1)]
    every = max(1, -(-len(labels) // 10))
    for at, (label, value) in enumerate(zip(labels, bars, strict=True)):
        length = value / highest * room
        parts.append(_rect(_LEFT + (at + 0.1) * step, bottom - length, 0.8 * step, length, KEPT))
        if at % every == 0:
            parts.append(_text(_LEFT + (at + 0.5) * step, height - 7, label, "middle"))
    points = [(_LEFT + (at + 0.5) * step, bottom - one / top * room) for at, one in enumerate(line) if one]
    parts.append(_polyline(points, _LINE_COLOUR))
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_LINE_COLOUR}"/>' for x, y in points]
    rows = [(label, bar, f"{one:.2f}" if one else "–") for label, bar, one in zip(labels, bars, line, strict=True)]
    drawing = svg(title, height, "".join(parts)) + key({names[0]: KEPT, names[1]: _LINE_COLOUR})
    return figure(title, drawing, markup.table(("", *names), rows))


def histogram(title: str, labels: Sequence[str], films: Sequence[int], kept: Sequence[int]) -> str:
    """A bar for all films of each class, and over it one for those that are kept."""
    height, highest = 170, max(max(films, default=0), 1)
    bottom, room = height - _BOTTOM, height - _BOTTOM - _TOP
    step = (_WIDTH - _LEFT - 8) / max(len(labels), 1)
    parts = [
        _grid(bottom - value / highest * room, 8)
        + _text(_LEFT - 6, bottom - value / highest * room + 4, f"{value:,.0f}", "end")
        for value in _whole_ticks(highest)
    ]
    every = max(1, -(-max(map(len, labels), default=1) * 9 * len(labels) // (_WIDTH - _LEFT)))
    for at, label in enumerate(labels):
        for value, colour in ((films[at], FAINT), (kept[at], KEPT)):
            length = value / highest * room
            parts.append(_rect(_LEFT + (at + 0.06) * step, bottom - length, 0.88 * step, length, colour))
        if at % every == 0:
            parts.append(_text(_LEFT + (at + 0.5) * step, height - 7, label, "middle"))
    rows = [(label, *both) for label, *both in zip(labels, films, kept, strict=True)]
    drawing = svg(title, height, "".join(parts)) + key({"kept": KEPT, "all films": FAINT})
    return figure(title, drawing, markup.table(("", "films", "kept"), rows))


def names(title: str, films: Mapping[str, int], kept: Mapping[str, int]) -> str:
    """A row for each name: a bar for all films, and over it one for those that are kept."""
    height, highest, row = 17 * len(films), max(films.values(), default=1) or 1, 17
    scale, parts = (_WIDTH - _NAMES - _VALUE) / highest, []
    for at, (name, number) in enumerate(films.items()):
        parts.append(_text(_NAMES - 8, at * row + 13, name, "end"))
        for value, colour in ((number, FAINT), (kept.get(name, 0), KEPT)):
            parts.append(_rect(_NAMES, at * row + 3, value * scale, row - 6, colour))
        parts.append(_text(_NAMES + number * scale + 6, at * row + 13, f"{kept.get(name, 0):,}"))
    rows = [(name, number, kept.get(name, 0)) for name, number in films.items()]
    table = markup.table(("", "films", "kept"), rows)
    return figure(title, svg(title, height, "".join(parts)), table)


def spans(title: str, rows: Sequence[Span], digits: int = 3) -> str:
    """A dot for each mean and a line for its interval, one below the other, on one scale from 0."""
    height, top = _ROW * len(rows) + _BOTTOM, max((one.high for one in rows), default=1.0) or 1.0
    scale = (_WIDTH - _NAMES - _VALUE) / top
    bottom = height - _BOTTOM
    parts = []
    for value in _ticks(top):
        x = _NAMES + value * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}" {_FAINT_LINE}/>')
        parts.append(_text(x, height - 8, f"{value:g}", "middle"))
    for at, one in enumerate(rows):
        y, low, high = (at + 0.5) * _ROW, _NAMES + one.low * scale, _NAMES + one.high * scale
        parts.append(_text(_NAMES - 8, y + 4, one.name, "end"))
        parts.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{one.colour}" stroke-width="4" '
            f'opacity="0.5"/><circle cx="{_NAMES + one.mean * scale:.1f}" cy="{y}" r="4" fill="{one.colour}"/>'
        )
        parts.append(_text(high + 6, y + 4, f"{one.mean:.{digits}f}"))
    cells = [(one.name, *(f"{value:.{digits}f}" for value in (one.mean, one.low, one.high))) for one in rows]
    table = markup.table(("", "mean", "from", "to (95 %)"), cells, "cm-numbers")
    return figure(title, svg(title, height, "".join(parts)), table)


def points(title: str, marks: Sequence[Point], axes: tuple[str, str]) -> str:
    """Points by two numbers, each with its name; `axes` are their names. The vertical one, 0 or more, starts at 0."""
    height = 300
    x_low, x_high = _padded([one.x for one in marks])
    y_high = 1.15 * max((one.y for one in marks), default=0.0) or 1.0
    bottom = height - _BOTTOM - 16
    place_x = lambda x: _LEFT + (x - x_low) / (x_high - x_low) * (_WIDTH - _LEFT - _RIGHT)  # noqa: E731
    place_y = lambda y: bottom - y / y_high * (bottom - _TOP)  # noqa: E731
    parts = []
    for value in _ticks(y_high):
        parts.append(_grid(place_y(value)) + _text(_LEFT - 6, place_y(value) + 4, f"{value:g}", "end"))
    parts += [_text(place_x(value), bottom + 15, f"{value:g}", "middle") for value in _between(x_low, x_high)]
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, height - 6, axes[0], "middle"))
    parts.append(_polyline([(place_x(one.x), place_y(one.y)) for one in marks if one.linked], KEPT))
    labels: list[tuple[float, float]] = []
    for one in marks:
        x, y = place_x(one.x), place_y(one.y)
        free = next((at for at in _OFFSETS if all(abs(x - to) > 90 or abs(y + at - of) > 11 for to, of in labels)), 4)
        labels.append((x, y + free))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{one.colour}"/>')
        right = x > 0.7 * _WIDTH
        parts.append(_text(x - 7 if right else x + 7, y + free, one.name, "end" if right else "start"))
    rows = [(one.name, f"{one.x:.3f}", f"{one.y:.3f}") for one in marks]
    table = markup.table(("", *axes), rows, "cm-numbers")
    return figure(title, svg(f"{title}: {axes[1]} by {axes[0]}", height, "".join(parts)), table)


def grouped_bars(title: str, groups: Sequence[str], series: dict[str, tuple[str, Sequence[float]]]) -> str:
    """For each group a bar of each series; `series` maps a name to its colour and its values, 0 or more."""
    height = 200
    bottom, room = height - _BOTTOM, height - _BOTTOM - _TOP
    top = max((value for _, values in series.values() for value in values), default=0.0) or 1.0
    step = (_WIDTH - _LEFT - 8) / max(len(groups), 1)
    width = 0.84 * step / max(len(series), 1)
    parts = [
        _grid(bottom - value / top * room, 8) + _text(_LEFT - 6, bottom - value / top * room + 4, f"{value:g}", "end")
        for value in _ticks(top)
    ]
    for at, group in enumerate(groups):
        parts.append(_text(_LEFT + (at + 0.5) * step, height - 7, group, "middle"))
        for number, (colour, values) in enumerate(series.values()):
            length = values[at] / top * room
            parts.append(
                _rect(_LEFT + (at + 0.08) * step + number * width, bottom - length, 0.92 * width, length, colour)
            )
    rows = [(group, *(f"{values[at]:.3f}" for _, values in series.values())) for at, group in enumerate(groups)]
    colours = key({name: colour for name, (colour, _) in series.items()})
    return figure(title, svg(title, height, "".join(parts)) + colours, markup.table(("", *series), rows, "cm-numbers"))


def key(colours: Mapping[str, str]) -> str:
    """The names of colours."""
    keys = (f'<span class="cm-key" style="--key:{colour}">{escape(name)}</span>' for name, colour in colours.items())
    return f'<div class="cm-hint">{"".join(keys)}</div>'


def _ticks(top: float, count: int = 4) -> Iterable[float]:
    """Round numbers from 0 to `top`, about `count` of them."""
    return _between(0.0, top, count)


def _whole_ticks(top: float) -> list[float]:
    """The whole ones of `_ticks`, for numbers of films or ratings.

    >>> _whole_ticks(1), _whole_ticks(35)
    ([0.0, 1.0], [0.0, 10.0, 20.0, 30.0])
    """
    return [value for value in _ticks(top) if value == int(value)]


def _between(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from `low` to `high`.

    >>> _between(0, 1.1, 4), _between(3, 4)
    ([0.0, 0.5, 1.0], [3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    """
    steps = (digit * 10.0**power for power in range(-6, 9) for digit in (1, 2, 5))
    step = next((one for one in steps if (high - low) / one <= count), high - low)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(at * step, 6) for at in range(first, last + 1)]


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest value with room around them."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.12 * (high - low) or 0.5
    return low - room, high + room


def _grid(y: float, right: float = _RIGHT) -> str:
    return f'<line x1="{_LEFT}" x2="{_WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" {_FAINT_LINE}/>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def _polyline(path: Sequence[tuple[float, float]], colour: str) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>' if joined else ""


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
