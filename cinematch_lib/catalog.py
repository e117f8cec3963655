"""The catalog: merge MovieLens with TMDb, clean, filter, and account for every film that was read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.availability import ServicesSource, services_of
from cinematch_lib.columns import (
    LINKS,
    MERGED,
    MERGED_DTYPES,
    MOVIES,
    read_table,
    row_lines,
    whole_numbers,
)
from cinematch_lib.errors import CineMatchError
from cinematch_lib.facts import FilmFacts
from cinematch_lib.genres import canonical_genre
from cinematch_lib.left_out import LeftOut
from cinematch_lib.titles import FIRST_YEAR, LAST_YEAR, parse_title
from cinematch_lib.tmdb import imdb_digits, join_genres, read_metadata

_FROM_TMDB = (
    "popularity",
    "vote_count",
    "vote_average",
    "keywords",
    "cast_top",
    "director",
    "original_language",
    "poster_path",
)
_NUMBERS = ("popularity", "vote_count", "vote_average")


@dataclass(frozen=True)
class Filters:
    """Which films to keep. Years are inclusive; None means no bound.

    A film is kept with one of `genres_keep` or more (empty: any genre) and none of `genres_drop`;
    genres may be spelled in any usual way. `min_ratings` counts MovieLens ratings. Running times are in
    minutes; a film of unknown length fits no bound on it. `services_keep` keeps films on one of these services
    or more (empty: all films).
    """

    min_year: int | None = None
    max_year: int | None = None
    require_tmdb: bool = False
    min_ratings: int = 0
    genres_keep: Sequence[str] = field(default=())
    genres_drop: Sequence[str] = field(default=())
    min_runtime: int | None = None
    max_runtime: int | None = None
    services_keep: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        for name in ("min_year", "max_year"):
            year = getattr(self, name)
            if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
                raise CineMatchError(f"{name} must be a year from {FIRST_YEAR} to {LAST_YEAR} or none, got {year}")
        for name in ("min_runtime", "max_runtime"):
            minutes = getattr(self, name)
            if minutes is not None and minutes < 0:
                raise CineMatchError(f"{name} must be 0 minutes or more or none, got {minutes}")
        for name in ("year", "runtime"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise CineMatchError(
                    f"min_{name} must not be above max_{name}, got min_{name}={low} and max_{name}={high}"
                )
        if self.min_ratings < 0:
            raise CineMatchError(f"min_ratings must be 0 or more, got {self.min_ratings}")
        for name in ("genres_keep", "genres_drop", "services_keep"):
            names = getattr(self, name)
            if isinstance(names, str):
                what = name.partition("_")[0]
                raise CineMatchError(f"{name} must be a list of {what}, got {names!r}; write [{names!r}]")
        object.__setattr__(self, "services_keep", tuple(dict.fromkeys(self.services_keep)))
        for name in ("genres_keep", "genres_drop"):
            genres = getattr(self, name)
            canonical = dict.fromkeys(canonical_genre(genre) or genre for genre in genres)
            object.__setattr__(self, name, tuple(canonical))
        if both := set(self.genres_keep) & set(self.genres_drop):
            raise CineMatchError(f"genres_keep and genres_drop both name {', '.join(sorted(both))}; choose one")


def merge_films(folder: Path, metadata_path: Path | None, services: ServicesSource, left_out: LeftOut) -> pd.DataFrame:
    """All films of a MovieLens folder with what TMDb knows of them, before any filter.

    Reads `movies.csv` and `links.csv` of `folder` and the TMDb table at `metadata_path` (None: without).
    Returns the columns of `columns.MERGED`, `has_tmdb` (bool) and `line` (int64, of movies.csv), one row a
    film, ordered by movieId. `year` may be missing, `genres` and `services` empty. Rows that cannot be used
    go to `left_out`. Raises CineMatchError for a table that is missing or cannot be read.
    """
    films = _read_films(folder / "movies.csv", left_out)
    films = films.join(_read_links(folder / "links.csv", films, left_out), on="movieId")
    films["imdbId"] = films["imdbId"].fillna("")
    unlinked = films["tmdbId"].isna() & (films["imdbId"] == "")
    left_out.repaired("links.csv", "films without a TMDb or IMDb id", int(unlinked.sum()))
    films = _add_metadata(films, metadata_path, left_out)
    films["services"] = services_of(films, services, left_out)
    return films.astype(MERGED_DTYPES)[[*MERGED.columns, "has_tmdb", "line"]]


def _read_films(path: Path, left_out: LeftOut) -> pd.DataFrame:
    rows = read_table(path, MOVIES)
    if rows.empty:
        raise CineMatchError(f"{path} holds no films, only its first line")
    lines = row_lines(path, len(rows))
    ids = whole_numbers(rows["movieId"])
    repeated = ids.duplicated() & ids.notna()
    for mask, reason in (
        (ids.isna(), "movieId is not a number"),
        (repeated, "movieId repeats an earlier row"),
    ):
        left_out.rows(path.name, lines[mask], rows.loc[mask, "movieId"], rows.loc[mask, "title"], reason)
    good = ids.notna() & ~repeated
    films = pd.DataFrame({"movieId": ids[good].astype("int64"), "line": lines[good]})
    parsed = [parse_title(title) for title in rows.loc[good, "title"].to_list()]
    films["title"] = pd.Series([title for title, _ in parsed], index=films.index, dtype="str")
    films["year"] = pd.Series([year for _, year in parsed], index=films.index, dtype="Int64")
    genres = rows.loc[good, "genres"]
    canonical = {joined: join_genres(joined) for joined in genres.unique()}
    films["genres"] = genres.map(canonical)
    return films.sort_values("movieId", ignore_index=True)


def _read_links(path: Path, films: pd.DataFrame, left_out: LeftOut) -> pd.DataFrame:
    rows = read_table(path, LINKS)
    lines = row_lines(path, len(rows))
    ids = whole_numbers(rows["movieId"])
    repeated = ids.duplicated() & ids.notna()
    filmless = ids.notna() & ~repeated & ~ids.isin(films["movieId"])
    for mask, reason in (
        (ids.isna(), "movieId is not a number"),
        (repeated, "movieId repeats an earlier row"),
        (filmless, "no such film in movies.csv"),
    ):
        left_out.rows(path.name, lines[mask], rows.loc[mask, "movieId"], [""] * int(mask.sum()), reason)
    good = ids.notna() & ~repeated & ~filmless
    rows = rows[good]
    links = pd.DataFrame({"imdbId": imdb_digits(rows["imdbId"]), "tmdbId": whole_numbers(rows["tmdbId"])})
    for name, unknown in (("imdbId", links["imdbId"] == ""), ("tmdbId", links["tmdbId"].isna())):
        wrong = unknown & (rows[name].str.strip() != "")
        left_out.repaired(path.name, f"{name} that is none made unknown", int(wrong.sum()))
    shared = links["tmdbId"].dropna().duplicated(keep=False)
    left_out.repaired(path.name, "films that share a tmdbId with another, both kept", int(shared.sum()))
    return links.set_axis(pd.Index(ids[good].astype("int64")))


def _add_metadata(films: pd.DataFrame, path: Path | None, left_out: LeftOut) -> pd.DataFrame:
    if path is None:
        known = films.assign(has_tmdb=False, overview="", runtime=pd.array([pd.NA] * len(films), dtype="Int64"))
        known = known.assign(**{name: pd.NA if name in _NUMBERS else "" for name in _FROM_TMDB})
    else:
        metadata = read_metadata(path, left_out)
        known = _look_up(films, metadata)
        unused = len(metadata) - known["tmdb_row"].nunique()
        left_out.repaired(path.name, "rows about films that movies.csv lacks, not used", unused)
        genreless = (known["genres"] == "") & (known["tmdb_genres"] != "")
        known.loc[genreless, "genres"] = known.loc[genreless, "tmdb_genres"]
        plausible = known["tmdb_year"].between(FIRST_YEAR, LAST_YEAR)
        known["year"] = known["year"].fillna(known["tmdb_year"].where(plausible))
        known["title"] = known["title"].where(known["title"] != "", known["tmdb_title"])
    known["title"] = known["title"].where(known["title"] != "", "(untitled)")
    # A text that is never empty spares every reader a special case; an unknown overview is the title.
    known["overview"] = known["overview"].where(known["overview"] != "", known["title"])
    return known


def _look_up(films: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """Each film with its row of metadata: by tmdbId, and where there is none, by imdbId."""
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
    for name in ("title", "genres", "overview"):
        known["overview" if name == "overview" else f"tmdb_{name}"] = facts[name].where(found, "").fillna("")
    known["tmdb_year"] = facts["year"].where(found)
    return known


def drop_reasons(films: pd.DataFrame, filters: Filters, rating_counts: pd.Series | None = None) -> pd.Series:
    """Why each film is dropped: the first rule that it breaks, as a categorical; missing where it is kept.

    `films` has the columns `movieId, year, genres, has_tmdb`, and `runtime` or `services` where a filter asks
    for them; `rating_counts` maps movieId to its number of ratings and is needed when `filters.min_ratings` is
    above 0. The categories are the rules that are in force, in the order in which they are asked. Raises
    CineMatchError for a genre that no film has, or a service.
    """
    rules, broken = first_broken(FilmFacts(films, rating_counts), filters)
    return pd.Series(pd.Categorical.from_codes(broken, categories=rules), index=films.index)


def first_broken(facts: FilmFacts, filters: Filters) -> tuple[list[str], np.ndarray]:
    """The rules in force, and of each film the number of the first one that it breaks, int16 (films,).

    -1 is a film that breaks none and is kept. Raises as `drop_reasons` does.
    """
    rules = _rules(facts, filters)
    first = np.full(len(facts), -1, dtype=np.int16)
    for number, broken in reversed(list(enumerate(rules.values()))):  # the first rule is written last and so wins
        first[broken] = number
    return list(rules), first


def _rules(facts: FilmFacts, filters: Filters) -> dict[str, np.ndarray]:
    """Each rule in force, in words, and the films that break it, bool (films,)."""
    rules = {"no year known": np.isnan(facts.year)}
    if filters.min_year is not None:
        rules[f"before {filters.min_year}"] = facts.year < filters.min_year
    if filters.max_year is not None:
        rules[f"after {filters.max_year}"] = facts.year > filters.max_year
    rules["no genre known"] = facts.genreless
    if filters.require_tmdb:
        rules["no TMDb metadata"] = ~facts.has_tmdb
    if filters.min_ratings:
        if facts.ratings is None:
            raise CineMatchError(
                f"min_ratings={filters.min_ratings} needs ratings.csv, which this data set lacks; set min_ratings=0"
            )
        rules[f"fewer than {filters.min_ratings} ratings"] = facts.ratings < filters.min_ratings
    if filters.genres_keep:
        rules[f"none of the genres {', '.join(filters.genres_keep)}"] = ~facts.with_any_genre(filters.genres_keep)
    if filters.genres_drop:
        rules[f"one of the genres {', '.join(filters.genres_drop)}"] = facts.with_any_genre(filters.genres_drop)
    return rules | _running_time_rules(facts, filters) | _service_rules(facts, filters)


def _running_time_rules(facts: FilmFacts, filters: Filters) -> dict[str, np.ndarray]:
    low, high = filters.min_runtime, filters.max_runtime
    if low is None and high is None:
        return {}
    rules = {"no running time known": np.isnan(facts.runtime)}
    if low is not None:
        rules[f"shorter than {low} minutes"] = facts.runtime < low
    if high is not None:
        rules[f"longer than {high} minutes"] = facts.runtime > high
    return rules


def _service_rules(facts: FilmFacts, filters: Filters) -> dict[str, np.ndarray]:
    if not filters.services_keep:
        return {}
    names = ", ".join(filters.services_keep)
    return {f"on none of the services {names}": ~facts.on_any_service(filters.services_keep)}
