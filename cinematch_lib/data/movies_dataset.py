"""Kaggle's The Movies Dataset: films as TMDb describes them, joined to MovieLens's ids by links.csv.

Some rows of its movies_metadata.csv are broken in two, and its lists are written as Python's literals.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.data.formats import read_table
from cinematch_lib.data.layouts import MOVIES_DATASET, DataFolder, look
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source
from cinematch_lib.data.tables import CAST_SHOWN, LINKS, TMDB_METADATA, TableSchema, whole_numbers
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR, listed_names

_NEEDED = ("id", "title", "genres", "release_date")
_KEYWORDS = TableSchema("keywords", {"id": "str", "keywords": "str"}, multiline=True)
_CREDITS = TableSchema("credits", {"id": "str", "cast": "str", "crew": "str"}, multiline=True)
_DIRECTOR = re.compile(r"""\{[^{}]*['"]job['"]: ?['"]Director['"][^{}]*\}""")


def read_films(found: DataFolder, log: RejectLog) -> tuple[pd.DataFrame, np.ndarray]:
    """The films as `movieId, title, genres, year`, all text, and their lines; films without a link go to `log`."""
    rows, lines = _read_rows(found.sources["movies"], log)
    links = read_table(found.sources["links"], LINKS)
    tmdb = whole_numbers(links["tmdbId"])
    movie_of = pd.Series(links["movieId"].to_numpy(), index=tmdb).loc[tmdb.notna().to_numpy()]
    movie_of = movie_of[~movie_of.index.duplicated()]
    movies = whole_numbers(rows["id"]).map(movie_of)
    unlinked = movies.isna()
    log.add("movies.csv", lines, rows["id"], rows["title"], {"no MovieLens id in links.csv": unlinked})
    films = pd.DataFrame(
        {
            "movieId": movies,
            "title": rows["title"],
            "genres": rows["genres"],
            "year": rows["release_date"].str.extract("^ *([0-9]{4})", expand=False).fillna(""),
        }
    )
    linked = ~unlinked.to_numpy()
    return films[linked].reset_index(drop=True).astype("str"), lines[linked]


def read_facts(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of movies_metadata.csv as those of ``tmdb_metadata.csv``, as text, and their lines."""
    found = look(folder)
    if found is None or found.layout.title != MOVIES_DATASET:
        raise CineMatchError(f"{folder} does not hold {MOVIES_DATASET}")
    rows, lines = _read_rows(found.sources["movies"], RejectLog())
    facts = rows.rename(columns={"id": "tmdb_id"}).reindex(columns=list(TMDB_METADATA.columns), fill_value="")
    facts["genres"] = rows["genres"].map(_joined)
    for name, values in (_keywords(found) | _people(found)).items():
        facts[name] = rows["id"].map(values).fillna("")
    return facts.astype("str"), lines


def is_facts(path: Path) -> bool:
    """Whether this file is the table of films of The Movies Dataset."""
    return path.name.casefold().startswith("movies_metadata.")


def _read_rows(source: Source, log: RejectLog) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of films with the lines on which they begin; broken ones go to `log`."""
    reader = source.rows()
    header: list[str] = next(reader, [])
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise CineMatchError(f"{source.path} lacks the columns {', '.join(missing)}; it has {', '.join(header)}")
    good, lines, broken, line = [], [], [], reader.line_num + 1
    number = header.index("id")
    for row in reader:
        if len(row) == len(header) and row[number].strip().isdecimal():
            good.append(row)
            lines.append(line)
        elif row:
            broken.append((line, " ".join(row)[:60]))
        line = reader.line_num + 1
    bad = pd.DataFrame(broken, columns=["line", "text"]).astype({"line": "int64", "text": "str"})
    reason = {"row is broken: other columns than the first line, or no id": pd.Series(True, index=bad.index)}
    log.add("movies.csv", bad["line"].to_numpy(), pd.Series("", index=bad.index), bad["text"], reason)
    rows = pd.DataFrame(good, columns=header, dtype="str")
    rows["id"] = rows["id"].str.strip()
    return rows, np.array(lines, dtype=np.int64)


def _keywords(found: DataFolder) -> dict[str, Mapping[str, str]]:
    if "keywords" not in found.sources:
        return {}
    table = read_table(found.sources["keywords"], _KEYWORDS).drop_duplicates("id")
    return {"keywords": dict(zip(table["id"], table["keywords"].map(_joined), strict=True))}


def _people(found: DataFolder) -> dict[str, Mapping[str, str]]:
    if "credits" not in found.sources:
        return {}
    table = read_table(found.sources["credits"], _CREDITS).drop_duplicates("id")
    cast = [_join(listed_names(text)[:CAST_SHOWN]) for text in table["cast"]]
    directors = [_join(listed_names(" ".join(_DIRECTOR.findall(text)))) for text in table["crew"]]
    return {
        "cast_top": dict(zip(table["id"], cast, strict=True)),
        "director": dict(zip(table["id"], directors, strict=True)),
    }


def _joined(text: str) -> str:
    return _join(listed_names(text))


def _join(names: list[str]) -> str:
    return LIST_SEPARATOR.join(dict.fromkeys(name.replace(LIST_SEPARATOR, "/") for name in names))
