"""Folding of names, so that case, accents and punctuation do not matter when they are compared."""

import unicodedata

DEMO_SUFFIX = " (demo)"  # ends the name of every invented streaming service


def fold(text: str) -> str:
    """The text in lower case without accents, with one space in place of everything but letters and digits.

    >>> fold("Amélie: The  Movie!"), fold("WALL·E")
    ('amelie the movie', 'wall e')
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split())


def fold_closed(text: str) -> str:
    """`fold` without the spaces: "Sci-Fi", "sci fi" and "SciFi" are equal.

    >>> fold_closed("Sci-Fi") == fold_closed("scifi")
    True
    """
    return fold(text).replace(" ", "")
