"""Reading the tables of a data set, in whichever layout and form its files are.

`RejectLog` arguments collect what is unusual, repaired or left out; without one, nothing is reported.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.data import movies_dataset
from cinematch_lib.data.download import md5_of
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.interactions import read_interactions, read_items
from cinematch_lib.data.layouts import GENRE_FLAGS, INTERACTIONS, MOVIES_DATASET, NO_ROWS, look, source_of, unread
from cinematch_lib.data.ratings import judge_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.shards import check_shards, md5_of_shards, read_rows
from cinematch_lib.data.sources import Source, canonical_columns
from cinematch_lib.data.tables import LINKS, MOVIES, RATINGS, TAGS, TableSchema, whole_numbers
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.spelling import fold_closed

_ITEMS = TableSchema("u.item", dict.fromkeys(("movieId", "title", "release_date", *GENRE_FLAGS), "str"))


def checksums(folder: Path) -> dict[str, str]:
    """The MD5, as 32 hexadecimal digits, of each file of a data set, by its path in the folder.

    That of a file with the URL of shards is of the shards' names and MD5s. Raises CineMatchError for shards that were
    made from another file of ratings than the one beside them, and for shards at a URL that cannot be read.
    """
    folder, found = Path(folder), look(Path(folder))
    sources = [] if found is None else found.sources.values()
    check_shards(folder)
    return {
        str(path.relative_to(folder)): md5_of_shards(source) if source.is_remote else md5_of(path)
        for source in sources
        for path in source.files
    }


def read_movies(folder: Path) -> pd.DataFrame:
    """The films as text: movieId, title, genres, maybe year. Raises CineMatchError like `formats.read_table`."""
    return film_rows(folder, RejectLog())[0]


def film_rows(folder: Path, log: RejectLog) -> tuple[pd.DataFrame, np.ndarray]:
    """The films as `read_movies` returns them, and the line of the file on which each begins, int64 (rows,)."""
    found = look(Path(folder))
    if found is not None and found.layout.title == INTERACTIONS:
        return read_items(found)
    source = (found.sources.get("movies") if found else None) or Source(Path(folder) / "movies.csv")
    if found is not None and found.layout.title == MOVIES_DATASET:
        films, lines = movies_dataset.read_films(found, log)
    else:
        films = _items(source) if source.path.name.lower().startswith("u.item") else read_table(source, MOVIES)
        lines = row_lines(source, len(films))
    if films.empty:
        raise CineMatchError(f"{source.path} holds {NO_ROWS['movies']}")
    _remark(log, MOVIES, source, len(films))
    return films, lines


def item_numbers(folder: Path) -> pd.DataFrame | None:
    """`movieId` and `item`, the name in the file, of items that were numbered; None where there are none."""
    found = look(Path(folder))
    if found is None or found.layout.title != INTERACTIONS:
        return None
    items = read_items(found)[0][["movieId", "item"]].drop_duplicates()
    return None if (items["movieId"] == items["item"]).all() else items


def read_links(folder: Path) -> pd.DataFrame:
    """The links as text (ids keep their zeros), one row per film. Raises like `read_movies`."""
    return link_rows(folder, RejectLog())[0]


def link_rows(folder: Path, log: RejectLog) -> tuple[pd.DataFrame, np.ndarray]:
    """The links as `read_links` returns them, and their lines; no rows for a layout that has no links."""
    found = look(Path(folder))
    if found is not None and "links" not in found.sources and "links" not in found.layout.needed:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in LINKS.columns}), np.array([], dtype=np.int64)
    source = (found.sources.get("links") if found else None) or Source(Path(folder) / "links.csv")
    links = _read_links(source, log)
    _remark(log, LINKS, source, len(links))
    return links, row_lines(source, len(links))


def _read_links(source: Source, log: RejectLog) -> pd.DataFrame:
    """The columns of `tables.LINKS`; a file may lack the ids of TMDb or those of IMDb, which are empty then."""
    for name in ("tmdbId", "imdbId") if source.path.is_file() else ():
        partial = TableSchema(LINKS.name, {column: "str" for column in LINKS.required if column != name})
        header = source.with_separator_for(partial.required).header()
        called = canonical_columns(header, LINKS.columns)
        if set(called) == set(partial.required):
            links = read_table(source, partial).assign(**{name: ""})
            log.add_repair("links.csv", f"rows without {name}, as the file has no such column", len(links))
            return links[list(LINKS.columns)].astype("str")
    return read_table(source, LINKS)


def read_tags(folder: Path) -> pd.DataFrame | None:
    """The tags as text, one row per tag of a user for a film; None without the file. Raises like `read_movies`."""
    source = source_of(folder, "tags")
    return None if source is None else read_table(source, TAGS)


def read_ratings(folder: Path, log: RejectLog | None = None, films: pd.DataFrame | None = None) -> pd.DataFrame | None:
    """The ratings (0.5 to 5 stars), in the order of the file; None without the file.

    With `films`, as `read_movies` returns them, the ratings of films that are not among them are counted in `log`.
    `timestamp`, where the times are known, is in seconds since 1970. Values are judged as `ratings.judge_ratings` says.
    Raises CineMatchError for ratings outside the scale, and like `read_movies`.
    """
    found, log = look(Path(folder)), RejectLog() if log is None else log
    if found is not None and found.layout.title == INTERACTIONS and not found.missing:
        return read_interactions(found, log)
    source = None if found is None else found.sources.get("ratings")
    if source is None:
        others = unread(folder, "rating")
        log.add_repair("ratings.csv", f"files that are no table of ratings here ({', '.join(others)})", len(others))
        return None
    try:
        ratings = read_rows(source, RATINGS)
    except CineMatchError:
        if _is_export(source):
            raise CineMatchError(
                f"{source.path} holds one person's ratings, as another service exports them, and here belong those of "
                f"many; move it away, and give it to: cinematch recommend --ratings {source.path.name}"
            ) from None
        raise
    if ratings.empty:
        raise CineMatchError(f"{source.path} holds {NO_ROWS['ratings']}")
    _remark(log, RATINGS, source, len(ratings))
    judged = judge_ratings(ratings, source, log)
    if films is not None:
        without = ~judged["movieId"].isin(whole_numbers(films["movieId"]).dropna())
        log.add_repair("ratings.csv", "ratings of films that movies.csv lacks, not used", int(without.sum()))
    return judged


def _is_export(source: Source) -> bool:
    """Whether a file begins as one person's ratings, as Letterboxd or IMDb exports them."""
    if source.is_parquet or source.is_sharded:
        return False
    try:
        names = {fold_closed(name) for name in next(source.lines(), "").split(",")}
    except UnicodeDecodeError:
        return False
    return "letterboxduri" in names or names >= {"const", "yourrating"}


def _remark(log: RejectLog, schema: TableSchema, source: Source, rows: int) -> None:
    usual = f"{schema.name}.csv"
    for remark in source.with_separator_for(schema.required).remarks(usual):
        log.add_repair(usual, f"rows {remark}", rows)


def _items(source: Source) -> pd.DataFrame:
    """The films of MovieLens 100K, whose genres are columns of 0 and 1."""
    rows = read_table(source, _ITEMS)
    flags = rows[list(GENRE_FLAGS)].to_numpy() == "1"
    genres = [LIST_SEPARATOR.join(name for name, has in zip(GENRE_FLAGS, row, strict=True) if has) for row in flags]
    year = rows["release_date"].str.extract("([0-9]{4})$", expand=False).fillna("")
    return rows[["movieId", "title"]].assign(genres=pd.Series(genres, dtype="str"), year=year.astype("str"))
