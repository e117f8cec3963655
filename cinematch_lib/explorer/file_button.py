"""A button that saves a file which the kernel makes."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets


class FileButton(anywidget.AnyWidget):
    """The button; ``file_button.js`` explains the traits."""

    _esm = Path(__file__).with_name("file_button.js")
    label = traitlets.Unicode().tag(sync=True)
    pressed = traitlets.Int().tag(sync=True)

    def __init__(self, label: str, make: Callable[[], tuple[str, str]]) -> None:
        """`make` returns the name and the text of the file."""
        super().__init__(label=label)
        self.observe(lambda _: self._save(*make()), "pressed")

    def _save(self, name: str, text: str) -> None:
        self.send({"name": name}, [text.encode()])
