"""One person's ratings: the exports of Letterboxd, IMDb and Trakt, and plain lists of ids or titles with stars."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cinematch_lib.errors import CineMatchError, LeftOutError, UnknownNameError
from cinematch_lib.recommender.rating_dates import in_time
from cinematch_lib.recommender.stars import on_five_stars
from cinematch_lib.vocabulary.spelling import fold_closed
from cinematch_lib.vocabulary.titles import split_year, without_controls
from cinematch_lib.vocabulary.wording import counted

# The names of columns, folded, by what they hold.
_COLUMNS = {
    "movie": ("movieid",),
    "imdb": ("const", "imdbid", "imdb", "tconst"),
    "tmdb": ("tmdbid", "tmdb"),
    "title": ("name", "title", "movie", "film"),
    "year": ("year", "releaseyear"),
    "stars": ("yourrating", "rating", "stars", "myrating", "score"),
    "date": ("daterated", "ratedat", "watcheddate", "date", "timestamp"),
    "kind": ("type", "titletype"),
}
_SEPARATORS = (",", ";", "\t", "|")
_NO_HEADER = re.compile(r"\W*|sep=.?")  # an empty line, or the one that tells Excel the separator
_KEYS = ("movie", "imdb", "tmdb", "title")
_NO_FILMS = ("show", "season", "episode")  # their ids of TMDb's are others than those of films
_OTHER_TITLES = re.compile("series|episode|game|podcast|musicvideo")  # IMDb's types, folded: one id space with films
_OF_TEN = ("yourrating", "ratedat", "traktid")  # columns of exports whose ratings go from 1 to 10: IMDb's and Trakt's


@dataclass(frozen=True)
class RatedFilm:
    """A row of an export: any of a MovieLens id, IMDb's digits, a TMDb id, a title and a year, and 0.5 to 5 stars."""

    line: int
    stars: float
    movie: int | None = None
    imdb: str = ""
    tmdb: int | None = None
    title: str = ""
    year: int | None = None
    other_type: str = ""  # what its file says it is, if that is no film, as "TV Series"

    @property
    def label(self) -> str:
        """The film as its file names it."""
        of_title = f"{self.title} ({self.year})" if self.title and self.year else self.title
        ids = (f"tt{self.imdb}" if self.imdb else "", f"tmdb {self.tmdb}" if self.tmdb else "", str(self.movie or ""))
        return of_title or next((one for one in ids if one), f"line {self.line}")


@dataclass(frozen=True)
class Export:
    """The rated films of an export, and remarks on what in it was read in another than the plain way."""

    films: Sequence[RatedFilm]
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class NotFound:
    """A rated film that is not in the catalog, with the names of similar ones, or why the catalog left it out."""

    film: RatedFilm
    suggestions: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.film.label} ({self.reason})"
        return (
            f"{self.film.label} (did you mean {', '.join(self.suggestions)}?)" if self.suggestions else self.film.label
        )


@dataclass(frozen=True)
class MatchedRatings:
    """Ratings by MovieLens id, in stars, the films that were not found, and the remarks of the export."""

    stars: Mapping[int, float]
    not_found: Sequence[NotFound]
    remarks: Sequence[str] = ()


def parse_export(text: str, name: str = "the file") -> Export:
    """The rated films of an export, a CSV or Trakt's JSON; rows without stars are passed over.

    Ratings may be written as ``8/10``, ``80%``, ``3.5 stars`` or ``★★★½``. IMDb's and Trakt's ratings from 1 to 10, and
    others that go beyond 5, are halved. Of a film that is rated several times the newest counts. Raises CineMatchError,
    which names `name`, for a text that is no export, and for ratings on no scale.
    """
    text = text.removeprefix("\ufeff")
    return _rated_films(_json_rows(text, name) if text.lstrip().startswith(("[", "{")) else _csv_rows(text, name), name)


def rated_films(table: Any) -> Export:
    """The rated films of a DataFrame, of a list of dicts, or of a dict of columns, named as an export names them.

    Raises CineMatchError as `parse_export` does.
    """
    if hasattr(table, "to_dict"):
        rows = table.to_dict("records")
    elif isinstance(table, Mapping):
        rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    else:
        rows = list(table)
    if not all(isinstance(row, Mapping) for row in rows):
        raise CineMatchError(f"ratings must be a table with the columns movieId and rating, got {table!r:.200}")
    return _rated_films(_table_rows(rows, "the table"), "the table")


