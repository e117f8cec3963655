"""The parts of the analyst's page without a browser: their text, and their widgets."""

import html
import re

from cinematch_lib.explorer import explore


def opened(project, **options):
    """The page of a project's folder."""
    return explore(*(project / name for name in ("raw", "data", "artifacts")), **options)


def shown_html(widget):
    """The HTML of a part of the page."""
    own = getattr(widget, "value", "")
    return "".join([own if isinstance(own, str) else "", *map(shown_html, getattr(widget, "children", ()))])


def texts(widget):
    """All text of a part of the page, without tags."""
    own = [getattr(widget, name, "") for name in ("value", "description", "placeholder")]
    shown = [re.sub(r"<style>.*?</style>|<[^>]+>", " ", one, flags=re.DOTALL) for one in own if isinstance(one, str)]
    return html.unescape(
        " ".join(" ".join([*shown, *(texts(child) for child in getattr(widget, "children", ()))]).split())
    )


def part(widget, kind):
    """The first widget with this style class within a part."""
    if kind in getattr(widget, "_dom_classes", ()):
        return widget
    return next((found for child in getattr(widget, "children", ()) if (found := part(child, kind))), None)


def text_field(widget):
    """The first text field within a part."""
    if type(widget).__name__ == "Text":
        return widget
    return next((found for child in getattr(widget, "children", ()) if (found := text_field(child))), None)


def button(widget, words):
    """The button with this text."""
    if words in getattr(widget, "description", ""):
        return widget
    return next((found for child in getattr(widget, "children", ()) if (found := button(child, words))), None)
