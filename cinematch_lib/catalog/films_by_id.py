"""Films of which only ids are given: their facts from the tables of TMDb that are there, or asked from TMDb."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cinematch_lib.catalog.additions import OWN_IDS
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data import tmdb
from cinematch_lib.data.formats import read_table
from cinematch_lib.data.movielens import read_links
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED, MERGED_DTYPES, TableSchema, imdb_digits, whole_numbers
from cinematch_lib.data.tmdb.settings import TOKEN
from cinematch_lib.errors import CineMatchError

_ADDRESS = r"(?:https?://)?(?:www\.|m\.)?(?:imdb\.com/title|themoviedb\.org/movie)/\S+"
_ID = re.compile(rf"(?:tt)?[0-9]+|{_ADDRESS}", re.IGNORECASE)
_TMDB_PAGE = re.compile(r"themoviedb\.org/movie/([0-9]+)", re.IGNORECASE)
_NO_GENRES = "(no genres listed)"
_TABLE = TableSchema("ids of films", {}, dict.fromkeys(("title", "movieId", "tmdbId", "imdbId"), "str"))


class FilmsById(NamedTuple):
    """The films that can be added, with the columns of `tables.MERGED`, and a line on each of the others."""

    films: pd.DataFrame
    missing: list[str]


def read_ids(path: Path) -> pd.DataFrame | None:
    """The ids of a file, text columns `tmdbId, imdbId` and maybe `movieId`; None for a file that has titles.

    It holds one id on each line, a number of TMDb, one of IMDb such as tt0113277, or the address of a film there; or it
    is a CSV file with these columns. Raises CineMatchError for a file that cannot be read.
    """
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; name a file with films or their ids")
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()]
    lines = [line for line in lines if line]
    if not lines or not all(_ID.fullmatch(line) for line in lines):
        table = read_table(path, _TABLE)
        has_ids = "title" not in table and {"tmdbId", "imdbId"} & {*table}
        return table.assign(**{name: "" for name in ("tmdbId", "imdbId") if name not in table}) if has_ids else None
    pages = [_TMDB_PAGE.search(line) for line in lines]
    numbers = [page[1] if page else line if line.isdecimal() else "" for page, line in zip(pages, lines, strict=True)]
    imdb = ["" if number else line for number, line in zip(numbers, lines, strict=True)]
    return pd.DataFrame({"tmdbId": numbers, "imdbId": imdb})


def films_by_id(ids: pd.DataFrame, raw_dir: Path, dataset: str, region: str = "US") -> FilmsById:
    """The films with these ids, text columns `tmdbId, imdbId` and maybe `movieId`, without repeats.

    Facts are those of the data set's own table, else of TMDb: what was fetched, and, where a token is set, what TMDb
    answers now. A film that the data set knows has its movieId, another 1,000,000,000 + tmdbId. Raises as `tmdb.fetch`
    does.
    """
    wanted = _with_links(ids, raw_dir / dataset).drop_duplicates(["tmdbId", "imdbId"], ignore_index=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "films"
        _lay(wanted, folder)
        found = _with_facts(folder, _tables(raw_dir, dataset))
        asked = bool((~found["has_tmdb"]).any()) and tmdb.is_asked(folder, raw_dir)
        if asked:
            tmdb.fetch(folder, raw_dir, region=region, refresh=False)
            found = _with_facts(folder, _tables(raw_dir, dataset))
    given = wanted["movieId"].reset_index(drop=True)
    if (lacks := found["tmdbId"].isna() & found["has_tmdb"] & given.isna()).any():
        found.loc[lacks, "tmdbId"] = found["imdbId"].map(_tmdb_ids(_tables(raw_dir, dataset)))
    found["movieId"] = given.fillna(found["tmdbId"] + OWN_IDS)
    problems = {
        "has no tmdbId, which its movieId would be made of": found["movieId"].isna(),
        "has no year": found["year"].isna(),
        "has no genre": found["genres"] == "",
        "is not known to TMDb" if asked else f"has no facts here; set {TOKEN} to ask TMDb": ~found["has_tmdb"],
    }
    missing = pd.Series("", index=found.index)
    for problem, rows in problems.items():
        missing = missing.where(~rows.fillna(True).astype(bool), problem)
    labels = [_label(tmdb_id, imdb_id) for tmdb_id, imdb_id in zip(found["tmdbId"], found["imdbId"], strict=True)]
    lines = [f"{label} {problem}" for label, problem in zip(labels, missing, strict=True) if problem]
    films = found[missing == ""][list(MERGED.columns)].astype(MERGED_DTYPES)
    return FilmsById(films.drop_duplicates("movieId").sort_values("movieId", ignore_index=True), lines)


def _with_links(ids: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The ids as numbers and digits, completed by the links of the data set."""
    movie = whole_numbers(ids["movieId"]) if "movieId" in ids else pd.Series(pd.NA, index=ids.index, dtype="Int64")
    wanted = pd.DataFrame({"movieId": movie, "tmdbId": whole_numbers(ids["tmdbId"])})
    wanted["imdbId"] = imdb_digits(ids["imdbId"])
    if not folder.is_dir():
        return wanted
    links = read_links(folder)
    known = pd.DataFrame({name: whole_numbers(links[name]) for name in ("movieId", "tmdbId")})
    known["imdbId"] = imdb_digits(links["imdbId"])
    row = wanted["tmdbId"].map(_rows_by(known["tmdbId"].dropna()))
    row = row.astype("Int64").fillna(wanted["imdbId"].map(_rows_by(known["imdbId"][known["imdbId"] != ""])))
    found = known.reindex(row.fillna(-1).astype("int64").to_numpy()).set_axis(wanted.index)
    for name in ("movieId", "tmdbId"):
        wanted[name] = wanted[name].fillna(found[name])
    wanted["imdbId"] = wanted["imdbId"].where(wanted["imdbId"] != "", found["imdbId"].fillna(""))
    return wanted


