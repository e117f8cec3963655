"""Every table's columns and dtypes in one place, and the one way its file is read.

Lists inside a column are joined by ``|``. ``imdbId`` is text and keeps its zeros.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from cinematch_lib.errors import CineMatchError

_ARROW_TYPES = {
    "str": pa.large_string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float32": pa.float32(),
    "Float64": pa.float64(),
}


@dataclass(frozen=True)
class TableSchema:
    """A CSV table: its columns with the pandas dtypes they are read as.

    `multiline` says whether a value may hold a line break; where it may not, one is a sign of a quote
    that never closed.
    """

    name: str
    required: dict[str, str]
    optional: dict[str, str] = field(default_factory=dict)
    multiline: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Required and optional columns with their dtypes, in file order."""
        return self.required | self.optional


# Tables in which a person may have erred are read as text, so that a bad row can be set aside and named.
MOVIES = TableSchema("movies", {"movieId": "str", "title": "str", "genres": "str"})
LINKS = TableSchema("links", {"movieId": "str", "imdbId": "str", "tmdbId": "str"})
TAGS = TableSchema("tags", {"userId": "str", "movieId": "str", "tag": "str"}, {"timestamp": "str"})
RATINGS = TableSchema("ratings", {"userId": "int32", "movieId": "int32", "rating": "float32"}, {"timestamp": "int64"})
_TMDB_COLUMNS = (
    "tmdb_id title release_date runtime popularity vote_count vote_average genres overview keywords cast_top director "
    "original_language poster_path"
)
TMDB_METADATA = TableSchema(
    "tmdb_metadata",
    dict.fromkeys(_TMDB_COLUMNS.split(), "str"),
    {"imdb_id": "str"},  # for films that have no tmdbId
    multiline=True,
)
PROVIDERS = TableSchema(
    "providers",
    {"tmdb_id": "str", "region": "str", "kind": "str", "service": "str"},
    {"imdb_id": "str"},  # for films that have no tmdbId
)
SERVICES_FILE = TableSchema(
    "services file",
    {"service": "str"},
    {"movieId": "str", "imdbId": "str", "tmdbId": "str", "region": "str"},
)

# The merged catalog: one row a film, ordered by movieId.
MERGED_DTYPES = {
    "movieId": "int64",
    "tmdbId": "Int64",
    "imdbId": "str",
    "title": "str",
    "year": "Int64",
    "genres": "str",
    "overview": "str",
    "runtime": "Int64",
    "popularity": "Float64",
    "vote_count": "Int64",
    "vote_average": "Float64",
    "keywords": "str",
    "cast_top": "str",
    "director": "str",
    "original_language": "str",
    "poster_path": "str",
    "services": "str",
}
MERGED = TableSchema("movies_merged", MERGED_DTYPES, multiline=True)


def read_table(path: Path, table: TableSchema) -> pd.DataFrame:
    """The file's columns that `table` knows, in the table's order; text that is empty stays empty text.

    Raises CineMatchError when the file is missing, empty, not UTF-8, lacks a column, or is not the CSV it
    should be; the message names the file and, where there is one, the line.
    """
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; it should hold the columns {', '.join(table.required)}")
    header = _read_header(path, table)
    dtypes = {name: dtype for name, dtype in table.columns.items() if name in header}
    problem = ""
    try:
        # pyarrow reads these several times faster than pandas does, and in half of the memory.
        rows = pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(dtypes),
                column_types={name: _ARROW_TYPES[dtype] for name, dtype in dtypes.items()},
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        problem = str(error)
    if problem:
        _find_what_is_wrong(path, header, problem)
    frame = _to_pandas(path, rows, dtypes)
    text = [name for name, dtype in dtypes.items() if dtype == "str"]
    if not table.multiline:
        _check_one_line_values(path, frame, text)
    if text:
        _check_last_quote(path)
    return frame


