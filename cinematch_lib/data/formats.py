"""Reading a file as a table, with errors that name the file and the line."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from cinematch_lib.data.sources import Source, canonical_columns
from cinematch_lib.data.tables import TableSchema
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR
from cinematch_lib.vocabulary.wording import counted

# What lies in the place of a table, by how its first line begins.
_OTHER_FILES = {
    "<": "is a web page and no table, as a server sends one that asks to sign in; download it again",
    "version https://git-lfs": "is a pointer of Git LFS and not the file itself; fetch it with git lfs pull",
}
_MISFIT = re.compile(r"column #(\d+): .*invalid value '(.*)'", re.DOTALL)

_ARROW_TYPES = {
    "str": pa.large_string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float32": pa.float32(),
    "Float64": pa.float64(),
}


def read_table(file: Path | Source, schema: TableSchema, *, loose: bool = False) -> pd.DataFrame:
    """The columns of `schema` that the file has, in the order of the schema; empty text stays empty text.

    The separator and the spelling of the names of columns may be any usual one. With `loose`, a column whose values do
    not fit its dtype is returned as text. Raises CineMatchError if the file is missing, empty, not UTF-8, lacks a
    required column or is not valid CSV; the message names the file and, if possible, the line.
    """
    source = Source(file) if isinstance(file, Path) else file
    path = source.path
    if not path.is_file():
        raise CineMatchError(f"{path} was not found; it should hold the columns {', '.join(schema.required)}")
    if source.is_parquet:
        return _read_parquet(source, schema, loose)
    source = source.with_separator_for(schema.required)
    header = _read_header(source, schema)
    called = canonical_columns(header, schema.columns)
    dtypes = {name: schema.columns[name] for name in called}
    while True:
        try:
            rows = _read_csv(source, header, called, dtypes)
            break
        except pa.ArrowInvalid as error:
            misfit = _MISFIT.search(str(error))
            name = next((name for name in called if misfit and called[name] == header[int(misfit[1])]), None)
            if not loose or name is None or dtypes[name] == "str":
                problem = str(error)
            else:
                dtypes[name], problem = "str", ""
        if problem:
            _raise_with_line(source, header, problem)
    frame = _to_pandas(source, rows, dtypes, loose)
    text = [name for name, dtype in dtypes.items() if dtype == "str"]
    if not schema.multiline:
        _check_one_line_values(source, frame, text)
    if text and source.quote:
        _check_last_quote(source)
    return frame


def column_names(source: Source, required: Iterable[str]) -> list[str]:
    """The names on a file's first line, which should have those `required`; none if it cannot be read."""
    if source.is_parquet:
        try:
            return list(pyarrow.parquet.read_schema(source.path).names)
        except pa.ArrowInvalid:
            return []
    return source.with_separator_for(required).header()


def row_lines(file: Path | Source, rows: int) -> np.ndarray:
    """The line on which each of the file's `rows` rows begins, int64 (rows,); the header is on line 1.

    Blank lines are skipped, and a row with a line break inside a value spans several lines. Rows of Parquet files are
    counted from 1.
    """
    source = Source(file) if isinstance(file, Path) else file
    if source.is_parquet:
        return np.arange(1, rows + 1)
    content = np.frombuffer(source.content() + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    sizes = np.diff(ends, prepend=-1) - 1
    blank = (sizes == 0) | ((sizes == 1) & (content[ends - 1] == ord("\r")))
    inside = np.zeros(len(ends), dtype=bool)
    if source.quote:
        quotes_before = np.searchsorted(np.flatnonzero(content == ord('"')), ends)
        inside = np.roll(quotes_before % 2 == 1, 1)  # a value, if the previous line left a quote open
    starts = np.flatnonzero(~blank & ~inside) + 1
    if len(starts) != rows + source.header_lines:  # quotes in unquoted values, or unusual line ends: row by row
        starts = np.array([line for line, row in _numbered_rows(source) if row], dtype=np.int64)
    return starts[len(starts) - rows :]


def _read_csv(source: Source, header: list[str], called: dict[str, str], dtypes: dict[str, str]) -> pa.Table:
    """The columns `called` under their canonical names. Raises pyarrow.ArrowInvalid."""
    # Several times faster than pandas, in half of the memory.
    rows = pyarrow.csv.read_csv(
        source.path if source.is_plain else pa.BufferReader(source.content()),
        read_options=pyarrow.csv.ReadOptions(skip_rows=source.skip, column_names=list(source.columns) or None),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=source.delimiter, quote_char='"' if source.quote else False, newlines_in_values=source.quote
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(called.values()),
            column_types={called[name]: _ARROW_TYPES[dtype] for name, dtype in dtypes.items()},
            strings_can_be_null=False,
        ),
    )
    return rows.rename_columns(list(called))


