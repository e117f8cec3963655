"""Reading a CSV file as a table, with errors that name the file and the line."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from cinematch_lib.data.tables import TableSchema
from cinematch_lib.errors import CineMatchError

_ARROW_TYPES = {
    "str": pa.large_string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float32": pa.float32(),
    "Float64": pa.float64(),
}


def read_table(path: Path, schema: TableSchema) -> pd.DataFrame:
    """The columns of `schema` that the CSV file has, in the order of the schema; empty text stays empty text.

    Raises CineMatchError if the file is missing, empty, not UTF-8, lacks a required column or is not valid
    CSV; the message names the file and, if possible, the line.
    """
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; it should hold the columns {', '.join(schema.required)}")
    header = _read_header(path, schema)
    dtypes = {name: dtype for name, dtype in schema.columns.items() if name in header}
    problem = ""
    try:
        # Several times faster than pandas, in half of the memory.
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
        _raise_with_line(path, header, problem)
    frame = _to_pandas(path, rows, dtypes)
    text = [name for name, dtype in dtypes.items() if dtype == "str"]
    if not schema.multiline:
        _check_one_line_values(path, frame, text)
    if text:
        _check_last_quote(path)
    return frame


def row_lines(path: Path, rows: int) -> np.ndarray:
    """The line on which each of the file's `rows` rows begins, int64 (rows,); the header is on line 1.

    Blank lines are skipped, and a row with a line break inside a value spans several lines.
    """
    content = np.frombuffer(path.read_bytes() + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    sizes = np.diff(ends, prepend=-1) - 1
    blank = (sizes == 0) | ((sizes == 1) & (content[ends - 1] == ord("\r")))
    quotes_before = np.searchsorted(np.flatnonzero(content == ord('"')), ends)
    inside = np.roll(quotes_before % 2 == 1, 1)  # a value, if the previous line left a quote open
    starts = np.flatnonzero(~blank & ~inside) + 1
    if len(starts) != rows + 1:  # quotes in unquoted values, or unusual line ends: parse row by row
        starts = np.array([line for line, row in _numbered_rows(path) if row], dtype=np.int64)
    return starts[1:]


def _numbered_rows(path: Path, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows with the lines on which they begin; a blank line is an empty row. Raises CineMatchError."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader, line = csv.reader(lines, strict=strict), 1
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            if reader.line_num == line and "after" in str(error):
                problem = f"on line {line}, a value goes on behind the quote that closes it"
                raise CineMatchError(f"{path} is not valid CSV: {problem}; double quotes inside values") from None
            raise CineMatchError(_unclosed(path, line)) from None
        except UnicodeDecodeError:
            raise CineMatchError(_where_not_utf8(path)) from None


def _unclosed(path: Path, line: int, where: str = "") -> str:
    problem = f"a quote opened on line {line} does not close where it should{where}"
    return f"{path} is not valid CSV: {problem}; close it or double it"


def _read_header(path: Path, schema: TableSchema) -> list[str]:
    _, header = next(_numbered_rows(path), (1, None))
    if not header:
        problem = "is empty" if header is None else "begins with an empty line"
        raise CineMatchError(f"{path} {problem}; its first line should name the columns {', '.join(schema.required)}")
    if _broken_value(header) is not None:
        raise CineMatchError(_unclosed(path, 1))
    missing = [name for name in schema.required if name not in header]
    if missing:
        raise CineMatchError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line names "
            f"{', '.join(header)}, and a {schema.name} table has {', '.join(schema.required)}"
        )
    twice = [name for name in schema.columns if header.count(name) > 1]
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
        rows = rows.drop_columns(name)  # frees the memory of the column
    return pd.DataFrame(columns, copy=False)


def _raise_with_line(path: Path, header: list[str], problem: str) -> NoReturn:
    """Read the file again row by row and raise CineMatchError for the first invalid line."""
    misfit = re.search(r"column #(\d+): .*invalid value '(.*)'", problem, re.DOTALL)
    at, value = (int(misfit[1]), misfit[2]) if misfit else (0, "")
    for line, row in _numbered_rows(path, strict=True):
        if row and len(row) != len(header):
            if (broken := _broken_value(row)) is not None:
                raise CineMatchError(_unclosed(path, line, _beginning(broken)))
            raise CineMatchError(
                f"{path} is not valid CSV: line {line} has {len(row)} field{'s' * (len(row) > 1)} instead of "
                f"{len(header)}; put quotes around values that hold a comma"
            )
        if misfit and row and line > 1 and row[at].strip() == value.strip():
            raise CineMatchError(f"{path} has {header[at]} {value!r} on line {line}, which does not fit that column")
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
        value = _broken_value([str(frame.at[row, name]) for name in text]) or ""
        raise CineMatchError(_unclosed(path, int(row_lines(path, len(frame))[row]), _beginning(value)))


def _check_last_quote(path: Path) -> None:
    """Raise CineMatchError for a quote that is open at the end of the file, which pyarrow treats as closed."""
    if path.read_bytes().count(b'"') % 2:
        for _ in _numbered_rows(path, strict=True):
            pass
