"""One person's ratings: the exports of Letterboxd, IMDb and Trakt, and plain lists of ids or titles with stars."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cinematch_lib.data.sources import SEPARATORS, Source
from cinematch_lib.data.zips import open_zip
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.vocabulary.spelling import fold_closed

LOWEST_STARS, HIGHEST_STARS = 0.5, 5.0
# The names of columns, folded, by what they hold.
_COLUMNS = {
    "movie": ("movieid",),
    "imdb": ("const", "imdbid", "imdb", "tconst"),
    "tmdb": ("tmdbid", "tmdb"),
    "title": ("name", "title", "movie", "film"),
    "year": ("year", "releaseyear"),
    "stars": ("yourrating", "rating", "stars", "myrating", "score"),
    "date": ("daterated", "ratedat", "date", "timestamp"),
}
_KEYS = ("movie", "imdb", "tmdb", "title")
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

    @property
    def label(self) -> str:
        """The film as its file names it."""
        of_title = f"{self.title} ({self.year})" if self.title and self.year else self.title
        ids = (f"tt{self.imdb}" if self.imdb else "", f"tmdb {self.tmdb}" if self.tmdb else "", str(self.movie or ""))
        return of_title or next((one for one in ids if one), f"line {self.line}")


@dataclass(frozen=True)
class MatchedRatings:
    """Ratings by MovieLens id, in stars, and a line for each film that was not found, with similar ones."""

    stars: Mapping[int, float]
    not_found: Sequence[str]


def read_export(path: Path) -> list[RatedFilm]:
    """The rated films of a CSV file, of a JSON file of Trakt's, or of a zip of Letterboxd's; rows without stars aside.

    IMDb's and Trakt's ratings from 1 to 10, and others that go beyond 5, are halved. Of a film that is rated several
    times the newest counts. Raises CineMatchError for a file that is none of these, and for ratings on no scale.
    """
    try:
        rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path)
    except FileNotFoundError:
        raise CineMatchError(
            f"{path} was not found; give a file of ratings, as Letterboxd or IMDb exports it"
        ) from None
    except UnicodeDecodeError:
        raise CineMatchError(f"{path} is not UTF-8; save it again as UTF-8") from None
    stars = _stars(rows, path)
    in_time = sorted(
        (at for at in range(len(rows)) if stars[at] is not None), key=lambda at: rows[at][1].get("date", "")
    )
    films = [_film(rows[at][0], rows[at][1], stars[at] or 0.0) for at in in_time]
    newest = {film.label: film for film in films}
    return sorted(newest.values(), key=lambda film: film.line)


class Catalog(Protocol):
    """The films among which those of an export are looked up; a `Recommender` is one."""

    def __contains__(self, movie_id: object) -> bool:
        """Whether a film has this MovieLens id."""

    def id_of(self, *, imdb: str = "", tmdb: int | None = None) -> int | None:
        """The MovieLens id of the film with this id of IMDb's or TMDb's; None if there is none."""

    def find(self, title: str) -> Any:
        """The film of this title, with its `movie_id`. Raises UnknownNameError."""


def match(films: Iterable[RatedFilm], catalog: Catalog) -> MatchedRatings:
    """The MovieLens ids of rated films: by id, else IMDb's, else TMDb's, else by title and year."""
    stars: dict[int, float] = {}
    not_found = []
    for film in films:
        movie = film.movie if film.movie in catalog else catalog.id_of(imdb=film.imdb, tmdb=film.tmdb)
        problem = ""
        if movie is None and film.title:
            try:
                movie = int(catalog.find(film.label).movie_id)
            except UnknownNameError as error:
                problem = f" (did you mean {', '.join(error.suggestions)}?)" if error.suggestions else ""
        if movie is None:
            not_found.append(f"{film.label}{problem}")
        else:
            stars[movie] = film.stars
    return MatchedRatings(stars, not_found)


def is_export(source: Source) -> bool:
    """Whether a file begins as an export of Letterboxd's or IMDb's."""
    if source.is_parquet:
        return False
    try:
        names = {fold_closed(name) for name in next(source.lines(), "").split(",")}
    except UnicodeDecodeError:
        return False
    return "letterboxduri" in names or names >= {"const", "yourrating"}


def _csv_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows by what their columns hold, with their lines."""
    if path.suffix.lower() == ".zip":
        with open_zip(path, str(path)) as archive:
            name = next((one for one in archive.namelist() if one.rpartition("/")[2] == "ratings.csv"), None)
            text = archive.read(name).decode("utf-8-sig") if name else ""
        if not name:
            raise CineMatchError(f"{path} holds no ratings.csv; unpack it, and give the file of ratings")
    else:
        text = Source(path).content().decode("utf-8-sig")
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = [fold_closed(name) for name in next(reader, [])]
    named = {
        kind: next((header.index(one) for one in names if one in header), None) for kind, names in _COLUMNS.items()
    }
    if named["stars"] is None or all(named[kind] is None for kind in _KEYS):
        raise CineMatchError(
            f"{path} has no columns that say which film and how many stars; it needs a column Rating, and one of Name, "
            f"Const, imdbId, tmdbId or movieId; its first line names {', '.join(header) or 'nothing'}"
        )
    of_ten = {"of_ten": "yes"} if set(header) & set(_OF_TEN) else {}
    rows, line = [], reader.line_num + 1
    for row in reader:
        cells = {kind: row[at].strip() for kind, at in named.items() if at is not None and at < len(row)}
        if any(cells.values()):
            rows.append((line, cells | of_ten))
        line = reader.line_num + 1
    return rows