def _read_parquet(source: Source, schema: TableSchema, loose: bool) -> pd.DataFrame:
    try:
        header = pyarrow.parquet.read_schema(source.path).names
        called = canonical_columns(header, schema.columns)
        _check_columns(source, header, schema)
        rows = pyarrow.parquet.read_table(source.path, columns=list(called.values())).rename_columns(list(called))
    except pa.ArrowInvalid as error:
        raise CineMatchError(f"{source.path} is no Parquet file that can be read: {error}") from None
    columns, dtypes = {}, {name: schema.columns[name] for name in called}
    for name, dtype in dtypes.items():
        column = rows.column(name)
        try:
            columns[name] = column.cast(_ARROW_TYPES[dtype])
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            if dtype != "str" and not loose:
                raise CineMatchError(f"{source.path} has a column {name} of {column.type}, not of {dtype}") from None
            columns[name], dtypes[name] = _as_text(column), "str"
    return _to_pandas(source, pa.table(columns), dtypes, loose)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of any type as text; lists are joined by ``|``."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pyarrow.compute.binary_join(column.cast(pa.large_list(pa.large_string())), LIST_SEPARATOR)
    return column.cast(pa.large_string())


def _numbered_rows(source: Source, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows with the lines on which they begin; a blank line is an empty row. Raises CineMatchError."""
    reader, line = source.rows(strict=strict), 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        if reader.line_num == line and "after" in str(error):
            problem = f"on line {line}, a value goes on behind the quote that closes it"
            raise CineMatchError(f"{source.path} is not valid CSV: {problem}; double quotes inside values") from None
        raise CineMatchError(_unclosed(source.path, line)) from None
    except UnicodeDecodeError:
        raise CineMatchError(_where_not_utf8(source)) from None


def _unclosed(path: Path, line: int, where: str = "") -> str:
    problem = f"a quote opened on line {line} does not close where it should{where}"
    return f"{path} is not valid CSV: {problem}; close it or double it"


def _read_header(source: Source, schema: TableSchema) -> list[str]:
    if source.columns:
        return list(source.columns)
    numbered = itertools.islice(_numbered_rows(source), source.skip, None)
    _, header = next(numbered, (1, None))
    if not header:
        problem = "is empty" if header is None else "begins with an empty line"
        raise CineMatchError(
            f"{source.path} {problem}; its first line should name the columns {', '.join(schema.required)}"
        )
    if _broken_value(header) is not None:
        raise CineMatchError(_unclosed(source.path, 1))
    _check_columns(source, header, schema)
    return header


def _check_columns(source: Source, header: list[str], schema: TableSchema) -> None:
    called = canonical_columns(header, schema.columns)
    missing = [name for name in schema.required if name not in called]
    if missing:
        for beginning, problem in _OTHER_FILES.items():
            if header[0].lower().startswith(beginning):
                raise CineMatchError(f"{source.path} {problem}")
        raise CineMatchError(
            f"{source.path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line names "
            f"{', '.join(header)}, and a {schema.name} table has {', '.join(schema.required)}"
        )
    twice = [name for name in called.values() if header.count(name) > 1]
    if twice:
        raise CineMatchError(f"{source.path} names the column {twice[0]} more than once; keep one of them")


def _broken_value(row: list[str]) -> str | None:
    """The first value of a row that holds a line break."""
    return next((value for value in row if "\n" in value or "\r" in value), None)


def _to_pandas(source: Source, rows: pa.Table, dtypes: dict[str, str], loose: bool) -> pd.DataFrame:
    columns = {}
    for name, dtype in dtypes.items():
        column = rows.column(name)
        if column.null_count and dtype == "str":  # of Parquet
            column = column.fill_null("")
        elif column.null_count and dtype[0].islower():
            if not loose:
                line = row_lines(source, len(column))[column.is_null().to_numpy().argmax()]
                raise CineMatchError(f"{source.path} has no {name} on line {line}; every row needs one")
            column, dtypes[name] = column.cast(pa.large_string()).fill_null(""), "str"
        values = column.to_pandas()
        columns[name] = values if values.dtype == dtypes[name] else values.astype(dtypes[name])
        rows = rows.drop_columns(name)  # frees the memory of the column
    return pd.DataFrame(columns, copy=False)


def _raise_with_line(source: Source, header: list[str], problem: str) -> NoReturn:
    """Read the file again row by row and raise CineMatchError for the first invalid line."""
    path, misfit = source.path, _MISFIT.search(problem)
    at, value = (int(misfit[1]), misfit[2]) if misfit else (0, "")
    numbered = _numbered_rows(source, strict=True)
    for line, row in numbered:
        if line <= source.skip:
            continue
        if row and len(row) != len(header):
            if (broken := _broken_value(row)) is not None:
                raise CineMatchError(_unclosed(path, line, _beginning(broken)))
            raise CineMatchError(
                f"{path} is not valid CSV: line {line} has {counted(len(row), 'field')} instead of "
                f"{len(header)}; {_remedy(source, header, row, is_last=not any(row for _, row in numbered))}"
            )
        if misfit and row and line > source.header_lines and row[at].strip() == value.strip():
            raise CineMatchError(f"{path} has {header[at]} {value!r} on line {line}, which does not fit that column")
    raise CineMatchError(f"{path} cannot be read as a table: {problem}")


def _remedy(source: Source, header: list[str], row: list[str], *, is_last: bool) -> str:
    """What to do about a row that has more or fewer values than the header has names."""
    if source.columns:
        return f"its lines should hold {', '.join(header)}, separated by {source.separator!r}"
    if is_last and len(row) < len(header):
        return "it is the last line, as in a file that was cut off: copy or download it again"
    return "put quotes around values that hold a comma"


def _beginning(value: str) -> str:
    return f" (its value begins {value.splitlines()[0][:60]!r})"


def _where_not_utf8(source: Source) -> str:
    for number, line in enumerate(source.content().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = line[error.start]
            return f"{source.path} is not UTF-8: byte 0x{byte:02x} on line {number}; save it again as UTF-8"
    return f"{source.path} is not UTF-8; save it again as UTF-8"


def _check_one_line_values(source: Source, frame: pd.DataFrame, text: list[str]) -> None:
    broken = np.zeros(len(frame), dtype=bool)
    for name in text:
        for end in "\n\r":
            broken |= frame[name].str.contains(end, regex=False).to_numpy(dtype=bool)
    if broken.any():
        row = int(broken.argmax())
        value = _broken_value([str(frame.at[row, name]) for name in text]) or ""
        line = int(row_lines(source, len(frame))[row])
        raise CineMatchError(_unclosed(source.path, line, _beginning(value)))


def _check_last_quote(source: Source) -> None:
    """Raise CineMatchError for a quote that is open at the end of the file, which pyarrow treats as closed."""
    if source.content().count(b'"') % 2:
        for _ in _numbered_rows(source, strict=True):
            pass
