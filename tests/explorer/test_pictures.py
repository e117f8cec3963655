"""Charts as SVG: whole drawings with a name for screen readers, and a table of the same numbers."""

import re
from xml.etree import ElementTree

from cinematch_lib.explorer import pictures
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


def test_points_have_names_that_do_not_lie_on_each_other():
    marks = [Point("one", 0.50, 0.30), Point("two", 0.51, 0.30), Point("three", 0.9, 0.1, linked=True)]
    root = drawing(pictures.points("Models", marks, ("x", "y")))
    places = {one.text: float(one.get("y")) for one in root.iter(f"{SVG}text") if one.text in ("one", "two")}
    assert abs(places["one"] - places["two"]) > 11


def test_groups_have_a_bar_of_each_series():
    html = pictures.grouped_bars(
        "Found", ["new", "known"], {"a": ("#111111", [0.0, 1.0]), "b": ("#222222", [0.5, 0.25])}
    )
    bars = [(one.get("fill"), float(one.get("height"))) for one in drawing(html).iter(f"{SVG}rect")]
    assert [colour for colour, _ in bars] == ["#111111", "#222222"] * 2
    assert bars[1][1] == bars[2][1] / 2 == 2 * bars[3][1]
    assert cells(html) == ["new", "0.000", "0.500", "known", "1.000", "0.250"]
