"""Ratings as people write them: numbers, fractions, per cent, and stars in a row, on one scale of 0.5 to 5."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.rating_weights import LIKED
from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS, LOWEST_STARS
from cinematch_lib.vocabulary.wording import counted

_NONE_LIKED = "none of {:,} ratings reaches {:g} stars, from which on a film is liked"
_HALF = "½"
_NUMBER = r"(?P<number>[0-9]{1,3}(?:[.,][0-9]{0,9})?|[0-9]?\s?½)"
_WRITTEN = re.compile(
    rf"{_NUMBER}\s*(?:(?:/|of|out of)\s*(?P<scale>5|10|100)(?:[.,]0)?|(?P<percent>%))?\s*(?:stars?|[★⭐*])?",
    re.IGNORECASE,
)
_IN_A_ROW = re.compile(r"(?P<full>[★⭐🌟*]*)\s?(?P<half>½|(?<=[★⭐🌟* ])1/2)?(?P<empty>[☆✩]*)")
_VARIANT = "\ufe0f"  # asks for the coloured form of the character before it


class Rating(NamedTuple):
    """A rating as it is written: its value, and the best value of its scale where the text tells it."""

    value: float
    best: int | None = None


def parse_rating(text: str) -> Rating | None:
    """The rating that a text means; None for other texts.

    >>> parse_rating("8/10"), parse_rating("80%"), parse_rating("3½ stars")
    (Rating(value=8.0, best=10), Rating(value=80.0, best=100), Rating(value=3.5, best=None))
    >>> parse_rating("★★★½"), parse_rating("★★☆☆☆"), parse_rating("1/2")
    (Rating(value=3.5, best=None), Rating(value=2.0, best=5), None)
    """
    text = text.replace(_VARIANT, "").strip()
    if found := _WRITTEN.fullmatch(text):
        whole, half, _ = found["number"].replace(",", ".").partition(_HALF)
        scale = "100" if found["percent"] else found["scale"]
        return Rating(float(whole.strip() or 0) + (0.5 if half else 0), int(scale) if scale else None)
    found = _IN_A_ROW.fullmatch(text)
    if not found or not (found["full"] or found["half"]):
        return None
    full, half, empty = len(found["full"]), int(bool(found["half"])), len(found["empty"])
    if empty and full + half + empty not in (5, 10):
        return None
    return Rating(full + half / 2, full + half + empty if empty else None)


def on_five_stars(
    texts: Sequence[str], lines: Sequence[int], name: str, *, of_ten: bool
) -> tuple[list[float | None], list[str]]:
    """The stars of each text, from 0.5 to 5, None for an empty one; and remarks on how they were read.

    Ratings that do not tell their scale are halved if they are `of_ten`, or go beyond 5 and not below 1. Raises
    CineMatchError, which names `name` and the line, for a text that is no rating, and for ratings on no scale.
    """
    ratings: list[Rating | None] = []
    unusual: dict[int | None, tuple[int, str, Rating]] = {}  # by the scale that is written: count and first example
    for text, line in zip(texts, lines, strict=True):
        rating = parse_rating(text) if text else None
        if text and rating is None:
            raise CineMatchError(f"{name} has the rating {text!r} on line {line}, which is no number of stars")
        if rating is not None and not re.fullmatch(r"[0-9.,]+", text):
            count, example, first = unusual.get(rating.best, (0, text, rating))
            unusual[rating.best] = count + 1, example, first
        ratings.append(rating)
    plain = [one.value for one in ratings if one is not None and one.best is None]
    beyond = bool(plain) and max(plain) > HIGHEST_STARS
    whole = all(value.is_integer() for value in plain)  # services whose ratings go to 10 have no halves
    halved = bool(plain) and ((of_ten and (whole or beyond)) or (beyond and min(plain) >= 1))
    stars = [None if one is None else _stars(one, halved) for one in ratings]
    given = [(value, one) for value, one in zip(stars, ratings, strict=True) if value is not None and one is not None]
    if not given:
        raise CineMatchError(f"{name} holds no rating; give a file of rated films")
    if not all(LOWEST_STARS <= value <= HIGHEST_STARS for value, _ in given):
        values = plain or [value for value, _ in given]
        raise CineMatchError(
            f"{name} has ratings from {min(values):g} to {max(values):g}; "
            f"stars go from {LOWEST_STARS} to {HIGHEST_STARS:g}, or from 1 to 10"
        )
    below = [] if max(value for value, _ in given) >= LIKED else [_NONE_LIKED.format(len(given), LIKED)]
    remarks = [
        f"{counted(count, 'rating')} written as {example!r}, which is {_stars(first, halved):g} stars"
        for count, example, first in unusual.values()
    ]
    if halved:
        remarks.append(f"{counted(len(plain), 'rating')} from 1 to 10, halved")
    return stars, [*below, *remarks]


def _stars(rating: Rating, halved: bool) -> float:
    best = rating.best or (10 if halved else 5)
    return rating.value * 5 / best
