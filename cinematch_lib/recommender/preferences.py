"""What a person likes and allows: the input of a recommendation."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.rating_weights import LIKED
from cinematch_lib.vocabulary.checks import check_range, unique_items
from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS, LOWEST_STARS

if TYPE_CHECKING:
    from cinematch_lib.recommender.exports import Catalog

_NAMED = 10  # films that are not found, named at most
_ID_LISTS = ("liked_movie_ids", "disliked_movie_ids", "not_interested_ids", "seen")
KNOBS = ("discovery", "diversity", "recency")
FRACTIONS = (*KNOBS, "unrated_share")  # numbers from 0 to 1
_NAME_LISTS = ("preferred_genres", "services", "original_languages")
_LATEST = 1e11  # seconds since 1970: the year 5138, which milliseconds pass from 1973 on


@dataclass(frozen=True, repr=False)
class Preferences:
    """What a person likes and allows. Every field may be left out; None is the same as left out.

    Liked, disliked, rated and seen films shape the score, and none of them is recommended, nor is a film of
    `not_interested_ids`, under whichever id the data set has it. `ratings` maps the id of a film to 0.5 to 5 stars;
    from 4 on the film counts as liked. `seen` are films that were watched and about which the person has no opinion. A
    dislike counts before a rating below 4 stars, which is then ignored; the rating of a film counts before a like, and
    each of them before `seen`. `times` maps ids of such films to seconds since 1970: the older an opinion is than the
    newest one, the less it counts; one without a time counts as the newest, and times of other films count for nothing.
    Three numbers from 0 to 1, or None for the recommender's own, shape the list: `discovery` turns it from well-known
    to unknown films, `diversity` keeps films that resemble each other apart, and `recency` prefers newer films among
    near equals. `unrated_share`, 0 to 1, is the least share of a list for films that nobody has rated.

    A film passes the filters if it has at least one of `preferred_genres`, is on at least one of `services`, was made
    in one of `original_languages` ("en", "English"), and lies within the years and minutes, both ends included. A film
    without a known runtime passes no bound on it.

    Raises CineMatchError for values of another kind, for a lower bound above the upper one, and for a film that is
    both liked, or rated with 4 stars or more, and disliked.
    """

    liked_movie_ids: Sequence[int] | None = ()
    disliked_movie_ids: Sequence[int] | None = ()
    not_interested_ids: Sequence[int] | None = ()
    preferred_genres: Sequence[str] | None = ()
    services: Sequence[str] | None = ()
    runtime_min: float | None = None
    runtime_max: float | None = None
    year_min: float | None = None
    year_max: float | None = None
    ratings: Mapping[int, float] | None = field(default=None, hash=False)
    seen: Sequence[int] | None = ()
    discovery: float | None = None
    diversity: float | None = None
    recency: float | None = None
    original_languages: Sequence[str] | None = ()
    times: Mapping[int, float] | None = field(default=None, hash=False)
    unrated_share: float | None = None

    @classmethod
    def from_ratings(cls, table: Any, recommender: "Catalog | None" = None, **others: Any) -> "Preferences":
        """Preferences with one person's ratings, and `others` of the fields.

        Parameters
        ----------
        table : the path of an export of Letterboxd, IMDb or Trakt, or a DataFrame, a list of dicts or a dict of columns
            with `rating` and one of `movieId`, `imdbId`, `tmdbId` or `title` (and `year`). Ratings from 1 to 10 are
            halved; of a film that is rated several times the newest by date counts.
        recommender : where the films are looked up; it may be left out if all have a `movieId`.

        Films that are not found, and ratings that were converted, are named in a UserWarning. Raises CineMatchError for
        a table that has no such columns, for ratings on another scale, and if no film is found.

        """
        from cinematch_lib.recommender.export_files import read_export
        from cinematch_lib.recommender.exports import match, rated_films

        export = read_export(Path(table)) if isinstance(table, str | Path) else rated_films(table)
        films = export.films
        for remark in export.remarks:
            warnings.warn(f"read from the table: {remark}", stacklevel=2)
        if recommender is not None:
            found = match(export, recommender)
            if missing := [str(one) for one in found.not_found]:
                more = f"; and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
                text = f"{len(missing):,} of {len(films):,} rated films were not found: "
                warnings.warn(f"{text}{'; '.join(missing[:_NAMED])}{more}", stacklevel=2)
            if not found.stars:
                raise CineMatchError(f"none of the {len(films):,} rated films was found in this catalog")
            return cls(ratings=found.stars, **others)
        if without := next((film for film in films if film.movie is None), None):
            raise CineMatchError(
                f"{without.label} has no movieId; give the recommender too: from_ratings(table, recommender)"
            )
        return cls(ratings={film.movie: film.stars for film in films if film.movie is not None}, **others)

    def __post_init__(self) -> None:
        for name in _ID_LISTS:
            object.__setattr__(self, name, unique_ids(name, getattr(self, name)))
        for name in _NAME_LISTS:
            object.__setattr__(self, name, _unique_names(name, getattr(self, name)))
        object.__setattr__(self, "ratings", _check_ratings(self.ratings))
        object.__setattr__(self, "times", _check_times(self.times))
        for name in FRACTIONS:
            if not 0 <= (_check_bound(name, getattr(self, name)) or 0) <= 1:
                raise CineMatchError(f"{name} must be from 0 to 1, got {getattr(self, name)!r}")
        for name in ("runtime", "year"):
            low, high = (_check_bound(f"{name}_{end}", getattr(self, f"{name}_{end}")) for end in ("min", "max"))
            object.__setattr__(self, f"{name}_min", low)
            object.__setattr__(self, f"{name}_max", high)
            check_range(f"{name}_min", low, f"{name}_max", high)
        if both := set(self.liked) & set(self.disliked):
            raise CineMatchError(f"film {min(both)} is both liked and disliked; choose one")

    # The same fields after `__post_init__`, which leaves no None and no other sequence than tuples.

    @property
    def liked(self) -> tuple[int, ...]:
        """The ids of the films that are liked, or rated with 4 stars or more."""
        liked, ratings = tuple(self.liked_movie_ids or ()), self.ratings
        if not ratings:
            return liked
        others = [one for one, stars in ratings.items() if stars >= LIKED]
        return tuple(dict.fromkeys([*(one for one in liked if ratings.get(one, LIKED) >= LIKED), *others]))

    @property
    def disliked(self) -> tuple[int, ...]:
        """`disliked_movie_ids` without repeats."""
        return tuple(self.disliked_movie_ids or ())

    @property
    def watched(self) -> tuple[int, ...]:
        """The ids of the films that are neither liked nor disliked: rated with fewer than 4 stars, or only seen."""
        if not self.ratings and not self.seen:
            return ()
        known = {*self.liked, *self.disliked}
        return tuple([one for one in dict.fromkeys([*(self.ratings or ()), *(self.seen or ())]) if one not in known])

    def stars(self, movie_id: int) -> float | None:
        """The rating of a film; None where there is none."""
        return self.ratings.get(movie_id) if self.ratings else None

    @property
    def excluded(self) -> tuple[int, ...]:
        """The ids of all films named here: none of them is recommended."""
        return (*self.liked, *self.disliked, *self.watched, *(self.not_interested_ids or ()))

    def to_dict(self) -> dict[str, Any]:
        """The fields that were given, as values that JSON takes."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if not (value is None or value == () or value == {})
        }

    def __repr__(self) -> str:
        return f"Preferences({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


