"""What the set-up shows: headings, paragraphs and rows that fit a terminal of 80 columns or fewer."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

WIDEST = 80
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def heading(text: str) -> None:
    """A line that begins a part of the page."""
    print(f"\n{strong(text)}")


def say(text: str, indent: int = 0) -> None:
    """A paragraph."""
    print(_filled(text, " " * indent, " " * indent), flush=True)


def rows(pairs: Sequence[tuple[str, str]]) -> None:
    """Labels with what is said of each, below each other."""
    width = max(len(label) for label, _ in pairs)
    for label, text in pairs:
        print(_filled(text, f"  {label:<{width}}  ", " " * (width + 4)))


def command(words: str) -> None:
    """A command to copy: on one line, however long."""
    print(f"  {strong(words)}")


def strong(text: str) -> str:
    """`text` in bold on a terminal that can, as it is elsewhere (https://no-color.org)."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain else f"{_BOLD}{text}{_PLAIN}"


def duration(seconds: float) -> str:
    """A time for a person, never more exact than it is known.

    >>> duration(12.5), duration(100), duration(2187), duration(8040)
    ('13 s', '2 min', '36 min', '2 h 14 min')
    """
    minutes = max(round(seconds / 60), 1)
    if seconds < 90:
        return f"{max(-int(-seconds // 1), 1)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _filled(text: str, first: str, rest: str) -> str:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
