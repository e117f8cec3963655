"""Folding of names, so that case, accents and punctuation do not matter when they are compared."""

import unicodedata

DEMO_SUFFIX = " (demo)"  # ends the name of every invented streaming service


# Letters that Unicode does not decompose, as people type them without a special keyboard.
_TYPED_AS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "þ": "th", "ð": "d", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i"}
)
# Combining marks that make another letter (voiced kana, viramas and nuktas of Indic scripts), by combining class.
_PART_OF_A_LETTER = (7, 8, 9)


def fold(text: str) -> str:
    """The text in lower case without accents, with one space in place of everything but letters and digits.

    >>> fold("Amélie: The  Movie!"), fold("WALL·E"), fold("Røde Cœur")
    ('amelie the movie', 'wall e', 'rode coeur')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_TYPED_AS)
        kept = "".join(char for char in text if unicodedata.combining(char) in (0, *_PART_OF_A_LETTER))
        text = unicodedata.normalize("NFC", kept)
    return " ".join("".join(char if _is_letter(char) else " " for char in text.casefold()).split())


def _is_letter(char: str) -> bool:
    """Whether a character is a letter, a digit, or a vowel sign."""
    return char.isalnum() or (not char.isascii() and unicodedata.category(char) in ("Mn", "Mc"))


def fold_closed(text: str) -> str:
    """`fold` without the spaces: "Sci-Fi", "sci fi" and "SciFi" are equal.

    >>> fold_closed("Sci-Fi") == fold_closed("scifi")
    True
    """
    return fold(text).replace(" ", "")
