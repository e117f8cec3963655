"""Merging the MovieLens tables with TMDb's metadata, with an account of every row."""

from pathlib import Path

import pandas as pd

from cinematch_lib.catalog.availability import ServicesSource, film_services
from cinematch_lib.data.genre_fields import judge_genres
from cinematch_lib.data.movielens import film_rows, link_rows
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED, MERGED_DTYPES, imdb_digits, whole_numbers, years_of
from cinematch_lib.data.tmdb import read_metadata
from cinematch_lib.vocabulary.titles import (
    FIRST_YEAR,
    LAST_YEAR,
    mend_letters,
    parse_title,
    split_year,
    without_controls,
)

_MOVIES, _LINKS = "movies.csv", "links.csv"  # the names of the tables in reports, whatever those of their files
_NO_TITLES = ("nan", "null", "<na>", "n/a")  # without a year; there are films called None and Unknown
_NUMBERS = ("popularity", "vote_count", "vote_average")
_FROM_TMDB = (*_NUMBERS, "keywords", "cast_top", "director", "original_language", "poster_path")


def merge_films(folder: Path, metadata_path: Path | None, services: ServicesSource, rejects: RejectLog) -> pd.DataFrame:
    """All films of a MovieLens folder with their metadata, before any filter.

    Reads the tables of films and links in `folder` and the table of TMDb metadata at `metadata_path` (None:
    without). Returns the columns of `tables.MERGED`, `has_tmdb` (bool) and `line` (int64, of movies.csv), one row
    per film, ordered by movieId. `year` may be missing, `genres` and `services` empty. Invalid rows go to
    `rejects`. Raises CineMatchError for a table that is missing or cannot be read.
    """
    films = _read_films(folder, rejects)
    films = films.join(_read_links(folder, films, rejects), on="movieId")
    films["imdbId"] = films["imdbId"].fillna("")
    unlinked = films["tmdbId"].isna() & (films["imdbId"] == "")
    rejects.add_repair(_LINKS, "films without a TMDb or IMDb id", int(unlinked.sum()))
    films = _add_metadata(films, metadata_path, rejects)
    films["services"] = film_services(films, services, rejects)
    return films.astype(MERGED_DTYPES)[[*MERGED.columns, "has_tmdb", "line"]]


def _read_films(folder: Path, rejects: RejectLog) -> pd.DataFrame:
    rows, lines = film_rows(folder, rejects)
    ids = whole_numbers(rows["movieId"])
    repeated = ids.duplicated() & ids.notna()
    unusable = {"movieId is not a number": ids.isna(), "movieId repeats an earlier row": repeated}
    rejects.add(_MOVIES, lines, rows["movieId"], rows["title"], unusable)
    good = ids.notna() & ~repeated
    films = pd.DataFrame({"movieId": ids[good].astype("int64"), "line": lines[good]})
    given = rows.loc[good, "title"].to_list()
    titles = [mend_letters(title) for title in given]
    mended = sum(title != before for title, before in zip(titles, given, strict=True))
    rejects.add_repair(_MOVIES, "titles with HTML entities, or UTF-8 read as Windows-1252, mended", mended)
    printable = [without_controls(title) for title in titles]
    removed = sum(title != before for title, before in zip(printable, titles, strict=True))
    rejects.add_repair(_MOVIES, "titles with control characters, which were removed", removed)
    empty = [title.strip().casefold() in _NO_TITLES for title in printable]
    rejects.add_repair(_MOVIES, "titles that say nothing, such as 'nan', made unknown", sum(empty))
    printable = ["" if says_nothing else title for title, says_nothing in zip(printable, empty, strict=True)]
    parsed = _with_years([parse_title(title) for title in printable], rejects)
    films["title"] = pd.Series([title for title, _ in parsed], index=films.index, dtype="str")
    films["year"] = pd.Series([year for _, year in parsed], index=films.index, dtype="Int64")
    if "year" in rows:
        column = years_of(rows.loc[good, "year"]).where(lambda year: year.between(FIRST_YEAR, LAST_YEAR))
        rejects.add_repair(
            _MOVIES, "years from a column, as the title has none", int((films["year"].isna() & column.notna()).sum())
        )
        films["year"] = films["year"].fillna(column)
    films["genres"] = judge_genres(rows.loc[good, "genres"], _MOVIES, rejects)
    films["overview"] = rows.loc[good, "overview"].str.strip() if "overview" in rows else ""
    return films.sort_values("movieId", ignore_index=True)


