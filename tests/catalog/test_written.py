"""Tables of a catalog as files: all rows of tables that are written in several blocks, and unknown values empty."""

import hashlib

import pandas as pd

from cinematch_lib.catalog.written import md5_of_table, write_table

ROWS = 120_001  # of more than two blocks


def table():
    films = pd.DataFrame({"movieId": range(ROWS), "title": [f"Film {number}" for number in range(ROWS)]})
    films["year"] = pd.array([None if number % 7 == 0 else 1900 + number % 120 for number in range(ROWS)], "Int64")
    films["rating"] = [None if number % 5 == 0 else number / 8 for number in range(ROWS)]
    return films.astype({"title": "str"})


def test_a_long_table_is_written_whole(tmp_path):
    write_table(tmp_path / "table.csv", table())
    assert (tmp_path / "table.csv").read_text() == table().to_csv(index=False, lineterminator="\n")


def test_the_digest_is_that_of_the_whole_file():
    text = table().to_csv(index=False, lineterminator="\n")
    assert md5_of_table(table()) == hashlib.md5(text.encode()).hexdigest()
    assert md5_of_table(table()[:0]) == hashlib.md5(b"movieId,title,year,rating\n").hexdigest()
