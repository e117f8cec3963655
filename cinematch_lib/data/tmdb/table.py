"""Reading the table of TMDb metadata, with an account of every invalid value."""

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.data import movies_dataset
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.genre_fields import judge_genres
from cinematch_lib.data.layouts import MOVIES_DATASET, look
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import TMDB_METADATA, imdb_digits, whole_numbers
from cinematch_lib.vocabulary.languages import language_code
from cinematch_lib.vocabulary.lists import FILLERS
from cinematch_lib.vocabulary.titles import CONTROLS, without_controls

MAX_RUNTIME = 1440  # minutes; longer ones are errors

_BREAK = re.compile(r"</?(?:br|p|div|li|ul|ol)\b[^<>]*>", re.IGNORECASE)
_TEXTS = ("title", "overview", "keywords", "cast_top", "director", "original_language", "poster_path")
_FILLED = ("overview", "keywords", "cast_top", "director", "original_language", "poster_path")
_TEXT_KINDS = "(?:overview|description|plot|synopsis|summary)"
_NO_OVERVIEW = re.compile(
    rf"^\s*(?:no {_TEXT_KINDS}(?: (?:found|available|yet|known))?|{_TEXT_KINDS} (?:unknown|(?:un|not )available))"
    r"\.?\s*$",
    re.IGNORECASE,
)
_MAXIMA = {"popularity": 1e9, "vote_count": 1e9, "vote_average": 10.0}  # larger values are errors
_DOUBTFUL = rf"[<&\n\r\t]|  |{CONTROLS.pattern}"
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)


def find_metadata(raw_dir: Path, dataset: str) -> Path | None:
    """The metadata table of a data set: its own, else the one fetched from TMDb, else None."""
    fetched = raw_dir / "tmdb" / "tmdb_metadata.csv"
    return own_metadata(raw_dir / dataset) or (fetched if fetched.is_file() else None)


def plain_text(text: str) -> str:
    """The text without HTML tags and entities and without control characters, with single spaces.

    >>> plain_text("A <b>bold</b>,&nbsp;tall tale<br/>of R&amp;D: 1 < 2")
    'A bold, tall tale of R&D: 1 < 2'
    """
    return " ".join(_TAG.sub("", _BREAK.sub(" ", without_controls(html.unescape(text)))).split())


def own_metadata(folder: Path) -> Path | None:
    """The table of metadata that the data set in `folder` brings itself; None if it has none."""
    found = look(folder)
    if found is None:
        return None
    table = "movies" if found.layout.title == MOVIES_DATASET else "tmdb_metadata"
    return found.sources[table].path if table in found.sources else None


def metadata_rows(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of a table of metadata, as text, and the line on which each begins, int64 (rows,)."""
    if movies_dataset.is_facts(path):
        return movies_dataset.read_facts(path.parent)
    rows = read_table(path, TMDB_METADATA)
    return rows, row_lines(path, len(rows))


def read_metadata(path: Path, rejects: RejectLog) -> pd.DataFrame:
    """The metadata table, one row per film: text without HTML, unknown numbers missing.

    Columns: those of `tables.TMDB_METADATA`, with `tmdb_id` (Int64), `imdb_id` (digits, may be empty), `year`
    (Int64, of the release), `runtime` (Int64 minutes, 1 to MAX_RUNTIME), `vote_count` (Int64), `popularity` and
    `vote_average` (Float64). Rows without an id, repeated rows and empty rows go to `rejects`; invalid values
    become unknown and are counted there.

    Raises CineMatchError if the file cannot be read as such a table.
    """
    frame, lines = metadata_rows(path)
    if "imdb_id" not in frame:
        frame["imdb_id"] = ""
    ids = frame["tmdb_id"]
    frame["tmdb_id"] = whole_numbers(ids)
    frame["imdb_id"] = imdb_digits(frame["imdb_id"])
    facts = frame.columns.difference(["tmdb_id", "imdb_id"])
    nameless = frame["tmdb_id"].isna() & (frame["imdb_id"] == "")
    bare = ~nameless & (frame[facts] == "").all(axis=1)
    key = frame["tmdb_id"].astype("str").where(frame["tmdb_id"].notna(), "tt" + frame["imdb_id"])
    repeated = ~nameless & ~bare & key.where(~nameless & ~bare, "").duplicated()
    unusable = {
        "tmdb_id is not a number": nameless,
        "the row says nothing about the film": bare,
        "tmdb_id repeats an earlier row": repeated,
    }
    rejects.add(path.name, lines, ids, frame["title"], unusable)
    frame = frame[~(nameless | bare | repeated)].reset_index(drop=True)
    return _clean_values(frame, path.name, rejects)


def _clean_values(frame: pd.DataFrame, file: str, rejects: RejectLog) -> pd.DataFrame:
    for name in _FILLED:
        filler = frame[name].str.strip().str.casefold().isin(FILLERS) | frame[name].str.contains(_NO_OVERVIEW)
        rejects.add_repair(file, f"{name} that says nothing, such as 'nan', made unknown", int(filler.sum()))
        frame.loc[filler, name] = ""
    for name in _TEXTS:
        before = frame[name]
        doubtful = before.str.contains(_DOUBTFUL) | (before.str.strip() != before)
        mended = before[doubtful].map(plain_text)
        frame.loc[doubtful, name] = mended
        count = int((mended != before[doubtful]).sum())
        rejects.add_repair(file, f"HTML, control characters or stray white space taken out of the {name}", count)
    codes = frame["original_language"].map(language_code)
    count = int((codes != frame["original_language"]).sum())
    rejects.add_repair(file, "original languages in words, or with a region, read as codes", count)
    frame["original_language"] = codes
    frame["genres"] = judge_genres(frame["genres"], file, rejects)
    frame["year"] = frame["release_date"].str.extract("^ *([0-9]{4})", expand=False).astype("Float64").astype("Int64")
    for name, maximum in _MAXIMA.items():
        values = _numbers(frame[name], name, file, rejects)
        known = values.between(0, maximum)
        count = int((values.notna() & ~known).sum())
        rejects.add_repair(file, f"{name} below 0 or above {maximum:g} made unknown", count)
        frame[name] = values.where(known).astype("Float64")
    frame["vote_count"] = frame["vote_count"].round().astype("Int64")
    runtime = _numbers(frame["runtime"], "runtime", file, rejects).round()
    rejects.add_repair(file, "runtime of 0 or less made unknown", int((runtime <= 0).sum()))
    rejects.add_repair(file, f"runtime above {MAX_RUNTIME} minutes made unknown", int((runtime > MAX_RUNTIME).sum()))
    frame["runtime"] = runtime.where((runtime > 0) & (runtime <= MAX_RUNTIME)).astype("Int64")
    return frame


def _numbers(text: pd.Series, name: str, file: str, rejects: RejectLog) -> pd.Series:
    """Text as float64, missing if empty; text that is no number is counted as a repair."""
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    words = text[numbers.isna()].str.strip().str.lower()
    rejects.add_repair(file, f"{name} that is no number made unknown", int((~words.isin(["", "nan"])).sum()))
    return numbers
