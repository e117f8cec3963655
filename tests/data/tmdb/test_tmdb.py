import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tables import TMDB_COLUMNS, write_tmdb

from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tables import TMDB_METADATA, imdb_digits
from cinematch_lib.data.tmdb import MAX_RUNTIME, find_metadata, plain_text, read_metadata
from cinematch_lib.errors import CineMatchError

NAME = "tmdb_metadata.csv"


def read(tmp_path, *rows):
    """The metadata of these rows, and the ledger."""
    rejects = RejectLog()
    return read_metadata(write_tmdb(tmp_path / NAME, list(rows)), rejects), rejects


def value(tmp_path, name, text):
    """What a value is read as, and what was counted as mended."""
    frame, rejects = read(tmp_path, {"tmdb_id": "1", "title": "Ariel", name: text})
    return frame[name].iloc[0], rejects.repairs.get(NAME, {})


# --- whose table -------------------------------------------------------------------------------------


def test_a_data_sets_own_table_comes_before_the_one_for_all(tmp_path):
    assert find_metadata(tmp_path, "ml-32m") is None
    shared = write_tmdb(tmp_path / "tmdb" / NAME, [])
    assert find_metadata(tmp_path, "ml-32m") == shared
    own = write_tmdb(tmp_path / "ml-32m" / NAME, [])
    assert find_metadata(tmp_path, "ml-32m") == own
    assert find_metadata(tmp_path, "sample") == shared


def test_the_tests_columns_are_the_tables():
    assert list(TMDB_METADATA.required) == TMDB_COLUMNS


# --- rows --------------------------------------------------------------------------------------------


def test_a_row_is_read_with_numbers_as_numbers(tmp_path):
    frame, rejects = read(
        tmp_path,
        {
            "tmdb_id": "862",
            "title": "Toy Story",
            "release_date": "1995-11-22",
            "runtime": "81.0",
            "popularity": "21.946943",
            "vote_count": "5415.0",
            "vote_average": "7.7",
            "genres": "Animation|Comedy|Family",
            "overview": "Led by Woody, Andy's toys live happily.",
            "cast_top": "Tom Hanks|Tim Allen",
        },
    )
    film = frame.iloc[0]
    assert film[["tmdb_id", "imdb_id", "year", "runtime", "vote_count"]].tolist() == [862, "", 1995, 81, 5415]
    assert film[["popularity", "vote_average"]].tolist() == [21.946943, 7.7]
    assert film["genres"] == "animation|comedy|children"
    assert film["cast_top"] == "Tom Hanks|Tim Allen"
    assert rejects.table().empty
    assert rejects.repairs == {}


def test_error_rows_and_repeated_ids_are_set_aside_by_line(tmp_path):
    frame, rejects = read(
        tmp_path,
        {"tmdb_id": "2", "title": "Ariel", "overview": "A miner\nleaves\nfor the city."},
        {"tmdb_id": "error", "title": "Too many requests"},
        {"tmdb_id": "", "title": "Nobody"},
        {"tmdb_id": "-3", "title": "Below"},
        {"tmdb_id": "5"},
        {"tmdb_id": "2.0", "title": "Ariel\r\nagain"},
        {"tmdb_id": "5", "title": "Four Rooms"},
    )
    assert frame["title"].to_list() == ["Ariel", "Four Rooms"]
    assert rejects.table().iloc[:, :5].values.tolist() == [
        [NAME, 5, "error", "Too many requests", "tmdb_id is not a number"],
        [NAME, 6, "", "Nobody", "tmdb_id is not a number"],
        [NAME, 7, "-3", "Below", "tmdb_id is not a number"],
        [NAME, 8, "5", "", "the row says nothing about the film"],
        [NAME, 9, "2.0", "Ariel again", "tmdb_id repeats an earlier row"],
    ]
    assert rejects.counts(NAME) == {
        "tmdb_id is not a number": 3,
        "the row says nothing about the film": 1,
        "tmdb_id repeats an earlier row": 1,
    }


def test_a_row_may_be_named_by_its_imdb_id_alone(tmp_path):
    frame, rejects = read(
        tmp_path,
        {"imdb_id": "tt0114709", "title": "Toy Story"},
        {"imdb_id": "114709", "title": "Toy Story, again"},
        {"tmdb_id": "949", "imdb_id": "tt0113277", "title": "Heat"},
    )
    assert frame["imdb_id"].to_list() == ["0114709", "0113277"]
    assert frame["tmdb_id"].isna().tolist() == [True, False]
    assert rejects.table()["title"].to_list() == ["Toy Story, again"]


def test_a_table_without_rows_is_none_the_worse(tmp_path):
    frame, rejects = read(tmp_path)
    assert frame.empty
    assert {"tmdb_id", "imdb_id", "year", "runtime", "overview"} <= set(frame.columns)
    assert rejects.table().empty


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / NAME
    path.write_text("tmdb_id,title\n1,Ariel\n")
    with pytest.raises(CineMatchError, match=r"tmdb_metadata\.csv lacks the columns release_date, runtime, popularity"):
        read_metadata(path, RejectLog())


# --- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "NaN", "nan", " "])
def test_a_runtime_that_nobody_knows_stays_unknown(tmp_path, text):
    runtime, mended = value(tmp_path, "runtime", text)
    assert runtime is pd.NA
    assert mended == {}


