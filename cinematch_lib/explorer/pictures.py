"""Charts as SVG, each with the table of its numbers: for the page, and for files that stand alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.drawing import (
    BOTTOM,
    FAINT_LINE,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    dot,
    figure,
    grid,
    polyline,
    rect,
    svg,
    text,
    ticks,
    whole_ticks,
)
from cinematch_lib.explorer.label_places import label_places
from cinematch_lib.explorer.markup import BEHIND, KEPT
from cinematch_lib.explorer.paint import paint

_ROW, _NAMES, _VALUE = 22, 168, 40  # of charts with a row a name
_LINE = paint("#b5562f")
_KEY = {"kept": KEPT, "all films": BEHIND}


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


def bars_with_line(
    title: str, labels: Sequence[str], bars: Sequence[int], line: Sequence[float], top: float, names: tuple[str, str]
) -> str:
    """Bars, and over them a line from 0 to `top` with an axis at the right; 0 is no point of the line.

    `names` are those of the two series.
    """
    height, highest = 190, max(max(bars, default=0), 1)
    bottom, room = height - BOTTOM, height - BOTTOM - TOP
    step = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    parts = []
    for value in whole_ticks(highest):
        y = bottom - value / highest * room
        parts.append(grid(y) + text(LEFT - 6, y + 4, f"{value:,.0f}", "end"))
    parts += [text(WIDTH - RIGHT + 6, bottom - one / top * room + 4, f"{one:g}") for one in range(int(top) + 1)]
    every = max(1, -(-len(labels) // 10))
    for at, (label, value) in enumerate(zip(labels, bars, strict=True)):
        length = value / highest * room
        parts.append(rect(LEFT + (at + 0.1) * step, bottom - length, 0.8 * step, length, KEPT))
        if at % every == 0:
            parts.append(text(LEFT + (at + 0.5) * step, height - 7, label, "middle"))
    points = [(LEFT + (at + 0.5) * step, bottom - one / top * room) for at, one in enumerate(line) if one]
    parts.append(polyline(points, _LINE))
    parts += [dot(x, y, 2.5, _LINE) for x, y in points]
    rows = [(label, bar, f"{one:.2f}" if one else "–") for label, bar, one in zip(labels, bars, line, strict=True)]
    drawing = svg(title, height, "".join(parts), {names[0]: KEPT, names[1]: _LINE})
    return figure(title, drawing, markup.table(("year", *names), rows))


def histogram(title: str, labels: Sequence[str], films: Sequence[int], kept: Sequence[int]) -> str:
    """A bar for all films of each class, and over it one for those that are kept."""
    height, highest = 170, max(max(films, default=0), 1)
    bottom, room = height - BOTTOM, height - BOTTOM - TOP
    step = (WIDTH - LEFT - 8) / max(len(labels), 1)
    parts = [
        grid(bottom - value / highest * room, 8)
        + text(LEFT - 6, bottom - value / highest * room + 4, f"{value:,.0f}", "end")
        for value in whole_ticks(highest)
    ]
    every = max(1, -(-max(map(len, labels), default=1) * 9 * len(labels) // (WIDTH - LEFT)))
    for at, label in enumerate(labels):
        for value, colour in ((films[at], BEHIND), (kept[at], KEPT)):
            length = value / highest * room
            parts.append(rect(LEFT + (at + 0.06) * step, bottom - length, 0.88 * step, length, colour))
        if at % every == 0:
            parts.append(text(LEFT + (at + 0.5) * step, height - 7, label, "middle"))
    rows = [(label, *both) for label, *both in zip(labels, films, kept, strict=True)]
    return figure(title, svg(title, height, "".join(parts), _KEY), markup.table(("from", "films", "kept"), rows))


def names(title: str, films: Mapping[str, int], kept: Mapping[str, int]) -> str:
    """A row for each name: a bar for all films, and over it one for those that are kept."""
    height, highest, row = 17 * len(films), max(films.values(), default=1) or 1, 17
    scale, parts = (WIDTH - _NAMES - _VALUE) / highest, []
    for at, (name, number) in enumerate(films.items()):
        parts.append(text(_NAMES - 8, at * row + 13, name, "end"))
        for value, colour in ((number, BEHIND), (kept.get(name, 0), KEPT)):
            parts.append(rect(_NAMES, at * row + 3, value * scale, row - 6, colour))
        parts.append(text(_NAMES + number * scale + 6, at * row + 13, f"{kept.get(name, 0):,}"))
    rows = [(name, number, kept.get(name, 0)) for name, number in films.items()]
    table = markup.table(("name", "films", "kept"), rows)
    return figure(title, svg(title, height, "".join(parts), _KEY), table)


def spans(title: str, rows: Sequence[Span], digits: int = 3) -> str:
    """A dot for each mean and a line for its interval, one below the other, on one scale from 0."""
    height, top = _ROW * len(rows) + BOTTOM, max((one.high for one in rows), default=1.0) or 1.0
    scale = (WIDTH - _NAMES - _VALUE) / top
    bottom = height - BOTTOM
    parts = []
    for value in ticks(0, top):
        x = _NAMES + value * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}" {FAINT_LINE}/>')
        parts.append(text(x, height - 8, f"{value:g}", "middle"))
    for at, one in enumerate(rows):
        y, low, high = (at + 0.5) * _ROW, _NAMES + one.low * scale, _NAMES + one.high * scale
        parts.append(text(_NAMES - 8, y + 4, one.name, "end"))
        parts.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{one.colour}" stroke-width="4" '
            f'opacity="0.5"/>{dot(_NAMES + one.mean * scale, y, 4, one.colour)}'
        )
        parts.append(text(high + 6, y + 4, f"{one.mean:.{digits}f}"))
    cells = [(one.name, *(f"{value:.{digits}f}" for value in (one.mean, one.low, one.high))) for one in rows]
    table = markup.table(("model", "mean", "from", "to (95 %)"), cells, "cm-numbers")
    return figure(title, svg(title, height, "".join(parts)), table)


def points(title: str, marks: Sequence[Point], axes: tuple[str, str]) -> str:
    """Points by two numbers, each with its name; `axes` are their names. The vertical one, 0 or more, starts at 0."""
    height = 280
    x_low, x_high = _padded([one.x for one in marks])
    y_high = 1.15 * max((one.y for one in marks), default=0.0) or 1.0
    bottom = height - BOTTOM - 16
    place_x = lambda x: LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)  # noqa: E731
    place_y = lambda y: bottom - y / y_high * (bottom - TOP)  # noqa: E731
    parts = []
    for value in ticks(0, y_high):
        parts.append(grid(place_y(value)) + text(LEFT - 6, place_y(value) + 4, f"{value:g}", "end"))
    parts += [text(place_x(value), bottom + 15, f"{value:g}", "middle") for value in ticks(x_low, x_high)]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, height - 6, axes[0], "middle"))
    places = [(place_x(one.x), place_y(one.y)) for one in marks]
    line = [place for one, place in zip(marks, places, strict=True) if one.linked]
    parts.append(polyline(line, KEPT))
    labels = label_places(places, [one.name for one in marks], line, bottom)
    for one, place, label in zip(marks, places, labels, strict=True):
        parts.append(dot(*place, 4, one.colour) + text(label.x, label.y, one.name, label.anchor))
    rows = [(one.name, f"{one.x:.3f}", f"{one.y:.3f}") for one in marks]
    table = markup.table(("name", *axes), rows, "cm-numbers")
    return figure(title, svg(f"{title}: {axes[1]} by {axes[0]}", height, "".join(parts)), table)


def grouped_bars(title: str, groups: Sequence[str], series: dict[str, tuple[str, Sequence[float]]]) -> str:
    """For each group a bar of each series; `series` maps a name to its colour and its values, 0 or more."""
    height = 200
    bottom, room = height - BOTTOM, height - BOTTOM - TOP
    top = max((value for _, values in series.values() for value in values), default=0.0) or 1.0
    step = (WIDTH - LEFT - 8) / max(len(groups), 1)
    width = 0.84 * step / max(len(series), 1)
    parts = [
        grid(bottom - value / top * room, 8) + text(LEFT - 6, bottom - value / top * room + 4, f"{value:g}", "end")
        for value in ticks(0, top)
    ]
    for at, group in enumerate(groups):
        parts.append(text(LEFT + (at + 0.5) * step, height - 7, group, "middle"))
        for number, (colour, values) in enumerate(series.values()):
            length = values[at] / top * room
            parts.append(
                rect(LEFT + (at + 0.08) * step + number * width, bottom - length, 0.92 * width, length, colour)
            )
    rows = [(group, *(f"{values[at]:.3f}" for _, values in series.values())) for at, group in enumerate(groups)]
    colours = {name: colour for name, (colour, _) in series.items()}
    table = markup.table(("group", *series), rows, "cm-numbers")
    return figure(title, svg(title, height, "".join(parts), colours), table)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest value with room around them."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.12 * (high - low) or 0.5
    return low - room, high + room
