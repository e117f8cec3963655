"""Changes of many widgets, sent to the browser one right after the other, so that it lays the page out once."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import ipywidgets as widgets


@contextmanager
def one_frame(*roots: widgets.Widget) -> Iterator[None]:
    """Hold back what the widgets and all inside them send until the end; it is sent in their order on the page."""
    with ExitStack() as stack:
        for widget in reversed([one for root in roots for one in _all_inside(root)]):  # what is held last is sent first
            stack.enter_context(widget.hold_sync())
        yield


def _all_inside(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all_inside(child)
