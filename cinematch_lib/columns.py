"""Every table's columns and dtypes in one place, and the one way its file is read.

Lists inside a column are joined by ``|``. ``imdbId`` is text and keeps its zeros.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from cinematch_lib.errors import CineMatchError

LIST_SEPARATOR = "|"

_ARROW_TYPES = {
    "str": pa.large_string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float32": pa.float32(),
    "Float64": pa.float64(),
}


@dataclass(frozen=True)
class Table:
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
MOVIES = Table("movies", {"movieId": "str", "title": "str", "genres": "str"})
LINKS = Table("links", {"movieId": "str", "imdbId": "str", "tmdbId": "str"})
TAGS = Table("tags", {"userId": "str", "movieId": "str", "tag": "str"}, {"timestamp": "str"})
RATINGS = Table("ratings", {"userId": "int32", "movieId": "int32", "rating": "float32"}, {"timestamp": "int64"})
_TMDB_COLUMNS = (
    "tmdb_id title release_date runtime popularity vote_count vote_average genres overview keywords cast_top director "
    "original_language poster_path"
)
TMDB_METADATA = Table(
    "tmdb_metadata",
    dict.fromkeys(_TMDB_COLUMNS.split(), "str"),
    {"imdb_id": "str"},  # for films that have no tmdbId
    multiline=True,
)
PROVIDERS = Table(
    "providers",
    {"tmdb_id": "str", "region": "str", "kind": "str", "service": "str"},
    {"imdb_id": "str"},  # for films that have no tmdbId
)
SERVICES_FILE = Table(
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
MERGED = Table("movies_merged", MERGED_DTYPES, multiline=True)


def read_table(path: Path, table: Table) -> pd.DataFrame:
    """The file's columns that `table` knows, in the table's order; text that is empty stays empty text.

    Raises CineMatchError when the file is missing, empty, not UTF-8, lacks a column, or is not the CSV it
    should be; the message names the file and, where there is one, the line.
    """
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; it should hold the columns {', '.join(table.required)}")
    header = _read_header(path, table)
    dtypes = {name: dtype for name, dtype in table.columns.items() if name in header}
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
        raise CineMatchError(_what_is_wrong(path, len(header), str(error))) from None
    frame = _to_pandas(path, rows, dtypes)
    if not table.multiline:
        _check_one_line_values(path, frame, [name for name, dtype in dtypes.items() if dtype == "str"])
    return frame


def _read_header(path: Path, table: Table) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), None)
    except UnicodeDecodeError:
        raise CineMatchError(_where_not_utf8(path)) from None
    if not header:
        raise CineMatchError(f"{path} is empty; it should begin with the columns {', '.join(table.required)}")
    missing = [name for name in table.required if name not in header]
    if missing:
        raise CineMatchError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line names "
            f"{', '.join(header)}, and a {table.name} table has {', '.join(table.required)}"
        )
    return header


def _to_pandas(path: Path, rows: pa.Table, dtypes: dict[str, str]) -> pd.DataFrame:
    columns = {}
    for name, dtype in dtypes.items():
        column = rows.column(name)
        if column.null_count and dtype[0].islower() and dtype != "str":
            row = column.is_null().to_numpy().argmax()
            raise CineMatchError(f"{path} has no {name} on line {row + 2}; every row needs one")
        columns[name] = column.to_pandas().astype(dtype)
    return pd.DataFrame(columns)


def _what_is_wrong(path: Path, width: int, problem: str) -> str:
    """Find the line that breaks the file, by reading it again row by row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader, line = csv.reader(lines, strict=True), 1
            for row in reader:
                if row and len(row) != width:
                    return (
                        f"{path} is not valid CSV: line {line} has {len(row)} fields instead of {width}; put quotes "
                        "around values that hold a comma, and look for a quote that does not close above it"
                    )
                line = reader.line_num + 1
    except csv.Error:
        return f"{path} is not valid CSV: a quote opened on line {line} never closes; close it or double it"
    except UnicodeDecodeError:
        return _where_not_utf8(path)
    return f"{path} holds a value that does not fit its column: {problem}"


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
    for name in text:
        broken = frame[name].str.contains("\n", regex=False)
        if broken.any():
            row = int(broken.to_numpy().argmax())
            start = frame[name].iloc[row].split("\n")[0].strip()
            raise CineMatchError(
                f"{path} is not valid CSV: a quote opened on line {row + 2} does not close before the line ends "
                f"({name} begins {start[:60]!r}); close it or double it"
            )


def whole_numbers(text: pd.Series) -> pd.Series:
    """Text as Int64, missing where it is no whole number above zero.

    >>> whole_numbers(pd.Series(["862", " 862.0 ", "-1", "1.5", "one", ""])).tolist()
    [862, 862, <NA>, <NA>, <NA>, <NA>]
    """
    numbers = pd.to_numeric(text, errors="coerce")
    return numbers.where((numbers > 0) & (numbers % 1 == 0) & (numbers < 2**53)).astype("Int64")
