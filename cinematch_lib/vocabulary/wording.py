"""Numbers of things, and lists of names, in sentences."""

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """A number of things whose plural ends with an s.

    >>> counted(1, "film"), counted(1200, "rating")
    ('1 film', '1,200 ratings')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def enumerated(names: Sequence[str]) -> str:
    """The names as a list in a sentence.

    >>> enumerated(["crime", "drama", "war"])
    'crime, drama and war'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
