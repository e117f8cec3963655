"""Places for the names of points, such that they can be read."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, hypot
from typing import NamedTuple

from cinematch_lib.explorer.drawing import LETTER, TOP, WIDTH

_RADIUS = 7  # around a point, which no name may cover
_GAP = 4  # of places on a line
_SHIFTS = (0, -12, 12, -24, 24, -36, 36, -48, 48, -60, 60)  # upwards and downwards, the nearest first

Place = tuple[float, float]


class Label(NamedTuple):
    """A name with the place of its start or its end, and which of the two that is."""

    x: float
    y: float
    anchor: str


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def label_places(points: Sequence[Place], names: Sequence[str], line: Sequence[Place], bottom: float) -> list[Label]:
    """A label for each point, in pixels: beside it, or else as near as it covers no point, no `line`, no other label.

    Labels lie above `bottom`. Where there is no room, a label lies where it would lie alone.
    """
    taken = [_Box(x - _RADIUS, y - _RADIUS / 2, x + _RADIUS, y + _RADIUS / 2) for x, y in points]
    taken += [_Box(x - 1, y - 1, x + 1, y + 1) for x, y in _along(line)]
    labels = []
    for (x, y), name in zip(points, names, strict=True):
        places = list(_places(x, y, LETTER * len(name), bottom))
        label, box = next((one for one in places if not any(map(one[1].touches, taken))), places[0])
        labels.append(label)
        taken.append(box)
    return labels


def _along(line: Sequence[Place]) -> Iterator[Place]:
    """Places on a line, a few pixels apart."""
    for (x, y), (x2, y2) in pairwise(line):
        steps = ceil(hypot(x2 - x, y2 - y) / _GAP)
        yield from ((x + (x2 - x) * at / steps, y + (y2 - y) * at / steps) for at in range(steps))


def _places(x: float, y: float, length: float, bottom: float) -> Iterator[tuple[Label, _Box]]:
    """Labels to the right and to the left of a point, from the nearest; at least one, which may not be inside."""
    sides = [("start", x + _RADIUS, x + _RADIUS + length), ("end", x - _RADIUS - length, x - _RADIUS)]
    inside = [side for side in sides if side[1] >= 0 and side[2] <= WIDTH] or sides[:1]
    for shift in _SHIFTS:
        base = y + 4 + shift
        if shift and not TOP <= base <= bottom:
            continue
        for anchor, left, right in inside:
            yield Label(left if anchor == "start" else right, base, anchor), _Box(left, base - 10, right, base + 2)