def unique_ids(name: str, value: Iterable[int] | None) -> tuple[int, ...]:
    """The MovieLens ids in a list without repeats. Raises CineMatchError, which names `name`, for other values."""
    ids = unique_items(name, value)
    for movie_id in ids:
        # int stands first: it is what lists mostly hold, and the abstract class takes longer to check.
        if not isinstance(movie_id, (int, Integral)) or isinstance(movie_id, bool):
            title = f"; recommender.find({movie_id!r}).movie_id is that of a title" if isinstance(movie_id, str) else ""
            raise CineMatchError(f"{name} must hold MovieLens ids, which are whole numbers, got {movie_id!r}{title}")
    return tuple([int(movie_id) for movie_id in ids])


def _check_ratings(ratings: Mapping[int, float] | None) -> dict[int, float]:
    if ratings is None:
        return {}
    if not isinstance(ratings, Mapping):
        raise CineMatchError(f"ratings must map movie ids to stars, as {{6: 4.5}}, got {ratings!r}")
    ids = unique_ids("ratings", ratings)
    for movie_id, stars in ratings.items():
        is_number = isinstance(stars, Real) and not isinstance(stars, bool)
        if not (is_number and LOWEST_STARS <= stars <= HIGHEST_STARS):
            raise CineMatchError(
                f"a rating must be from {LOWEST_STARS} to {HIGHEST_STARS:g} stars, got {stars!r} for {movie_id}"
            )
    return dict(zip(ids, map(float, ratings.values()), strict=True))


def _check_times(times: Mapping[int, float] | None) -> dict[int, float]:
    if times is None:
        return {}
    if not isinstance(times, Mapping):
        raise CineMatchError(f"times must map movie ids to seconds since 1970, as {{6: 1.7e9}}, got {times!r}")
    ids = unique_ids("times", times)
    for movie_id, time in times.items():
        if not isinstance(time, Real) or isinstance(time, bool) or not isfinite(time):
            raise CineMatchError(f"a time must be seconds since 1970, got {time!r} for {movie_id}")
        if abs(time) > _LATEST:
            raise CineMatchError(
                f"a time must be seconds since 1970, at most {_LATEST:,.0f}, got {time!r} for {movie_id}; "
                "divide milliseconds by 1,000"
            )
    return dict(zip(ids, map(float, times.values()), strict=True))


def _unique_names(name: str, value: Iterable[str] | None) -> tuple[str, ...]:
    names = unique_items(name, value)
    for one in names:
        if not isinstance(one, str):
            raise CineMatchError(f"{name} must hold names, got {one!r}")
    return names


def _check_bound(name: str, value: float | None) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, Real) or value != value):
        raise CineMatchError(f"{name} must be a number or None, got {value!r}")
    return int(value) if isinstance(value, Integral) else value if value is None else float(value)


def check_preferences(preferences: Preferences | None) -> Preferences:
    """The preferences; empty ones for None. Raises CineMatchError for any other type."""
    if preferences is None:
        return Preferences()
    if not isinstance(preferences, Preferences):
        remedy = "; write Preferences(**{...})" if isinstance(preferences, Mapping) else ""
        raise CineMatchError(f"preferences must be a Preferences, got a {type(preferences).__name__}{remedy}")
    return preferences