def _rows_by(ids: pd.Series) -> pd.Series:
    """The row of each id; of ids that repeat, the first."""
    rows = pd.Series(ids.index, index=ids)
    return rows[~rows.index.duplicated()]


def _lay(wanted: pd.DataFrame, folder: Path) -> None:
    """The films as a data set of their own, numbered from 1, without titles."""
    folder.mkdir()
    numbers = range(1, len(wanted) + 1)
    pd.DataFrame({"movieId": numbers, "title": "", "genres": _NO_GENRES}).to_csv(folder / "movies.csv", index=False)
    wanted.assign(movieId=numbers)[["movieId", "imdbId", "tmdbId"]].to_csv(folder / "links.csv", index=False)


def _tables(raw_dir: Path, dataset: str) -> Sequence[Path | None]:
    own, fetched = tmdb.own_metadata(raw_dir / dataset), raw_dir / "tmdb" / "tmdb_metadata.csv"
    return [one for one in (own, fetched) if one is not None and one.is_file()] or [None]


def _with_facts(folder: Path, tables: Sequence[Path | None]) -> pd.DataFrame:
    """The films by number, with the facts of the first table that has them."""
    films = [merge_films(folder, table, ServicesSource("none"), RejectLog()) for table in tables]
    found = films[0]
    for other in films[1:]:
        found = pd.concat([found[found["has_tmdb"]], other[~found["has_tmdb"]]]).sort_values("movieId")
    return found


def _tmdb_ids(tables: Sequence[Path | None]) -> pd.Series:
    """The TMDb id by the IMDb id, of the films whose facts carry both."""
    read = pd.concat([tmdb.read_metadata(table, RejectLog()) for table in tables if table is not None])
    known = read[(read["imdb_id"] != "") & read["tmdb_id"].notna()].drop_duplicates("imdb_id")
    return known.set_index("imdb_id")["tmdb_id"]


def _label(tmdb_id: object, imdb_id: str) -> str:
    return f"tt{imdb_id}" if pd.isna(tmdb_id) else f"the film {tmdb_id} of TMDb"  # type: ignore[call-overload]
