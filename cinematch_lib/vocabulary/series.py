"""Series of films, told by their titles."""

import re
from collections.abc import Sequence
from functools import lru_cache

from cinematch_lib.vocabulary.search_words import search_words, with_digits
from cinematch_lib.vocabulary.titles import title_names

_SUBTITLE = re.compile(r":\s| [-–—] ")
_NEXT_ADVENTURE = re.compile(r"\band the\b", re.IGNORECASE)  # Harry Potter and the …
_SHORT = 3  # letters of a word whose final s is none of a plural
_MOST_FILMS, _FIRST_YEAR = 20, 1900  # of a series, and of titles such as Fantasia 2000


def series_key(name: str) -> str:
    """What the titles of a series have in common: the words before a subtitle or "and the", in the singular.

    Numbers at the end are left out.

    >>> series_key("Rocky III"), series_key("Star Trek: First Contact"), series_key("Aliens"), series_key("The Big One")
    ('rocky', 'star trek', 'alien', 'big 1')
    >>> series_key("Harry Potter and the Goblet of Fire"), series_key("Beauty and the Beast")
    ('harry potter', 'beauty beast')
    """
    words = search_words(_SUBTITLE.split(name)[0])
    before = search_words(_NEXT_ADVENTURE.split(name)[0])
    return _without_number(before if 1 < len(before) < len(words) else words)


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
    return frozenset(_without_number(search_words(name)) for name in title_names(title))


def _without_number(words: Sequence[str]) -> str:
    """The words, in digits, without numbers of a sequel at the end, the last one in the singular.

    A number is part of the name where only a letter or another number stands before it, as in ``K-19``, where it is
    neither small nor a year, as in ``The Spirit of '45``, or where it is the word "one", as in ``The Big One``.
    """
    found = with_digits(list(words))
    while len(found) > 1 and _tells_sequel(found[-1]) and any(len(one) > 1 and one.isalpha() for one in found[:-1]):
        if words[-1] == "one" and found[-1] == "1":
            break
        found.pop()
    key = " ".join(found)
    return key[:-1] if key.endswith("s") and len(found[-1]) > _SHORT else key


def _tells_sequel(word: str) -> bool:
    return word.isdecimal() and (int(word) <= _MOST_FILMS or int(word) >= _FIRST_YEAR)