class Catalog(Protocol):
    """The films among which those of an export are looked up; a `Recommender` is one."""

    def id_of(self, *, movie: int | None = None, imdb: str = "", tmdb: int | None = None) -> int | None:
        """The MovieLens id of the film with any of these ids; None if there is none. Raises LeftOutError."""

    def id_titled(self, title: str, year: int | None) -> int | None:
        """The MovieLens id of the film of exactly this title and year; None if there is none."""

    def find(self, title: str) -> Any:
        """The film of this title, with its `movie_id`. Raises UnknownNameError."""


def match(export: Export, catalog: Catalog) -> MatchedRatings:
    """The MovieLens ids of rated films: by id, else IMDb's, else TMDb's, else by title and year.

    A year behind a comma or a dash, or in square brackets, is that of a title that the catalog does not know as it is.
    What its file calls a series, a game or the like is found by id alone, as films have the titles of series.
    """
    stars: dict[int, float] = {}
    not_found, split = [], []
    for film in export.films:
        movie, missing = None, NotFound(film, reason=film.other_type)
        try:
            movie = catalog.id_of(movie=film.movie, imdb=film.imdb, tmdb=film.tmdb)
        except LeftOutError as error:
            missing = NotFound(film, reason=error.reason)
        if movie is None and not missing.reason and film.title:
            movie = catalog.id_titled(film.title, film.year)
            if movie is None and (parted := _with_year_of_title(film)) != film:
                split.append(film.title)
                film, movie = parted, catalog.id_titled(parted.title, parted.year)
                missing = NotFound(film)
            try:
                movie = int(catalog.find(film.label).movie_id) if movie is None else movie
            except LeftOutError as error:
                missing = NotFound(film, reason=error.reason)
            except UnknownNameError as error:
                missing = NotFound(film, error.suggestions)
        if movie is None:
            not_found.append(missing)
        else:
            stars[movie] = film.stars
    apart = f"{counted(len(split), 'title')} with a year behind, as {split[0]!r}" if split else ""
    return MatchedRatings(stars, not_found, [*export.remarks, *([apart] if apart else [])])


def _with_year_of_title(film: RatedFilm) -> RatedFilm:
    title, year = split_year(film.title)
    return film if year is None or film.year not in (None, year) else replace(film, title=title, year=year)


class _Cells:
    """Finds what the columns of a table hold by their names. Raises CineMatchError where films or stars are missing."""

    def __init__(self, header: Sequence[str], name: str) -> None:
        folded = [fold_closed(one) for one in header]
        found = {
            kind: next((folded.index(one) for one in names if one in folded), None) for kind, names in _COLUMNS.items()
        }
        if found["stars"] is None or all(found[kind] is None for kind in _KEYS):
            raise CineMatchError(
                f"{name} has no columns that say which film and how many stars; it needs a column Rating, and one of "
                f"Name, Const, imdbId, tmdbId or movieId; its first line names {', '.join(header) or 'nothing'}"
            )
        self._width, self._name = len(header), name
        self._at = {kind: at for kind, at in found.items() if at is not None}
        self._scale = {"of_ten": "yes"} if set(folded) & set(_OF_TEN) else {}

    def of(self, row: Sequence[str]) -> dict[str, str]:
        """The cells of a row by what they hold; empty for an empty row."""
        cells = {kind: row[at].strip() for kind, at in self._at.items() if at < len(row)}
        return cells | self._scale if any(cells.values()) else {}

    def check_width(self, row: Sequence[str], line: int) -> None:
        """Raise CineMatchError for a row with more values than columns, whose values may stand in others' columns."""
        if any(one.strip() for one in row[self._width :]):
            raise CineMatchError(
                f"{self._name} has {len(row)} values on line {line}, and {self._width} columns; put quotes around "
                "values that hold the separator"
            )


def _text(value: object) -> str:
    """A cell of a table as text; "" where it is missing."""
    return "" if value is None or value != value else str(value)