def _json_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        entries = json.loads(path.read_bytes())
    except ValueError as error:
        raise CineMatchError(f"{path} is not JSON: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise CineMatchError(f"{path} must hold a list of ratings, as Trakt exports them")
    rows = []
    for number, entry in enumerate(entries, start=1):
        film = entry.get("movie") if isinstance(entry.get("movie"), dict) else None
        if film is not None:
            ids = film.get("ids") or {}
            row = {
                "imdb": ids.get("imdb"),
                "tmdb": ids.get("tmdb"),
                "title": film.get("title"),
                "year": film.get("year"),
            }
            row |= {"stars": entry.get("rating"), "date": entry.get("rated_at"), "of_ten": "yes"}
            rows.append((number, {name: "" if value is None else str(value) for name, value in row.items()}))
    return rows


def _stars(rows: Sequence[tuple[int, Mapping[str, str]]], path: Path) -> list[float | None]:
    """The stars of each row, from 0.5 to 5; None where the film was not rated. Raises CineMatchError."""
    values: list[float | None] = []
    for line, row in rows:
        text = row.get("stars", "").replace(",", ".")
        try:
            values.append(float(text) if text else None)
        except ValueError:
            raise CineMatchError(f"{path} has the rating {row['stars']!r} on line {line}, which is no number") from None
    given = [value for value in values if value is not None]
    if not given:
        raise CineMatchError(f"{path} holds no rating; give a file of rated films")
    of_ten = "of_ten" in rows[0][1] or (max(given) > HIGHEST_STARS and min(given) >= 1)
    scale = 2 if of_ten else 1
    if not LOWEST_STARS * scale <= min(given) <= max(given) <= HIGHEST_STARS * scale:
        raise CineMatchError(
            f"{path} has ratings from {min(given):g} to {max(given):g}; stars go from 0.5 to 5, or from 1 to 10"
        )
    return [None if value is None else value / scale for value in values]


def _film(line: int, row: Mapping[str, str], stars: float) -> RatedFilm:
    imdb = re.search(r"[0-9]{1,8}", row.get("imdb", ""))
    return RatedFilm(
        line,
        stars,
        _whole(row.get("movie", "")),
        imdb.group().zfill(7) if imdb else "",
        _whole(row.get("tmdb", "")),
        row.get("title", ""),
        _whole(row.get("year", "")),
    )


def _whole(text: str) -> int | None:
    digits = re.fullmatch(r"([0-9]{1,15})(?:\.0*)?", text)
    return int(digits[1]) if digits else None
