"""Comparing names the way people mean them: without case, accents and punctuation."""

import unicodedata

DEMO_SUFFIX = " (demo)"  # in the name of every streaming service that was invented for demonstration


def fold(text: str) -> str:
    """Lower-case words of letters and digits, without accents, one space between them.

    >>> fold("Amélie: The  Movie!"), fold("WALL·E")
    ('amelie the movie', 'wall e')
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split())


def fold_closed(text: str) -> str:
    """As `fold`, with the words run together, so that "Sci-Fi", "sci fi" and "SciFi" are one.

    >>> fold_closed("Sci-Fi") == fold_closed("scifi")
    True
    """
    return fold(text).replace(" ", "")
