"""Series of films, told by their titles."""

import re
from collections.abc import Sequence
from functools import lru_cache

from cinematch_lib.vocabulary.search_words import search_words, with_digits
from cinematch_lib.vocabulary.titles import title_names

_SUBTITLE = re.compile(r":\s| [-–—] ")
_NEXT_ADVENTURE = re.compile(r"\band the\b", re.IGNORECASE)  # Harry Potter and the …
_SHORT = 3  # letters of a word whose final s is none of a plural


def series_key(name: str) -> str:
    """What the titles of a series have in common: the words before a subtitle or "and the", in the singular.

    Numbers at the end are left out.

    >>> series_key("Rocky III"), series_key("Star Trek: First Contact"), series_key("Aliens")
    ('rocky', 'star trek', 'alien')
    >>> series_key("Harry Potter and the Goblet of Fire"), series_key("Beauty and the Beast")
    ('harry potter', 'beauty beast')
    """
    words = with_digits(search_words(_SUBTITLE.split(name)[0]))
    before = search_words(_NEXT_ADVENTURE.split(name)[0])
    if 1 < len(before) < len(words):
        words = with_digits(before)
    return _without_number(words)


@lru_cache(maxsize=100_000)
def series_keys(title: str) -> frozenset[str]:
    """The keys of all names in a title, also of those in brackets.

    >>> sorted(series_keys("Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark)"))
    ['indiana jone', 'raiders lost ark']
    """
    return frozenset(map(series_key, title_names(title)))


@lru_cache(maxsize=100_000)
def whole_keys(title: str) -> frozenset[str]:
    """The keys of all names in a title with their subtitles.

    >>> whole_keys("Mission: Impossible II"), whole_keys("The Matrix Reloaded")
    (frozenset({'mission impossible'}), frozenset({'matrix reloaded'}))
    """
    return frozenset(_without_number(with_digits(search_words(name))) for name in title_names(title))


def _without_number(words: Sequence[str]) -> str:
    """The words without numbers at the end, the last one in the singular."""
    words = list(words)
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    key = " ".join(words)
    return key[:-1] if key.endswith("s") and len(words[-1]) > _SHORT else key
