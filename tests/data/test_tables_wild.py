"""Wild files, and whole numbers."""

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.tables import (
    TableSchema,
    whole_numbers,
)
from cinematch_lib.errors import CineMatchError

QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- wild files --------------------------------------------------------------------------------------


PIECES = st.sampled_from(
    ["1", "a", "ü", " ", ",", ",", ",", '"', '""', "\n", "\r\n", "\r", "\x00", "NA", "\ufeff", "|"]
)


LOOSE = TableSchema("loose", {"a": "str", "b": "str"}, multiline=True)


def as_csv_reads(text):
    """Rows that hold something, as the standard library reads them."""
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


@QUICK
@given(body=st.lists(PIECES, max_size=30).map("".join), multiline=st.booleans())
def test_wild_text_is_read_as_the_csv_module_reads_it_or_refused(tmp_path, body, multiline):
    path = tmp_path / "wild.csv"
    path.write_bytes(("a,b\n" + body).encode())
    try:
        frame = read_table(path, TableSchema("wild", LOOSE.required, multiline=multiline))
    except CineMatchError as refused:
        assert str(refused).startswith(str(path))
        return
    rows = as_csv_reads(body)
    assert frame.to_numpy().tolist() == rows
    assert len(row_lines(path, len(frame))) == len(rows)


@QUICK
@given(content=st.binary(max_size=60))
def test_wild_bytes_are_read_or_refused(tmp_path, content):
    for start in (b"", b"a,b\n"):
        path = tmp_path / "wild.csv"
        path.write_bytes(start + content)
        try:
            read_table(path, LOOSE)
        except CineMatchError as refused:
            assert str(refused).startswith(str(path))


LINE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8)


@QUICK
@given(
    rows=st.lists(st.tuples(LINE_TEXT.filter(bool), LINE_TEXT, st.integers(0, 2)), max_size=8),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_is_found_on_its_own_line(tmp_path, rows, ends):
    text, wanted = io.StringIO(), []
    text.write(f"a,b{ends}")
    for first, second, blanks in rows:
        text.write(ends * blanks)
        wanted.append(text.getvalue().count("\n") + 1)
        csv.writer(text, lineterminator=ends, quoting=csv.QUOTE_ALL).writerow([first, second])
    path = tmp_path / "wild.csv"
    path.write_bytes(text.getvalue().encode())
    frame = read_table(path, LOOSE)
    assert frame.to_numpy().tolist() == [[first, second] for first, second, _ in rows]
    assert row_lines(path, len(frame)).tolist() == wanted


# --- whole numbers -----------------------------------------------------------------------------------


def test_whole_numbers_above_zero_are_read_and_nothing_else():
    text = ["1", " 862.0 ", "1e3", "0", "-1", "1.5", "", "one", "nan", "inf", "1,000", "9" * 30, "9007199254740992"]
    numbers = whole_numbers(pd.Series(text))
    assert numbers.dtype == "Int64"
    assert numbers.dropna().to_list() == [1, 862, 1000]
    assert numbers.isna().tolist() == [False] * 3 + [True] * 10


@given(st.lists(st.text(max_size=6) | st.floats().map(str) | st.integers().map(str), max_size=6))
def test_whole_numbers_never_fails_and_gives_every_id_back(texts):
    numbers = whole_numbers(pd.Series(texts, dtype="str"))
    assert numbers.dtype == "Int64"
    for text, number in zip(texts, numbers, strict=True):
        if text.isascii() and text.isdigit() and 0 < int(text) < 2**53:
            assert number == int(text)
        if not pd.isna(number):
            assert number > 0
            assert float(text) == number


def test_whole_numbers_of_nothing_are_none():
    assert whole_numbers(pd.Series([], dtype="str")).to_list() == []
    assert np.array_equal(whole_numbers(pd.Series(["", ""])).isna(), [True, True])
