"""What the analyst's page shows in a browser, and what is done with it there."""

import contextlib
import re

from playwright.sync_api import expect

from support.commands import wait_for

SECONDS = 60  # of patience, not of expectation


def waterfall(page):
    """The numbers of films read, dropped and kept, by step."""
    rows = page.locator(".cm-waterfall tr").evaluate_all(
        "rows => rows.map(row => [row.querySelector('td'), row.lastElementChild].map(cell => cell.innerText))"
    )
    return {step: int(number.replace(",", "").replace("−", "-")) for step, number in rows}


def listed(page):
    """The ids of the recommended films."""
    return page.locator(".cm-list li").evaluate_all("all => all.map(one => Number(one.dataset.film))")


def kept_now(page):
    """The number of films that are kept."""
    return int(page.locator(".cm-kept").inner_text().replace(",", ""))


def becomes(shown, expected):
    """Wait until the page shows the expected value; its parts are updated one after the other."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: shown() == expected, "the page", SECONDS)
    assert shown() == expected


def until_kept(page, films, filters):
    """Wait until the page shows the library's counts for these filters; returns them."""
    count = films.count(filters)
    expect(page.locator(".cm-kept")).to_have_text(f"{count.kept:,}")
    dropped = {reason: -many for reason, many in count.dropped.items()}
    becomes(lambda: waterfall(page), {"read": count.read, **dropped, "kept": count.kept})
    return count


def drag(page, chart, start, end):
    """Drag over a chart from one share of its width to another."""
    area = page.get_by_label(chart, exact=True).locator(".cm-area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], height, steps=8)
    page.mouse.up()


def logged(project, event):
    """The ids of the kernels with which something happened, in order."""
    return re.findall(rf"{event}: ([\w-]+)", (project / "voila.log").read_text())


def kernels(project):
    return len(logged(project, "Kernel started")) - len(logged(project, "Kernel shutdown"))