def _csv_rows(text: str, name: str) -> list[tuple[int, dict[str, str]]]:
    """The rows by what their columns hold, with their lines; lines before the header that hold no names are skipped."""
    first = next((line for line in text.splitlines() if not _NO_HEADER.fullmatch(line)), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, dict[str, str]]] = []
    cells, line = None, 1
    try:
        for row in reader:
            if cells is None and not _NO_HEADER.fullmatch(separator.join(row)):
                cells = _Cells(row, name)
            elif cells is not None and (found := cells.of(row)):
                cells.check_width(row, line)
                rows.append((line, found))
            line = reader.line_num + 1
    except csv.Error as error:
        raise CineMatchError(f"{name} is no CSV: line {reader.line_num}: {error}") from None
    if cells is None:
        _Cells([], name)
    return rows


def _json_rows(text: str, name: str) -> list[tuple[int, dict[str, str]]]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CineMatchError(f"{name} is not JSON: {error}") from None
    if isinstance(entries, dict) and len(lists := [one for one in entries.values() if isinstance(one, list)]) == 1:
        entries = lists[0]
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise CineMatchError(f"{name} must hold a list of ratings, as Trakt exports them")
    if entries and not any(isinstance(value, dict) for one in entries for value in one.values()):
        return _table_rows(entries, name)
    rows = []
    for number, entry in enumerate(entries, start=1):
        film = entry.get("movie")
        if isinstance(film, dict):
            ids = film.get("ids")
            ids = ids if isinstance(ids, dict) else {}
            row = {"imdb": ids.get("imdb"), "tmdb": ids.get("tmdb"), "title": film.get("title")}
            row |= {"year": film.get("year"), "stars": entry.get("rating"), "date": entry.get("rated_at")}
            rows.append((number, {"of_ten": "yes"} | {kind: _text(value) for kind, value in row.items()}))
    return rows


def _table_rows(rows: Sequence[Mapping[str, Any]], name: str) -> list[tuple[int, dict[str, str]]]:
    columns = list(dict.fromkeys(str(column) for row in rows for column in row))
    cells = _Cells(columns, name)
    return [(at, cells.of([_text(row.get(one)) for one in columns])) for at, row in enumerate(rows, start=1)]


def _rated_films(rows: Sequence[tuple[int, Mapping[str, str]]], name: str) -> Export:
    """The films of the rows that have stars, the newest rating of each. Raises CineMatchError."""
    series = [at for at, (_, row) in enumerate(rows) if row.get("kind", "").lower() in _NO_FILMS]
    rows = [row for at, row in enumerate(rows) if at not in set(series)]
    controls = sum(without_controls(row.get("title", "")) != row.get("title", "") for _, row in rows)
    texts, of_ten = [row.get("stars", "") for _, row in rows], bool(rows) and "of_ten" in rows[0][1]
    stars, remarks = on_five_stars(texts, [line for line, _ in rows], name, of_ten=of_ten)
    times = in_time([row.get("date", "") for _, row in rows])
    ordered = sorted((at for at in range(len(rows)) if stars[at] is not None), key=lambda at: times[at])
    films = [_film(rows[at][0], rows[at][1], stars[at] or 0.0) for at in ordered]
    newest = {_key(film): film for film in films}
    if series:
        remarks.append(f"{counted(len(series), 'row')} about series, left out")
    if controls:
        remarks.append(f"{counted(controls, 'title')} with control characters, which were removed")
    return Export(sorted(newest.values(), key=lambda film: film.line), remarks)


def _film(line: int, row: Mapping[str, str], stars: float) -> RatedFilm:
    imdb = re.search(r"[0-9]{1,8}", row.get("imdb", ""))
    return RatedFilm(
        line,
        stars,
        _whole(row.get("movie", "")),
        imdb.group().zfill(7) if imdb else "",
        _whole(row.get("tmdb", "")),
        without_controls(row.get("title", "")),
        _whole(row.get("year", "")),
        kind if _OTHER_TITLES.search(fold_closed(kind := row.get("kind", ""))) else "",
    )


def _key(film: RatedFilm) -> object:
    """The first of the film's ids, which `match` looks it up by, or else its label."""
    return next((one for one in enumerate((film.movie, film.imdb, film.tmdb)) if one[1]), film.label)


def _whole(text: str) -> int | None:
    digits = re.fullmatch(r"([0-9]{1,15})(?:\.0*)?", text)
    return int(digits[1]) if digits else None