@pytest.mark.parametrize(("text", "minutes"), [("1", 1), ("95.6", 96), (str(MAX_RUNTIME), MAX_RUNTIME), (" 90 ", 90)])
def test_a_runtime_is_in_whole_minutes(tmp_path, text, minutes):
    assert value(tmp_path, "runtime", text) == (minutes, {})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("0", "runtime of 0 or less made unknown"),
        ("0.2", "runtime of 0 or less made unknown"),
        ("-90", "runtime of 0 or less made unknown"),
        ("60000", "runtime above 1440 minutes made unknown"),
        ("inf", "runtime above 1440 minutes made unknown"),
        ("1h 30", "runtime that is no number made unknown"),
    ],
)
def test_a_runtime_that_cannot_be_is_made_unknown_and_counted(tmp_path, text, what):
    runtime, mended = value(tmp_path, "runtime", text)
    assert runtime is pd.NA
    assert mended == {what: 1}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("vote_average", "11", "vote_average below 0 or above 10 made unknown"),
        ("vote_count", "-1", "vote_count below 0 or above 1e+09 made unknown"),
        ("vote_count", "1e300", "vote_count below 0 or above 1e+09 made unknown"),
        ("popularity", "inf", "popularity below 0 or above 1e+09 made unknown"),
        ("popularity", "/beware.jpg", "popularity that is no number made unknown"),
    ],
)
def test_votes_that_cannot_be_are_made_unknown_and_counted(tmp_path, name, text, what):
    number, mended = value(tmp_path, name, text)
    assert number is pd.NA
    assert mended == {what: 1}


@pytest.mark.parametrize(
    ("text", "year"), [("1995-11-22", 1995), ("1995", 1995), (" 1995-01", 1995), ("0000-00-00", 0)]
)
def test_the_year_is_that_of_the_release(tmp_path, text, year):
    frame, _ = read(tmp_path, {"tmdb_id": "1", "title": "Ariel", "release_date": text})
    assert frame["year"].to_list() == [year]


@pytest.mark.parametrize("text", ["", "22/11/1995", "12.5", "1e9", "infinity", "soon"])
def test_a_date_that_does_not_begin_with_a_year_gives_none(tmp_path, text):
    frame, _ = read(tmp_path, {"tmdb_id": "1", "title": "Ariel", "release_date": text})
    assert frame["year"].isna().all()


def test_html_is_taken_out_of_texts_and_counted(tmp_path):
    frame, rejects = read(
        tmp_path,
        {"tmdb_id": "1", "title": "Fast &amp; Furious", "overview": "<p>One</p><p>two<br/>three &lt;3</p>"},
        {"tmdb_id": "2", "title": "Plain", "overview": " Stray \t space,\nlines ", "director": "Joel &amp; Ethan\r"},
        {"tmdb_id": "3", "title": "Q & A", "overview": "It is 5 < 6 and 7 > 6.", "director": "Lu\0met"},
    )
    assert frame["title"].to_list() == ["Fast & Furious", "Plain", "Q & A"]
    assert frame["overview"].to_list() == ["One two three <3", "Stray space, lines", "It is 5 < 6 and 7 > 6."]
    assert frame["director"].to_list() == ["", "Joel & Ethan", "Lumet"]
    assert rejects.repairs == {
        NAME: {
            "HTML, control characters or stray white space taken out of the title": 1,
            "HTML, control characters or stray white space taken out of the overview": 2,
            "HTML, control characters or stray white space taken out of the director": 2,
        }
    }


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<i>Se7en</i>", "Se7en"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ("one<!-- no\nnote -->two", "onetwo"),
        ('<a href="x">link</a>', "link"),
        ("a <3 b", "a <3 b"),
        ("x < y > z", "x < y > z"),
        ("R&D", "R&D"),
        ("", ""),
    ],
)
def test_plain_text(text, plain):
    assert plain_text(text) == plain


@given(st.text())
def test_plain_text_is_one_line_without_stray_space(text):
    plain = plain_text(text)
    assert plain == " ".join(plain.split())


def test_imdb_ids_are_digits_with_their_zeros():
    ids = ["tt0114709", "114709", " tt10872600 ", "0000000", "tt", "", "tt12a", "123456789", "١٢٣"]
    assert imdb_digits(pd.Series(ids)).to_list() == ["0114709", "0114709", "10872600", *[""] * 6]


WILD = st.one_of(
    st.sampled_from(
        ["", "1", "2", "2.5", "-1", "nan", "inf", "1e400", "2019-05-01", "12.5", "<b>x</b>", "a\r\nb", "|"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.floats().map(str),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.sampled_from([*TMDB_COLUMNS, "imdb_id"]), WILD, max_size=8), max_size=6))
def test_no_table_fails_and_every_row_is_accounted_for(tmp_path, rows):
    frame, rejects = read(tmp_path, *rows)
    assert len(frame) + len(rejects.table()) == len(rows)
    assert frame["tmdb_id"].dropna().is_unique
    assert frame["runtime"].dropna().between(1, MAX_RUNTIME).all()
    for name in ("title", "overview", "keywords", "cast_top", "director"):
        assert not frame[name].str.contains(r"[\r\n]").any()


@pytest.mark.parametrize(
    "words",
    [
        "nan",
        "NULL",
        "None",
        "\\N",
        "n/a",
        "-",
        "TBD",
        "Unknown",
        "No overview found.",
        "no plot",
        "Summary unavailable",
    ],
)
def test_an_overview_that_says_nothing_is_unknown_and_counted(tmp_path, words):
    table, rejects = read(tmp_path, {"tmdb_id": "1", "overview": words}, {"tmdb_id": "2", "overview": "No way out."})
    assert table["overview"].tolist() == ["", "No way out."]
    assert rejects.repairs[NAME] == {"overview that says nothing, such as 'nan', made unknown": 1}
