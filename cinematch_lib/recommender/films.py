"""The films of a run, held column by column: light to load, quick to filter."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from numbers import Integral, Real
from types import NoneType
from typing import Any

import numpy as np

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.vocabulary.genres import canonical_genre
from cinematch_lib.vocabulary.lists import multi_hot
from cinematch_lib.vocabulary.services import resolve_service, service_keys
from cinematch_lib.vocabulary.spelling import DEMO_SUFFIX


@dataclass(frozen=True)
class Movie:
    """One film. `runtime` in minutes and `year` may be unknown; an unknown overview is the title."""

    movie_id: int
    title: str
    year: int | None
    runtime: int | None
    genres: tuple[str, ...]
    services: tuple[str, ...]
    overview: str
    director: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    tmdb_id: int | None = None
    imdb_id: str = ""
    poster_path: str = ""
    original_language: str = ""

    @cached_property
    def label(self) -> str:
        """Title and year, as people name a film: ``Heat (1995)``."""
        return f"{self.title} ({self.year})" if self.year else self.title


@dataclass(frozen=True)
class Preferences:
    """What a person likes and allows. Every field may be left out; None is the same as left out.

    Liked and disliked films shape the score. Films named in any of the three lists of ids are never
    recommended. A film fits with one of `preferred_genres` or more, on one of `services` or more, within the
    years and minutes (both ends included); one whose runtime nobody knows does not fit a bound on it.
    """

    liked_movie_ids: Sequence[int] | None = ()
    disliked_movie_ids: Sequence[int] | None = ()
    not_interested_ids: Sequence[int] | None = ()
    preferred_genres: Sequence[str] | None = ()
    services: Sequence[str] | None = ()
    runtime_min: int | None = None
    runtime_max: int | None = None
    year_min: int | None = None
    year_max: int | None = None

    def __post_init__(self) -> None:
        for name in (
            "liked_movie_ids",
            "disliked_movie_ids",
            "not_interested_ids",
            "preferred_genres",
            "services",
        ):
            of_films = name.endswith("_ids")
            object.__setattr__(self, name, _each_once(name, getattr(self, name), of_films=of_films))
        for name in ("runtime", "year"):
            low, high = (_bound(f"{name}_{end}", getattr(self, f"{name}_{end}")) for end in ("min", "max"))
            if low is not None and high is not None and low > high:
                raise CineMatchError(f"{name}_min must not be above {name}_max, got {low} and {high}")
        if both := set(self.liked_movie_ids) & set(self.disliked_movie_ids):
            raise CineMatchError(f"film {min(both)} is both liked and disliked; choose one")


def _each_once(name: str, value: Iterable | None, *, of_films: bool) -> tuple:
    """The list in its order, each item once."""
    if isinstance(value, str):
        raise CineMatchError(f"{name} must be a list, got the text {value!r}; put it in a list")
    if not isinstance(value, (list, tuple, NoneType, Iterable)):
        raise CineMatchError(f"{name} must be a list, got {value!r}; put it in a list")
    # What lists mostly hold stands first, for it is looked for in this order.
    kind = (int, Integral) if of_films else str
    items = dict.fromkeys(() if value is None else value)
    for item in items:
        if not isinstance(item, kind) or isinstance(item, bool):
            what = "MovieLens ids, which are whole numbers" if of_films else "names"
            raise CineMatchError(f"{name} must hold {what}, got {item!r}")
    return tuple([int(item) for item in items]) if of_films else tuple(items)


def _bound(name: str, value: float | None) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, Real) or value != value):
        raise CineMatchError(f"{name} must be a number or None, got {value!r}")
    return value


class Films:
    """All films of a run, by row. Rows are ordered by movieId.

    `ids` is int64 (films,); `general` float32 (films,), how well liked each is in general; `genres` and
    `services` the names that occur, in alphabetical order; `movie(row)` is the film in a row; `genre(name)` and
    `service(name)` are what somebody's spelling of one means.
    """

    def __init__(self, meta: Mapping[str, Any]) -> None:
        """From the value of a run's ``movies_meta.json``."""
        self._columns = meta["columns"]
        self.services_source: str = meta["services_source"]
        self.ids = np.asarray(self._columns["movie_id"], dtype=np.int64)
        self.ids.flags.writeable = False
        self.general = np.asarray(self._columns["general"], dtype=np.float32)
        self._number = {name: _numbers(self._columns[name]) for name in ("year", "runtime")}
        self._has_genre = multi_hot(self._columns["genres"])
        self._has_service = multi_hot(self._columns["services"])
        self.genres = tuple(sorted(self._has_genre))
        self.services = tuple(sorted(self._has_service))
        self._service_keys = service_keys(self.services)
        self.movie = lru_cache(maxsize=4096)(self._movie)
        self.genre, self.service = lru_cache(maxsize=1024)(self._genre), lru_cache(maxsize=1024)(self._service)
        self._selected = lru_cache(maxsize=16)(self._select)
        self._row_of_id = {movie_id: row for row, movie_id in enumerate(self._columns["movie_id"])}

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, movie_id: object) -> bool:
        return movie_id in self._row_of_id

    @cached_property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of release; None where no film's is known."""
        known = self._known("year")
        return (int(known.min()), int(known.max())) if len(known) else None

    @cached_property
    def median_runtime(self) -> int | None:
        """The median running time in minutes, of the films whose own is known; None where none is."""
        known = self._known("runtime")
        return int(np.median(known)) if len(known) else None

    def _known(self, name: str) -> np.ndarray:
        values = self._number[name]
        return values[~np.isnan(values)]

    def row(self, movie_id: int) -> int:
        """The row of a film. Raises UnknownNameError."""
        row = self._row_of_id.get(movie_id)
        if row is None:
            raise UnknownNameError(
                f"no film here has the id {movie_id}; search for its title to find its id", self._nearest(movie_id)
            )
        return row

    def _nearest(self, movie_id: int) -> list[str]:
        """The ids next to one that no film has, with their films: it may be mistyped, or be of a film left out."""
        if not isinstance(movie_id, Integral):
            return []
        at = bisect_left(self._columns["movie_id"], movie_id)
        return [f"{self.ids[row]}: {self.movie(row).label}" for row in range(max(at - 1, 0), min(at + 1, len(self)))]

    def rows(self, movie_ids: Sequence[int]) -> list[int]:
        """The rows of several films, in the order given. Raises UnknownNameError."""
        return [self.row(movie_id) for movie_id in movie_ids]

    def labels(self) -> list[str]:
        """Title and year of every film, by row."""
        titles, years = self._columns["title"], self._columns["year"]
        return [f"{title} ({year})" if year else title for title, year in zip(titles, years, strict=True)]

    def _movie(self, row: int) -> Movie:
        of = self._columns
        return Movie(
            movie_id=of["movie_id"][row],
            title=of["title"][row],
            year=of["year"][row],
            runtime=of["runtime"][row],
            genres=_split(of["genres"][row]),
            services=_split(of["services"][row]),
            overview=of["overview"][row],
            director=_split(of["director"][row]),
            cast=_split(of["cast_top"][row]),
            tmdb_id=of["tmdb_id"][row],
            imdb_id=of["imdb_id"][row],
            poster_path=of["poster_path"][row],
            original_language=of["original_language"][row],
        )

    def _genre(self, name: str) -> str:
        """The genre that `name` means, however it is spelled. Raises UnknownNameError."""
        genre = canonical_genre(name)
        if genre not in self._has_genre:
            raise UnknownNameError(
                f"no film here has the genre {name!r}; there are {', '.join(self.genres)}",
                close_names(name, self.genres),
            )
        return genre

    def _service(self, name: str) -> str:
        """The service that `name` means, case, spaces and the demo mark aside. Raises UnknownNameError."""
        service = resolve_service(name, self._service_keys)
        if service is None:
            if not self.services:
                raise UnknownNameError(
                    f"no film here is known to be on {name!r}: this run was made with services="
                    f"{self.services_source} and knows of no service; "
                    "run the pipeline with -p services demo, file or tmdb"
                )
            close = close_names(name, [one.removesuffix(DEMO_SUFFIX) for one in self.services])
            raise UnknownNameError(
                f"no film here is on {name!r}; the services are {', '.join(self.services)}",
                [self.service(one) for one in close],
            )
        return service

    def preferred(self, preferences: Preferences) -> tuple[str, ...]:
        """The preferred genres by their names here, each once, in the order given. Raises UnknownNameError."""
        return tuple(dict.fromkeys(self.genre(name) for name in preferences.preferred_genres))

    def have(self, rows: np.ndarray, genres: Sequence[str]) -> np.ndarray:
        """Which of some genres, called by their names here, the films have: bool (rows, genres)."""
        return np.array([self._has_genre[genre][rows] for genre in genres]).T

    def selection(self, preferences: Preferences) -> "Selection":
        """All films that fit the filters of the preferences. Raises UnknownNameError.

        The last ones are remembered: people say of one film after another that they like it, and keep their filters.
        """
        services = dict.fromkeys(self.service(name) for name in preferences.services)
        bounds = tuple(
            (name, getattr(preferences, f"{name}_min"), getattr(preferences, f"{name}_max")) for name in self._number
        )
        return self._selected(self.preferred(preferences), tuple(services), bounds)

    def _select(
        self,
        genres: tuple[str, ...],
        services: tuple[str, ...],
        bounds: tuple[tuple[str, float | None, float | None], ...],
    ) -> "Selection":
        fits = np.ones(len(self), dtype=bool)
        for names, has in ((genres, self._has_genre), (services, self._has_service)):
            if names:
                fits &= np.logical_or.reduce([has[name] for name in names])
        # A comparison with NaN, the unknown, is false: what is unknown fits no bound.
        for name, low, high in bounds:
            if low is not None:
                fits &= self._number[name] >= low
            if high is not None:
                fits &= self._number[name] <= high
        rows = np.flatnonzero(fits)
        share = np.zeros(len(rows), dtype=np.float32)
        for genre in genres:
            share += self._has_genre[genre][rows]
        return Selection(rows, share / max(len(genres), 1))

    def allowed(
        self, selection: "Selection", preferences: Preferences, among: Collection[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """Which films of the selection the preferences do not name: bool (films of the selection,).

        With `among`, only of films with these ids; ids that no film here has are passed over. Raises UnknownNameError.
        """
        rows = selection.rows
        fits = np.ones(len(rows), dtype=bool)
        named = preferences.liked_movie_ids + preferences.disliked_movie_ids + preferences.not_interested_ids
        if named:
            of_named = np.array(self.rows(named))
            found = np.searchsorted(rows, of_named)
            there = found < len(rows)
            there[there] = rows[found[there]] == of_named[there]
            fits[found[there]] = False
        if among is not None:
            ids = among if isinstance(among, np.ndarray) else np.fromiter(among, dtype=np.int64)
            fits &= np.isin(self.ids[rows], ids)
        return fits


@dataclass(frozen=True, eq=False)
class Selection:
    """The films that fit some filters, whoever asks: their `rows`, ascending, int64 (n,).

    `genre_share` is which part of the preferred genres each has, float32 (n,), 0 to 1.
    """

    rows: np.ndarray
    genre_share: np.ndarray
    _taken: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.rows.flags.writeable = self.genre_share.flags.writeable = False

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Of values of all films, (films,), those of these films, side by side; not to be written to.

        They are remembered as long as the selection, so this is for what is the same whoever asks.
        """
        if id(values) not in self._taken:
            taken = values[self.rows]
            taken.flags.writeable = False
            self._taken[id(values)] = values, taken  # both: no other array can have the id meanwhile
        return self._taken[id(values)][1]


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|")) if joined else ()


def _numbers(values: Sequence[int | None]) -> np.ndarray:
    return np.asarray([np.nan if value is None else value for value in values], dtype=np.float32)
