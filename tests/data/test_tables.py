import pytest
from support.tables import write_csv, write_movielens

from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.tables import (
    LINKS,
    MERGED,
    MERGED_DTYPES,
    MOVIES,
    RATINGS,
    SERVICES_FILE,
    TMDB_METADATA,
)
from cinematch_lib.errors import CineMatchError

HEADER = b"movieId,title,genres\r\n"


def movies(tmp_path, content):
    path = tmp_path / "movies.csv"
    path.write_bytes(content)
    return path


def refusal(path, table=MOVIES):
    """What is said of a file that cannot be read, without its folder."""
    with pytest.raises(CineMatchError) as refused:
        read_table(path, table)
    text = str(refused.value)
    assert text.startswith(str(path))
    return text.removeprefix(f"{path.parent}/")


# --- what is read ------------------------------------------------------------------------------------


def test_text_is_read_as_it_stands(tmp_path):
    rows = [("1", "NA", "null"), ("2", "None", "nan"), ("3", "", "N/A"), ("007", 'The "X"', "a,b"), ("4", "é  ", "")]
    write_movielens(tmp_path, rows, links=[])
    frame = read_table(tmp_path / "movies.csv", MOVIES)
    assert list(frame.itertuples(index=False, name=None)) == rows
    assert (frame.dtypes == "str").all()


def test_a_table_with_only_its_first_line_has_no_rows(tmp_path):
    frame = read_table(movies(tmp_path, HEADER), MOVIES)
    assert frame.shape == (0, 3)


def test_columns_come_in_the_tables_order_and_unknown_ones_are_left_out(tmp_path):
    path = write_csv(tmp_path / "links.csv", ["note", "tmdbId", "imdbId", "movieId"], [("x", "862", "0114709", "1")])
    frame = read_table(path, LINKS)
    assert list(frame.columns) == ["movieId", "imdbId", "tmdbId"]
    assert frame.loc[0].to_list() == ["1", "0114709", "862"]


def test_optional_columns_may_be_absent(tmp_path):
    path = write_csv(tmp_path / "mine.csv", ["service", "movieId"], [("Netflix", "1")])
    assert list(read_table(path, SERVICES_FILE).columns) == ["service", "movieId"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_byte_order_marks_and_blank_lines_make_no_difference(tmp_path, ends, mark, last):
    text = mark + ends.join(["movieId,title,genres", "", "1,a,b", "", "", "2,ü,d"]) + (ends if last else "")
    path = movies(tmp_path, text.encode())
    assert read_table(path, MOVIES).to_numpy().tolist() == [["1", "a", "b"], ["2", "ü", "d"]]
    assert row_lines(path, 2).tolist() == [3, 6]


def test_numbers_have_the_tables_dtypes(tmp_path):
    write_movielens(tmp_path, [], ratings=[(1, 296, 4.5, 964982703)])
    frame = read_table(tmp_path / "ratings.csv", RATINGS)
    assert [str(dtype) for dtype in frame.dtypes] == ["int32", "int32", "float32", "int64"]
    assert frame.loc[0].to_list() == [1, 296, 4.5, 964982703]


def test_an_overview_may_take_several_lines(tmp_path):
    columns = list(TMDB_METADATA.required)
    row = dict.fromkeys(columns, "") | {"tmdb_id": "1", "overview": "one\ntwo"}
    path = write_csv(tmp_path / "tmdb.csv", columns, [row.values(), row.values()])
    assert read_table(path, TMDB_METADATA)["overview"].to_list() == ["one\ntwo"] * 2
    assert row_lines(path, 2).tolist() == [2, 4]


def test_the_merged_table_has_the_designs_columns_in_order():
    assert ",".join(MERGED.columns) == (
        "movieId,tmdbId,imdbId,title,year,genres,overview,runtime,popularity,vote_count,vote_average,keywords,"
        "cast_top,director,original_language,poster_path,services"
    )
    assert (MERGED_DTYPES["imdbId"], MERGED_DTYPES["tmdbId"]) == ("str", "Int64")


# --- what is refused ---------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_named_with_what_it_should_hold(tmp_path):
    assert refusal(tmp_path / "links.csv", LINKS) == (
        "links.csv was not found; it should hold the columns movieId, imdbId, tmdbId"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; its first line should name the columns movieId, title, genres"),
        (b"\xef\xbb\xbf", "is empty; its first line should name the columns movieId, title, genres"),
        (
            b"\r\n" + HEADER,
            "begins with an empty line; its first line should name the columns movieId, title, genres",
        ),
        (
            b"movieId,name\r\n1,Heat\r\n",
            "lacks the column genres; its first line names movieId, name, "
            "and a movies table has movieId, title, genres",
        ),
        (
            b"movieId:title:genres\r\n",
            "lacks the columns movieId, title, genres; its first line names movieId:title:genres, "
            "and a movies table has movieId, title, genres",
        ),
        (b"movieId,title,genres,title\n1,a,b,c\n", "names the column title more than once; keep one of them"),
        (
            HEADER + b"1,Caf\xe9,Drama\r\n2,\xc3\xa9t\xc3\xa9,Drama\r\n",
            "is not UTF-8: byte 0xe9 on line 2; save it again as UTF-8",
        ),
        (
            HEADER + b"1,a,b\r\n" * 20_000 + b"2,Caf\xe9\xc3\xa9,Drama\r\n",
            "is not UTF-8: byte 0xe9 on line 20002; save it again as UTF-8",
        ),
        (b"movieId,t\xe9\x81,title\n", "is not UTF-8: byte 0xe9 on line 1; save it again as UTF-8"),
        (
            HEADER + b"\r\n1,Good, the Bad,Western\r\n",
            "is not valid CSV: line 3 has 4 fields instead of 3; put quotes around values that hold a comma",
        ),
        (
            HEADER + b"1,a,b\r\n2\r\n3,a,b\r\n",
            "is not valid CSV: line 3 has 1 field instead of 3; put quotes around values that hold a comma",
        ),
        (
            HEADER + b"1,a,b\r\n2,a\r\n\r\n",
            "is not valid CSV: line 3 has 2 fields instead of 3; it is the last line, as in a file that was cut off: "
            "copy or download it again",
        ),
        (
            b"<!DOCTYPE html>\n<html>\n",
            "is a web page and no table, as a server sends one that asks to sign in; download it again",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid x\n",
            "is a pointer of Git LFS and not the file itself; fetch it with git lfs pull",
        ),
    ],
)
def test_a_damaged_file_is_refused_with_its_line_and_a_remedy(tmp_path, content, said):
    assert refusal(movies(tmp_path, content)) == f"movies.csv {said}"