def _with_years(parsed: list[tuple[str, int | None]], rejects: RejectLog) -> list[tuple[str, int | None]]:
    """The titles and years, with the years that most titles of a table have in another form than MovieLens's."""
    split = {at: split_year(title) for at, (title, year) in enumerate(parsed) if year is None}
    split = {at: one for at, one in split.items() if one[1] is not None}
    if 2 * len(split) <= len(parsed):  # a few are titles that end in a number
        return parsed
    rejects.add_repair(_MOVIES, "years behind titles in another form than (1995), read as such", len(split))
    return [parse_title("{} ({})".format(*split[at])) if at in split else one for at, one in enumerate(parsed)]


def _read_links(folder: Path, films: pd.DataFrame, rejects: RejectLog) -> pd.DataFrame:
    rows, lines = link_rows(folder, rejects)
    ids = whole_numbers(rows["movieId"])
    repeated = ids.duplicated() & ids.notna()
    filmless = ids.notna() & ~repeated & ~ids.isin(films["movieId"])
    unusable = {"movieId is not a number": ids.isna(), "movieId repeats an earlier row": repeated}
    unusable["no such film in movies.csv"] = filmless
    rejects.add(_LINKS, lines, rows["movieId"], pd.Series("", index=rows.index), unusable)
    good = ids.notna() & ~repeated & ~filmless
    rows = rows[good]
    links = pd.DataFrame({"imdbId": imdb_digits(rows["imdbId"]), "tmdbId": whole_numbers(rows["tmdbId"])})
    for name, unknown in (("imdbId", links["imdbId"] == ""), ("tmdbId", links["tmdbId"].isna())):
        wrong = unknown & (rows[name].str.strip() != "")
        rejects.add_repair(_LINKS, f"{name} that is none made unknown", int(wrong.sum()))
    shared = links["tmdbId"].dropna().duplicated(keep=False)
    rejects.add_repair(_LINKS, "films that share a tmdbId with another, both kept", int(shared.sum()))
    return links.set_axis(pd.Index(ids[good].astype("int64")))


def _add_metadata(films: pd.DataFrame, path: Path | None, rejects: RejectLog) -> pd.DataFrame:
    if path is None:
        known = films.assign(has_tmdb=False, runtime=pd.array([pd.NA] * len(films), dtype="Int64"))
        known = known.assign(**{name: pd.NA if name in _NUMBERS else "" for name in _FROM_TMDB})
    else:
        metadata = read_metadata(path, rejects)
        known = _look_up(films, metadata)
        unused = len(metadata) - known["tmdb_row"].nunique()
        rejects.add_repair(path.name, "rows about films that movies.csv lacks, not used", unused)
        genreless = (known["genres"] == "") & (known["tmdb_genres"] != "")
        known.loc[genreless, "genres"] = known.loc[genreless, "tmdb_genres"]
        plausible = known["tmdb_year"].between(FIRST_YEAR, LAST_YEAR)
        known["year"] = known["year"].fillna(known["tmdb_year"].where(plausible))
        known["title"] = known["title"].where(known["title"] != "", known["tmdb_title"])
    known["title"] = known["title"].where(known["title"] != "", "(untitled)")
    # An unknown overview is the title, so that no reader needs a special case for empty text.
    known["overview"] = known["overview"].where(known["overview"] != "", known["title"])
    return known


def _look_up(films: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """The films joined with their rows of metadata, by tmdbId, else by imdbId."""
    row_of_tmdb = pd.Series(metadata.index, index=metadata["tmdb_id"])
    row_of_tmdb = row_of_tmdb[row_of_tmdb.index.notna()]
    by_imdb = metadata[metadata["imdb_id"] != ""].drop_duplicates("imdb_id")
    row_of_imdb = pd.Series(by_imdb.index, index=by_imdb["imdb_id"])
    row = films["tmdbId"].map(row_of_tmdb).astype("Int64").fillna(films["imdbId"].map(row_of_imdb).astype("Int64"))
    found = row.notna()
    facts = metadata.take(row.fillna(0).astype("int64")) if len(metadata) else metadata.reindex(films.index)
    facts = facts.set_axis(films.index)
    known = films.assign(tmdb_row=row, has_tmdb=found.astype(bool), runtime=facts["runtime"].where(found))
    for name in _FROM_TMDB:
        known[name] = facts[name].where(found, pd.NA if name in _NUMBERS else "")
    for name in ("title", "genres"):
        known[f"tmdb_{name}"] = facts[name].where(found, "").fillna("")
    overview = facts["overview"].where(found, "").fillna("")
    known["overview"] = overview.where(overview != "", films["overview"])
    known["tmdb_year"] = facts["year"].where(found)
    return known