def row_lines(path: Path, rows: int) -> np.ndarray:
    """The line of the file on which each of its `rows` rows begins, (rows,) int64; the header is on line 1.

    Blank lines hold no row, and a row with a line break in a value takes several lines.
    """
    content = np.frombuffer(path.read_bytes() + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    sizes = np.diff(ends, prepend=-1) - 1
    blank = (sizes == 0) | ((sizes == 1) & (content[ends - 1] == ord("\r")))
    quotes_before = np.searchsorted(np.flatnonzero(content == ord('"')), ends)
    inside = np.roll(quotes_before % 2 == 1, 1)  # of a value, where the line before left a quote open
    starts = np.flatnonzero(~blank & ~inside) + 1
    if len(starts) != rows + 1:  # quotes inside bare values, or other line ends: slower, but always right
        starts = np.array([line for line, row in _numbered_rows(path) if row], dtype=np.int64)
    return starts[1:]


def _numbered_rows(path: Path, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Each row and the line on which it begins; a blank line is an empty row. Raises CineMatchError."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader, line = csv.reader(lines, strict=strict), 1
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            if reader.line_num == line and "after" in str(error):
                problem = (
                    f"on line {line}, a value goes on behind the quote that closes it; double quotes inside values"
                )
                raise CineMatchError(f"{path} is not valid CSV: {problem}") from None
            raise CineMatchError(_unclosed(path, line)) from None
        except UnicodeDecodeError:
            raise CineMatchError(_where_not_utf8(path)) from None


def _unclosed(path: Path, line: int, where: str = "") -> str:
    problem = f"a quote opened on line {line} does not close where it should{where}"
    return f"{path} is not valid CSV: {problem}; close it or double it"


def _read_header(path: Path, table: TableSchema) -> list[str]:
    _, header = next(_numbered_rows(path), (1, None))
    if not header:
        problem = "is empty" if header is None else "begins with an empty line"
        raise CineMatchError(f"{path} {problem}; its first line should name the columns {', '.join(table.required)}")
    if _broken_value(header) is not None:
        raise CineMatchError(_unclosed(path, 1))
    missing = [name for name in table.required if name not in header]
    if missing:
        raise CineMatchError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line names "
            f"{', '.join(header)}, and a {table.name} table has {', '.join(table.required)}"
        )
    twice = [name for name in table.columns if header.count(name) > 1]
    if twice:
        raise CineMatchError(f"{path} names the column {twice[0]} more than once; keep one of them")
    return header


def _broken_value(row: list[str]) -> str | None:
    """The first value of a row that holds a line break."""
    return next((value for value in row if "\n" in value or "\r" in value), None)


def _to_pandas(path: Path, rows: pa.Table, dtypes: dict[str, str]) -> pd.DataFrame:
    columns = {}
    for name, dtype in dtypes.items():
        column = rows.column(name)
        if column.null_count and dtype[0].islower() and dtype != "str":
            line = row_lines(path, len(column))[column.is_null().to_numpy().argmax()]
            raise CineMatchError(f"{path} has no {name} on line {line}; every row needs one")
        values = column.to_pandas()
        columns[name] = values if values.dtype == dtype else values.astype(dtype)
        rows = rows.drop_columns(name)  # so that a long table is not in memory twice
    return pd.DataFrame(columns, copy=False)


def _find_what_is_wrong(path: Path, header: list[str], problem: str) -> NoReturn:
    """Raise CineMatchError for the line that breaks the file, found by reading it again row by row."""
    misfit = re.search(r"column #(\d+): .*invalid value '(.*)'", problem, re.DOTALL)
    column, value = (int(misfit[1]), misfit[2]) if misfit else (0, "")
    for line, row in _numbered_rows(path, strict=True):
        if row and len(row) != len(header):
            broken = _broken_value(row)
            if broken is not None:
                raise CineMatchError(_unclosed(path, line, _beginning(broken)))
            raise CineMatchError(
                f"{path} is not valid CSV: line {line} has {len(row)} field{'s' * (len(row) > 1)} instead of "
                f"{len(header)}; put quotes around values that hold a comma"
            )
        if misfit and row and line > 1 and row[column].strip() == value.strip():
            raise CineMatchError(
                f"{path} has {header[column]} {value!r} on line {line}, which does not fit that column"
            )
    raise CineMatchError(f"{path} cannot be read as a table: {problem}")


def _beginning(value: str) -> str:
    return f" (its value begins {value.splitlines()[0][:60]!r})"


def _where_not_utf8(path: Path) -> str:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return f"{path} is not UTF-8: byte 0x{byte:02x} on line {number}; save it again as UTF-8"
    return f"{path} is not UTF-8; save it again as UTF-8"


def _check_one_line_values(path: Path, frame: pd.DataFrame, text: list[str]) -> None:
    broken = np.zeros(len(frame), dtype=bool)
    for name in text:
        for end in "\n\r":
            broken |= frame[name].str.contains(end, regex=False).to_numpy(dtype=bool)
    if broken.any():
        row = int(broken.argmax())
        value = _broken_value(frame.loc[row, text].to_list()) or ""
        raise CineMatchError(_unclosed(path, int(row_lines(path, len(frame))[row]), _beginning(value)))


def _check_last_quote(path: Path) -> None:
    """A quote still open when the file ends may have swallowed many rows; pyarrow takes it for closed."""
    if path.read_bytes().count(b'"') % 2:
        for _ in _numbered_rows(path, strict=True):
            pass


def whole_numbers(text: pd.Series) -> pd.Series:
    """Text as Int64, missing where it is no whole number above zero.

    >>> whole_numbers(pd.Series(["862", " 862.0 ", "-1", "1.5", "one", ""])).tolist()
    [862, 862, <NA>, <NA>, <NA>, <NA>]
    """
    numbers = pd.to_numeric(text, errors="coerce")
    return numbers.where((numbers > 0) & (numbers % 1 == 0) & (numbers < 2**53)).astype("Int64")
