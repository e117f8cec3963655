"""Output of the commands: rich on a terminal, plain lines in a pipe or a log, JSON on request."""

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100  # columns at most of running text, also on wider terminals


def terminal() -> "Console | None":
    """A console where stdout is a terminal and rich is installed; None where lines should be plain."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return None
    try:
        from cinematch_lib.wizard.terminal import console
    except ImportError:  # the base install
        return None
    return console()


def print_text(text: str) -> None:
    """Print a paragraph: wrapped at words on a terminal, on one line elsewhere."""
    if (console := terminal()) is None:
        print(text)
    else:
        console.print(text, width=min(console.width, WIDTH))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[str] = ()) -> None:
    """Print a table: ruled on a terminal, aligned columns elsewhere.

    `numbers` are the titles of the columns that are aligned to the right.
    """
    if (console := terminal()) is not None:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for title in header:
            table.add_column(title, justify="right" if title in numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = zip(header, row, widths, strict=True)
        print("  ".join(f"{cell:{'>' if name in numbers else '<'}{width}}" for name, cell, width in cells).rstrip())


def print_json(**fields: Any) -> None:
    """Print a JSON object with these fields, with escapes for the characters that the encoding of stdout lacks."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(fields, indent=2, ensure_ascii=not is_utf8))
