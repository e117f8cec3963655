"""Text of the set-up on a terminal: headings, paragraphs, rows and commands, in 80 columns at most."""

import os
from collections.abc import Sequence
from typing import Literal

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table

_WIDTH = 80  # columns


def console() -> Console:
    """A console for stdout that prints text as it is, without color where NO_COLOR is set (https://no-color.org)."""
    color_system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(color_system=color_system, markup=False, emoji=False, highlight=False)


def heading(text: str) -> None:
    """Print the line that begins a section."""
    console().print(f"\n{text}", style="bold")


def say(text: str, indent: int = 0) -> None:
    """Print a paragraph."""
    _print(Padding(text, (0, 0, 0, indent), expand=False))


def rows(pairs: Sequence[tuple[str, str]]) -> None:
    """Print labels, each with its text to the right of it."""
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(no_wrap=True)
    for pair in pairs:
        grid.add_row(*pair)
    _print(grid)


def command(words: str) -> None:
    """Print a command to copy, on one line of any length."""
    console().print(f"  {words}", style="bold", soft_wrap=True)


def _print(content: RenderableType) -> None:
    target = console()
    target.print(content, width=min(target.width, _WIDTH))
