"""Folding of names, so that case, accents and punctuation do not matter when they are compared."""

import unicodedata
from collections.abc import Callable

DEMO_SUFFIX = " (demo)"  # ends the name of every invented streaming service


# Letters that Unicode does not decompose, as people type them without a special keyboard.
_TYPED_AS = {
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "þ": "th",
    "ð": "d",
    "đ": "d",
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ı": "i",
}
# Combining marks that make another letter (voiced kana, viramas and nuktas of Indic scripts), by combining class.
_PART_OF_A_LETTER = (0, 7, 8, 9)


class _Table(dict[int, str]):
    """A table for `str.translate`, filled by a function of characters when they first occur."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self._function = function

    def __missing__(self, code: int) -> str:
        self[code] = result = self._function(chr(code))
        return result


def _without_accent(char: str) -> str:
    return _TYPED_AS.get(char, char) if unicodedata.combining(char) in _PART_OF_A_LETTER else ""


def _letter_or_space(char: str) -> str:
    """A letter, a digit or a vowel sign as it is, a space for all else."""
    is_vowel_sign = not char.isascii() and unicodedata.category(char) in ("Mn", "Mc")
    return char if char.isalnum() or is_vowel_sign else " "


_WITHOUT_ACCENTS, _LETTERS = _Table(_without_accent), _Table(_letter_or_space)


def fold(text: str) -> str:
    """The text in lower case without accents, with one space in place of everything but letters and digits.

    >>> fold("Amélie: The  Movie!"), fold("WALL·E"), fold("Røde Cœur")
    ('amelie the movie', 'wall e', 'rode coeur')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = unicodedata.normalize("NFC", text.translate(_WITHOUT_ACCENTS))
    return " ".join(text.casefold().translate(_LETTERS).split())


def fold_closed(text: str) -> str:
    """`fold` without the spaces: "Sci-Fi", "sci fi" and "SciFi" are equal.

    >>> fold_closed("Sci-Fi") == fold_closed("scifi")
    True
    """
    return fold(text).replace(" ", "")