UNCLOSED = "is not valid CSV: a quote opened on line {} does not close where it should{}; close it or double it"


@pytest.mark.parametrize(
    ("content", "line", "begins"),
    [
        pytest.param(HEADER + b'1,a,b\r\n2,"Heat,Crime\r\n', 3, "", id="at the end, in a middle column"),
        pytest.param(HEADER + b'1,a,b\r\n2,Heat,"Crime\r\n', 3, "Crime", id="at the end, in the last column"),
        pytest.param(HEADER + b'1,a,b\r\n2,Heat,"Crime', 3, "", id="at the end, without a line end"),
        pytest.param(HEADER + b'1,a,b\r\n2,"Heat,Crime\r\n3,c,d\r\n4,e,f\r\n', 3, "", id="until the end"),
        pytest.param(
            HEADER + b'\r\n2,"Heat,Crime\r\n3,c,d\r\n4,"Ran, or so",f\r\n5,g,h\r\n',
            3,
            "",
            id="until the next quote, which makes too many fields",
        ),
        pytest.param(
            HEADER + b'\r\n2,"Heat,Crime\r\n3,c,d\r\n4,"Ran",f\r\n5,g,h\r\n',
            3,
            "Heat,Crime",
            id="until the next quote, which makes the right number of fields",
        ),
        pytest.param(HEADER + b'2,"Heat,Crime\r\n3,x,"', 2, "Heat,Crime", id="until a quote that ends the file"),
        pytest.param(HEADER + b'1,"a\rb",c\r\n', 2, "a", id="over a lone carriage return"),
        pytest.param(HEADER + b'1,"a,b\r\n' + b"2,c,d\r\n" * 200_000, 2, "", id="for longer than any value can be"),
        pytest.param(b'movieId,"title,genres\r\n1,a,b\r\n', 1, "", id="in the first line"),
        pytest.param(b'movieId,"title,genres\r\n' + b"1,a,b\r\n" * 40_000, 1, "", id="in the first line of many"),
        pytest.param(b'"movieId,title\r\n",genres\r\n', 1, "", id="in the first line, closed in the second"),
    ],
)
def test_a_quote_that_does_not_close_is_found_on_its_line(tmp_path, content, line, begins):
    where = f" (its value begins {begins!r})" if begins else ""
    assert refusal(movies(tmp_path, content)) == f"movies.csv {UNCLOSED.format(line, where)}"


def test_a_quote_inside_a_quoted_value_is_told_from_one_that_does_not_close(tmp_path):
    path = movies(tmp_path, HEADER + b'1,"The "Great, or so" Escape",War\r\n')
    assert refusal(path) == (
        "movies.csv is not valid CSV: on line 2, a value goes on behind the quote that closes it; "
        "double quotes inside values"
    )


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_quote_may_not_swallow_the_rest_of_a_table_whose_values_take_several_lines(tmp_path, end):
    rows = [[str(number)] + [""] * 13 for number in range(1, 4)]
    path = write_csv(tmp_path / "tmdb_metadata.csv", TMDB_METADATA.required, rows)
    path.write_text(path.read_text().replace("2,,,,,,,,,,,,,", '2,,,,,,,,,,,,,"').strip() + end)
    assert refusal(path, TMDB_METADATA) == f"tmdb_metadata.csv {UNCLOSED.format(3, '')}"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,x,3.5,0", "has movieId 'x' on line 5, which does not fit that column"),
        ("1,2.5,3.5,0", "has movieId '2.5' on line 5, which does not fit that column"),
        ("99999999999,2,3.5,0", "has userId '99999999999' on line 5, which does not fit that column"),
        ("1,2,good,0", "has rating 'good' on line 5, which does not fit that column"),
        ("1,,3.5,0", "has no movieId on line 5; every row needs one"),
        ("1,2,,0", "has no rating on line 5; every row needs one"),
    ],
)
def test_a_number_that_is_none_is_found_on_its_line(tmp_path, row, said):
    path = tmp_path / "ratings.csv"
    path.write_text(f"userId,movieId,rating,timestamp\n\n1,1,4.0,0\n\n{row}\n1,3,4.0,0\n", encoding="utf-8")
    assert refusal(path, RATINGS) == f"ratings.csv {said}"
