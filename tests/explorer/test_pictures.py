"""Charts as SVG: whole drawings with a name for screen readers, and a table of the same numbers."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from cinematch_lib.explorer import pictures
from cinematch_lib.explorer.markup import TOKENS
from cinematch_lib.explorer.paint import contrast, paint
from cinematch_lib.explorer.pictures import Point, Span

SVG = "{http://www.w3.org/2000/svg}"


def drawing(html):
    """The drawing of a figure, parsed."""
    return ElementTree.fromstring(re.search(r"<svg.*?</svg>", html, flags=re.DOTALL)[0])


def cells(html):
    return [re.sub("<[^>]+>", "", one) for one in re.findall(r"<td[^>]*>(.*?)</td>", html)]


def test_bars_are_as_high_as_their_numbers_and_the_line_skips_what_is_missing():
    html = pictures.bars_with_line(
        "Ratings", ["2000", "2001", "2002"], [10, 0, 5], [4.0, 0.0, 2.0], 5.0, ("n", "stars")
    )
    root = drawing(html)
    heights = [float(one.get("height")) for one in root.iter(f"{SVG}rect")]
    assert heights[0] == 2 * heights[2] > 0 == heights[1]
    assert len(list(root.iter(f"{SVG}circle"))) == 2
    assert (root.get("role"), root.get("aria-label")) == ("img", "Ratings")
    assert cells(html) == ["2000", "10", "4.00", "2001", "0", "–", "2002", "5", "2.00"]


def test_intervals_lie_around_their_means_on_one_scale():
    html = pictures.spans("nDCG", [Span("a & b", 0.2, 0.1, 0.3), Span("c", 0.4, 0.4, 0.4)])
    root = drawing(html)
    first, second = (float(one.get("cx")) for one in root.iter(f"{SVG}circle"))
    line = next(one for one in root.iter(f"{SVG}line") if one.get("stroke-width") == "4")
    assert abs((float(line.get("x1")) + float(line.get("x2"))) / 2 - first) < 0.2
    zero = next(float(one.get("x1")) for one in root.iter(f"{SVG}line") if one.get("stroke-width") == "0.6")
    assert abs((second - zero) - 2 * (first - zero)) < 0.3
    assert "a &amp; b" in html


def test_points_have_names_that_do_not_lie_on_each_other_nor_on_points_or_the_line():
    marks = [Point(f"model {at}", 0.50 + at / 100, 0.30) for at in range(9)]
    ends = [Point("first", 0.4, 0.3, linked=True), Point("last", 0.9, 0.1, linked=True)]
    root = drawing(pictures.points("Models", [*marks, *ends], ("x", "y")))
    points = [(float(one.get("cx")), float(one.get("cy"))) for one in root.iter(f"{SVG}circle")]
    line = next(root.iter(f"{SVG}polyline")).get("points").split()
    (x, y), (x2, y2) = (map(float, one.split(",")) for one in line)
    points += [(x + (x2 - x) * at / 20, y + (y2 - y) * at / 20) for at in range(21)]
    names = [one for one in root.iter(f"{SVG}text") if one.text.startswith(("model", "first", "last"))]
    boxes = [box(one) for one in names]
    assert len(boxes) == 11
    assert not [pair for pair in itertools.combinations(boxes, 2) if overlap(*pair)]
    assert not [(at, one) for at in points for one in boxes if overlap((*at, *at), one)]


def box(name):
    """Left, top, right and bottom of a name, 6 pixels a letter."""
    x, y, length = float(name.get("x")), float(name.get("y")), 6 * len(name.text)
    left = x - length if name.get("text-anchor") == "end" else x
    return left, y - 9, left + length, y + 1


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_the_names_of_colours_are_part_of_the_drawing():
    series = {f"a model with a long name, number {at}": ("#111111", [1.0]) for at in range(3)}
    root = drawing(pictures.grouped_bars("Found", ["new"], series))
    names = {one.text: float(one.get("y")) for one in root.iter(f"{SVG}text") if one.text in series}
    assert len(set(names.values())) == len(names) == 3  # a row each
    assert max(names.values()) < float(root.get("viewBox").split()[3])


@pytest.mark.parametrize("colour", ["#1b4965", "#bcdcea", "#6d597a", "#000000", "#ffffff"])
def test_a_colour_can_be_seen_on_light_and_on_dark_cards(colour):
    cards = re.findall(r"--card: (#\w+);", TOKENS.read_text(encoding="utf-8"))
    light_dark = re.findall(r"#\w{6}", paint(colour))
    assert all(contrast(one, card) >= 3 for one, card in zip(light_dark, cards, strict=True))


def test_a_colour_that_is_seen_in_both_modes_stays_as_it_is():
    assert paint("#b5562f") == "light-dark(#b5562f, #b5562f)"


def test_groups_have_a_bar_of_each_series():
    html = pictures.grouped_bars(
        "Found", ["new", "known"], {"a": ("#111111", [0.0, 1.0]), "b": ("#222222", [0.5, 0.25])}
    )
    bars = [(one.get("fill"), float(one.get("height"))) for one in drawing(html).iter(f"{SVG}rect")]
    assert [colour for colour, _ in bars[:4]] == ["#111111", "#222222"] * 2  # then those of their names
    assert bars[1][1] == bars[2][1] / 2 == 2 * bars[3][1]
    assert cells(html) == ["new", "0.000", "0.500", "known", "1.000", "0.250"]
