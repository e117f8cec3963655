"""The preferences that the options of ``cinematch recommend`` state, with films given by title."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cinematch_lib.errors import CineMatchError, UnknownNameError

if TYPE_CHECKING:
    from cinematch_lib.recommender.films import Movie
    from cinematch_lib.recommender.preferences import Preferences
    from cinematch_lib.recommender.recommender import Recommender

_TIME_ZONES = timedelta(days=1)  # by which today's date in one of them is ahead of UTC's


def preferences_of_options(
    options: argparse.Namespace, recommender: "Recommender", exported: Mapping[int, float]
) -> "Preferences":
    """The preferences of the options, and `exported` ratings, of which those of ``--rate`` take precedence.

    Raises CineMatchError, which names films by title, for titles, ratings and dates that are none, for a film of which
    opposite things are said, and for the date of a film of which nothing is said.
    """
    from cinematch_lib.recommender.preferences import FRACTIONS, Preferences

    liked, disliked, without, seen = (
        [_find(title, recommender).movie_id for title in titles]
        for titles in (options.like, options.dislike, options.without, options.seen)
    )
    ratings = dict(exported) | dict(_rating(text, recommender) for text in options.rate)
    _check_opinions(recommender, liked, disliked, ratings)
    times = dict(_time(text, recommender) for text in options.time)
    if without_opinion := [one for one in times if one not in {*liked, *disliked, *seen, *ratings}]:
        raise CineMatchError(
            f"--time names {_name(recommender.movie(without_opinion[0]))}, of which nothing else is said; "
            "add --like, --dislike, --rate or --seen"
        )
    bounds = {name: value for name, value in vars(options).items() if name.endswith(("_min", "_max"))}
    others = {"ratings": ratings, "seen": seen, **{name: getattr(options, name) for name in FRACTIONS}}
    others |= {"original_languages": options.language, "times": times}
    return Preferences(liked, disliked, without, options.genre, options.service, **bounds, **others)


def _check_opinions(
    recommender: "Recommender", liked: list[int], disliked: list[int], ratings: Mapping[int, float]
) -> None:
    from cinematch_lib.recommender.rating_weights import LIKED

    if both := [one for one in liked if one in disliked]:
        raise CineMatchError(f"{_name(recommender.movie(both[0]))} is both liked and disliked; choose one")
    contrary = [(one, "liked") for one in liked if ratings.get(one, LIKED) < LIKED]
    contrary += [(one, "disliked") for one in disliked if ratings.get(one, 0.0) >= LIKED]
    for movie_id, opinion in contrary:
        name, stars = _name(recommender.movie(movie_id)), _stars(ratings[movie_id])
        raise CineMatchError(
            f"{name} is both {opinion} and rated with {stars}, and a film counts as liked from {LIKED:g} stars on; "
            "choose one"
        )


def _rating(text: str, recommender: "Recommender") -> tuple[int, float]:
    """The id and the stars of a film given as TITLE=STARS."""
    from cinematch_lib.recommender.stars import HIGHEST_STARS, LOWEST_STARS, parse_rating

    title, _, stars = text.rpartition("=")
    if not title or (rating := parse_rating(stars)) is None:
        raise CineMatchError(f'--rate takes a title and stars, as "Heat (1995)=4.5", got {text!r}')
    movie, value = _find(title, recommender), rating.value * 5 / (rating.best or 5)
    if not LOWEST_STARS <= value <= HIGHEST_STARS:
        given = _stars(value) if rating.best is None else f"{stars.strip()}, which is {_stars(value)},"
        remedy = "write another scale with it, as 8/10" if rating.best is None else "correct it"
        raise CineMatchError(
            f"a rating must be from {LOWEST_STARS} to {HIGHEST_STARS:g} stars, got {given} for {_name(movie)}; {remedy}"
        )
    return movie.movie_id, value


def _time(text: str, recommender: "Recommender") -> tuple[int, float]:
    """The id of a film and the seconds since 1970, given as TITLE=DATE."""
    title, _, date = text.rpartition("=")
    try:
        time = datetime.fromisoformat(date.strip())
    except ValueError:
        title = ""
    if not title:
        raise CineMatchError(f'--time takes a title and a date, as "Heat (1995)=2024-05-31", got {text!r}')
    movie, time = _find(title, recommender), time.replace(tzinfo=time.tzinfo or UTC)
    if time > datetime.now(UTC) + _TIME_ZONES:
        raise CineMatchError(
            f"--time takes a date that is not in the future, got {date.strip()} for {_name(movie)}; "
            "give the day when you said so"
        )
    return movie.movie_id, time.timestamp()


def _find(title: str, recommender: "Recommender") -> "Movie":
    """The film with this title, or with this id of IMDb's. The error tells another id from a title."""
    try:
        return recommender.find(title)
    except UnknownNameError:
        if title.isdecimal() and int(title) in recommender:
            label = recommender.movie(int(title)).label
            raise CineMatchError(
                f'no film here is called {title!r}; films are given by title, and the id {title} is "{label}"'
            ) from None
        raise


def _name(movie: "Movie") -> str:
    return f"{movie.label} (film {movie.movie_id})"


def _stars(stars: float) -> str:
    return f"{stars:g} star" if stars == 1 else f"{stars:g} stars"
