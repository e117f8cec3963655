"""The films of a run as columns: light to load, fast to filter."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from numbers import Integral
from typing import Any

import numpy as np

from cinematch_lib.artifacts.films_table import MoviesMeta
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.duplicates import Duplicates
from cinematch_lib.recommender.film_part import FilmPart
from cinematch_lib.recommender.preferences import Preferences, unique_ids
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.vocabulary.genres import resolve_genre
from cinematch_lib.vocabulary.languages import language_code, resolve_language
from cinematch_lib.vocabulary.lists import any_of
from cinematch_lib.vocabulary.services import resolve_service, service_keys

_POSTERS = "https://image.tmdb.org/t/p/w500"
_MAX_ID = 2**63 - 1
_Bounds = tuple[tuple[str, float | None, float | None], ...]


@dataclass(frozen=True)
class Movie:
    """One film. `runtime` (minutes) and `year` may be unknown; an unknown `overview` is the title."""

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

    @property
    def poster_url(self) -> str | None:
        """The address of TMDb's poster, 500 pixels wide; None where there is none."""
        return f"{_POSTERS}{self.poster_path}" if self.poster_path.startswith("/") else None

    @property
    def overview_known(self) -> bool:
        """False where the title stands in for an unknown overview."""
        return self.overview != self.title

    def to_dict(self) -> dict[str, Any]:
        """All fields, `overview_known` and `poster_url`, as values that JSON takes."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return values | {"overview_known": self.overview_known, "poster_url": self.poster_url}

    def __repr__(self) -> str:
        return f"Movie({self.movie_id}: {self.label})"


class FilmTable:
    """All films of a run by row, ordered by movieId.

    Attributes
    ----------
    ids : int64 (films,), MovieLens ids; read-only.
    columns : all that is known of them.
    titles, years, quality : of these columns.
    votes : int64 (films,), the number of TMDb's votes; 0 where unknown.
    genres, services : the names that occur, in alphabetical order.
    original_languages : the codes that occur, in alphabetical order.

    `movie(row)` is the film in a row; `genre(name)` and `service(name)` resolve any usual spelling of a name.

    """

    def __init__(self, meta: MoviesMeta) -> None:
        """From the films of a run."""
        self.columns = columns = meta.columns
        self.services_source = meta.services_source
        self.ids = columns.movie_ids
        self.ids.flags.writeable = False
        self.titles, self.quality, self.votes, self.years = (
            columns.titles,
            columns.quality,
            columns.vote_counts,
            columns.years,
        )
        self._numbers = {"year": columns.years, "runtime": columns.runtimes}
        self._has_genre, self._has_service = columns.genres.multi_hot(), columns.services.multi_hot()
        self._languages = columns.original_languages.mapped(language_code)  # runs of earlier versions hold names too
        self.original_languages = tuple(filter(None, self._languages.values))
        self.genres = tuple(sorted(self._has_genre))
        self.services = tuple(sorted(self._has_service))
        self._service_keys = service_keys(self.services)
        self._make_caches()

    def _make_caches(self) -> None:
        self._find = lru_cache(maxsize=1 << 14, typed=True)(self._search_id)  # typed: True is not 1
        self.movie = lru_cache(maxsize=8192)(self._movie)
        self.genre, self.service = lru_cache(maxsize=1024)(self._genre), lru_cache(maxsize=1024)(self._service)
        self._cached_selection = lru_cache(maxsize=16)(self._select)
        self._part = lru_cache(maxsize=8)(self._make_part)

    def __getstate__(self) -> dict[str, Any]:
        caches = ("_find", "movie", "genre", "service", "_cached_selection", "_part")
        return {name: value for name, value in vars(self).items() if name not in caches}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_caches()

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, movie_id: object) -> bool:
        return self._find(movie_id) is not None

    def year(self, row: int) -> int | None:
        """The year of release of a film; None where unknown."""
        return _whole(self.years[row])

    @cached_property
    def duplicates(self) -> Duplicates:
        """The films that are here more than once."""
        return Duplicates(self.columns.tmdb_ids, self.years)

    @cached_property
    def popularity(self) -> np.ndarray:
        """Popularity from votes, or from quality where no film has votes: float32 (films,), 0 to 1."""
        values = np.log1p(self.votes) if self.votes.any() else self.quality - self.quality.min(initial=0.0)
        popularity: np.ndarray = (values / (values.max(initial=0.0) or 1.0)).astype(np.float32)
        return popularity

    @cached_property
    def year_range(self) -> tuple[int, int] | None:
        """The first and the last year of release; None where no film's is known."""
        return self._range("year")

    @cached_property
    def runtime_range(self) -> tuple[int, int] | None:
        """The shortest and the longest known runtime in minutes; None where none is known."""
        return self._range("runtime")

    def _range(self, name: str) -> tuple[int, int] | None:
        known = self._known(name)
        return (int(known.min()), int(known.max())) if len(known) else None

    @cached_property
    def median_runtime(self) -> int | None:
        """The median of the known runtimes in minutes; None where none is known."""
        known = self._known("runtime")
        return int(np.median(known)) if len(known) else None

    def _known(self, name: str) -> np.ndarray:
        values: np.ndarray = self._numbers[name]
        known: np.ndarray = values[~np.isnan(values)]
        return known

    def row(self, movie_id: int) -> int:
        """The row of a film. Raises UnknownNameError, and CineMatchError for what is no id."""
        row = self._find(movie_id)
        if row is not None:
            return row
        if not isinstance(movie_id, Integral) or isinstance(movie_id, bool):
            raise CineMatchError(f"movie_id must be a whole number, got {movie_id!r}")
        raise UnknownNameError(f"no film here has the id {movie_id}; search for its title to find its id")

    def _search_id(self, movie_id: object) -> int | None:
        if not isinstance(movie_id, Integral) or isinstance(movie_id, bool) or not 0 <= int(movie_id) <= _MAX_ID:
            return None
        row = int(self.ids.searchsorted(int(movie_id)))
        return row if row < len(self.ids) and self.ids[row] == movie_id else None

    def rows(self, movie_ids: Sequence[int]) -> list[int]:
        """The rows of several films, in the order given. Raises UnknownNameError."""
        rows = [self._find(movie_id) for movie_id in movie_ids]
        return [self.row(movie_id) if row is None else row for movie_id, row in zip(movie_ids, rows, strict=True)]

    def _movie(self, row: int) -> Movie:
        columns = self.columns
        return Movie(
            movie_id=int(self.ids[row]),
            title=columns.titles[row],
            year=self.year(row),
            runtime=_whole(columns.runtimes[row]),
            genres=_split(columns.genres.text(row)),
            services=_split(columns.services.text(row)),
            overview=columns.overviews[row],
            director=_split(columns.directors[row]),
            cast=_split(columns.casts[row]),
            tmdb_id=int(columns.tmdb_ids[row]) or None,
            imdb_id=columns.imdb_ids[row],
            poster_path=columns.poster_paths[row],
            original_language=self._languages.text(row),
        )

    def _genre(self, name: str) -> str:
        return resolve_genre(name, self._has_genre)

    def _service(self, name: str) -> str:
        if not self.services:
            raise UnknownNameError(
                f"no film here is known to be on {name!r}: this run was made with services={self.services_source} "
                "and knows of no service; run the pipeline with -p services demo, file or tmdb"
            )
        return resolve_service(name, self._service_keys)

    def language(self, name: str) -> str:
        """The code of an original language that is given by a code or its English name. Raises UnknownNameError."""
        return resolve_language(name, self._commonest_languages)

    @cached_property
    def _commonest_languages(self) -> list[str]:
        codes, numbers = self._languages
        commonest = np.argsort(-np.bincount(numbers, minlength=len(codes)), kind="stable")
        return [code for code in codes.decoded(commonest) if code]

    def preferred_genres(self, preferences: Preferences) -> tuple[str, ...]:
        """The canonical names of the preferred genres in the order given, without repeats. Raises UnknownNameError."""
        return tuple(dict.fromkeys(self.genre(name) for name in preferences.preferred_genres or ()))

    def genre_matrix(self, rows: np.ndarray, genres: Sequence[str]) -> np.ndarray:
        """Which of the genres, given by canonical names, each film has: bool (rows, genres)."""
        return np.array([self._has_genre[genre].take(rows) for genre in genres]).T

    def filter(self, preferences: Preferences) -> Selection:
        """The films that pass the filters of the preferences. Raises UnknownNameError.

        The latest selections are cached, since a person likes one film after another and keeps the filters.
        """
        services = dict.fromkeys(self.service(name) for name in preferences.services or ())
        languages = dict.fromkeys(self.language(name) for name in preferences.original_languages or ())
        bounds = tuple(
            (name, getattr(preferences, f"{name}_min"), getattr(preferences, f"{name}_max")) for name in self._numbers
        )
        return self._cached_selection(self.preferred_genres(preferences), tuple(services), tuple(languages), bounds)

    def _select(
        self, genres: tuple[str, ...], services: tuple[str, ...], languages: tuple[str, ...], bounds: _Bounds
    ) -> Selection:
        return self._part(services, languages).select(genres, bounds)

    def _make_part(self, services: tuple[str, ...], languages: tuple[str, ...]) -> FilmPart:
        """The films on one of the services, if there are any, and in one of the languages, if there are any."""
        if not services and not languages:
            return FilmPart(None, self._has_genre, self._numbers)
        passes = any_of(self._has_service, services, len(self)) if services else np.ones(len(self), dtype=bool)
        if languages:
            passes &= np.isin(self._languages.codes, [self._languages.values.index(code) for code in languages])
        return FilmPart(passes.nonzero()[0], self._has_genre, self._numbers)

    def allowed_mask(
        self, selection: Selection, preferences: Preferences, candidates: Collection[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """Which selected films may be recommended: bool (selected films,). Raises UnknownNameError.

        False for the films that the preferences name and, where `candidates` are given, for all films whose ids are
        not among these; and for `duplicates` of films that are named or allowed. Candidates that are no films here are
        ignored.
        """
        rows = selection.rows
        allowed = np.ones(len(rows), dtype=bool)
        named = np.array(self.rows(preferences.excluded) if len(rows) else [], dtype=np.int64)
        allowed[selection.positions(named)] = False
        if candidates is not None:
            ids = candidates
            if not isinstance(ids, np.ndarray) or ids.dtype.kind not in "iu":
                ids = np.array(unique_ids("among", candidates), dtype=np.int64)
            allowed &= np.isin(self.ids[rows], ids)
        held = selection.positions(self.duplicates.rows)
        repeated = self.duplicates.excluded(named, rows[held[allowed[held]]])
        allowed[selection.positions(repeated)] = False
        return allowed


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|")) if joined else ()


def _whole(value: np.floating) -> int | None:
    return None if np.isnan(value) else int(value)
