"""Films that their owner adds to those of a data set: read from a file, and kept beside the catalog for later runs."""

from pathlib import Path

import pandas as pd

from cinematch_lib.catalog.written import write_table
from cinematch_lib.data.formats import read_table
from cinematch_lib.data.genre_fields import judge_genres
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import MERGED, MERGED_DTYPES, TableSchema, imdb_digits, whole_numbers, years_of
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import atomic_write
from cinematch_lib.vocabulary.languages import language_code
from cinematch_lib.vocabulary.titles import FIRST_YEAR, LAST_YEAR, parse_title, without_controls

ADDITIONS = "added_films.csv"  # beside the catalog
OWN_IDS = 1_000_000_000  # the movieId of a film that MovieLens does not know is this plus its tmdbId
_WHOLE = ("movieId", "tmdbId", "runtime", "vote_count")
_REAL = ("popularity", "vote_average")
_FILE = TableSchema(
    "films to add", {"title": "str"}, dict.fromkeys((name for name in MERGED_DTYPES if name != "title"), "str"), True
)


def read_films_to_add(path: Path) -> pd.DataFrame:
    """The films in a CSV file with columns of the catalog, as the catalog has them, by movieId.

    `title` is required, with the year at its end or in the column `year`, and so are `genres`, and `movieId` or
    `tmdbId`: without the former, the id is 1,000,000,000 + tmdbId. Raises CineMatchError, which names the line, for a
    film that cannot be filtered or has no id, and for ids that repeat.
    """
    rows = read_table(path, _FILE)
    rows = rows.assign(**{name: "" for name in _FILE.columns if name not in rows})
    films = pd.DataFrame({name: whole_numbers(rows[name]) for name in _WHOLE})
    films = films.assign(**{name: pd.to_numeric(rows[name], errors="coerce") for name in _REAL})
    films["movieId"] = films["movieId"].fillna(films["tmdbId"] + OWN_IDS)
    parsed = [parse_title(without_controls(title)) for title in rows["title"]]
    films["title"] = [title for title, _ in parsed]
    films["year"] = years_of(rows["year"]).fillna(pd.Series([year for _, year in parsed], dtype="Int64"))
    films["imdbId"] = imdb_digits(rows["imdbId"])
    films["genres"] = judge_genres(rows["genres"], path.name, RejectLog())
    for name in MERGED_DTYPES.keys() - films.columns:
        films[name] = rows[name].str.strip()
    films["original_language"] = films["original_language"].map(language_code)
    films["overview"] = films["overview"].where(films["overview"] != "", films["title"])
    _check(films, path)
    return films[list(MERGED.columns)].astype(MERGED_DTYPES).sort_values("movieId", ignore_index=True)


def _check(films: pd.DataFrame, path: Path) -> None:
    problems = {
        "has no title": films["title"] == "",
        "has no movieId and no tmdbId": films["movieId"].isna(),
        f"has no year from {FIRST_YEAR} to {LAST_YEAR}": ~films["year"].between(FIRST_YEAR, LAST_YEAR).fillna(False),
        "has no genre": films["genres"] == "",
        "has the movieId of an earlier row": films["movieId"].duplicated() & films["movieId"].notna(),
    }
    for problem, rows in problems.items():
        if (wrong := rows.to_numpy(dtype=bool)).any():
            row = int(wrong.argmax())
            title = films["title"].iloc[row]
            raise CineMatchError(f"{path}, film {row + 1}, {title!r}, {problem}; nothing was added, mend the file")


def not_among(films: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The `films` of which no id, of MovieLens, TMDb or IMDb, is one of the `others`."""
    same = films["movieId"].isin(others["movieId"])
    same |= films["tmdbId"].isin(others["tmdbId"].dropna()) & films["tmdbId"].notna()
    same |= films["imdbId"].isin(others["imdbId"]) & (films["imdbId"] != "")
    return films[~same].reset_index(drop=True)


def keep_additions(films: pd.DataFrame, data_dir: Path) -> None:
    """Add films to those that the next cleaning joins to the data set's; a film that is there is replaced."""
    earlier = read_additions(data_dir)
    kept = earlier[~earlier["movieId"].isin(films["movieId"])]
    table = pd.concat([kept, films], ignore_index=True).sort_values("movieId", ignore_index=True)
    with atomic_write(data_dir / ADDITIONS) as part:
        write_table(part, table)


def read_additions(data_dir: Path) -> pd.DataFrame:
    """The films that were added to the catalog in `data_dir`, as the catalog has them. Raises CineMatchError."""
    path = data_dir / ADDITIONS
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in MERGED_DTYPES.items()})
    return read_table(path, MERGED)


def with_additions(films: pd.DataFrame, data_dir: Path, rejects: RejectLog) -> pd.DataFrame:
    """The merged films with those that were added and that the data set lacks, by movieId."""
    added = read_additions(data_dir)
    new = not_among(added, films)
    rejects.add_repair(ADDITIONS, "films that the data set has by now, not used", len(added) - len(new))
    if new.empty:
        return films
    new = new.assign(has_tmdb=True, line=range(2, len(new) + 2))
    together = pd.concat([films, new.astype(films.dtypes.to_dict())], ignore_index=True)
    return together.sort_values("movieId", ignore_index=True)
