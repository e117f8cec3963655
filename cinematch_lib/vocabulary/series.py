"""Series of films, told by their titles."""

import re
from functools import lru_cache

from cinematch_lib.vocabulary.search_words import search_words, with_digits
from cinematch_lib.vocabulary.titles import title_names

_SUBTITLE = re.compile(r":\s| [-–—] ")
_NEXT_ADVENTURE = re.compile(r"\band the\b", re.IGNORECASE)  # Harry Potter and the …


def series_key(name: str) -> str:
    """What the titles of a series have in common: the words before a subtitle or "and the", without numbers at the end.

    >>> series_key("Rocky III"), series_key("Star Wars: Episode V - The Empire Strikes Back")
    ('rocky', 'star wars')
    >>> series_key("Harry Potter and the Goblet of Fire"), series_key("Beauty and the Beast")
    ('harry potter', 'beauty beast')
    """
    words = with_digits(search_words(_SUBTITLE.split(name)[0]))
    before = search_words(_NEXT_ADVENTURE.split(name)[0])
    if 1 < len(before) < len(words):
        words = with_digits(before)
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=100_000)
def series_keys(title: str) -> frozenset[str]:
    """The keys of all names in a title, also of those in brackets.

    >>> sorted(series_keys("Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark)"))
    ['indiana jones', 'raiders lost ark']
    """
    return frozenset(map(series_key, title_names(title)))
