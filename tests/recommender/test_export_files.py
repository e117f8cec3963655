"""Exports in the forms in which their files lie about: encodings, archives, folders, and unclean tables."""

import gzip
import json
import zipfile

import pytest
from support.small_runs import recommender_of

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.export_files import read_export
from cinematch_lib.recommender.exports import match

FILMS = ({"title": "Heat", "year": 1995, "tmdbId": 949}, {"title": "Amélie", "year": 2001, "tmdbId": 194})
TABLE = "Name,Year,Rating\nHeat,1995,4.5\nAmélie,2001,3\n"
LIST = [{"title": "Heat", "year": 1995, "rating": 4.5}, {"title": "Amélie", "year": 2001, "rating": 3}]
FORMS = {
    "Windows-1252": TABLE.encode("cp1252"),
    "UTF-16 without its mark": TABLE.encode("utf-16-le"),
    "gz": gzip.compress(TABLE.encode()),
    "ends of lines of old Macs": TABLE.replace("\n", "\r").encode(),
    "empty lines first": b"\n\r\n" + TABLE.encode(),
    "Excel's first line": b"sep=;\n" + TABLE.replace(",", ";").encode(),
    "a flat list": json.dumps(LIST).encode(),
    "a list in an object": json.dumps({"ratings": LIST, "user": "me"}).encode(),
}


@pytest.fixture(scope="module")
def catalog():
    return recommender_of(*FILMS)


def stored(folder, content, name="mine"):
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("form", FORMS)
def test_files_of_every_usual_form_are_read(tmp_path, catalog, form):
    found = match(read_export(stored(tmp_path, FORMS[form])), catalog)
    assert (found.stars, found.not_found) == ({1: 4.5, 2: 3}, [])
    assert list(found.remarks) == ["rows read as Windows-1252, as they are no UTF-8"] * (form == "Windows-1252")


@pytest.mark.parametrize(
    "files",
    [
        {"me/ratings.csv": TABLE, "me/deleted/ratings.csv": "Name,Rating\nHeat,1\n", "me/watched.csv": "x"},
        {"ratings-movies.json": json.dumps(LIST), "ratings-shows.json": "[]", "watched.json": "[]"},
        {"My ratings.csv": TABLE, "readme.txt": "x"},
        {"export.csv": TABLE},
    ],
)
def test_the_ratings_in_a_zip_or_a_folder_are_found(tmp_path, catalog, files):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    assert match(read_export(tmp_path / "mine.zip"), catalog).stars == {1: 4.5, 2: 3}
    stored(tmp_path, TABLE.encode(), "ratings.csv")
    assert match(read_export(tmp_path), catalog).stars == {1: 4.5, 2: 3}


def test_an_archive_without_ratings_says_what_it_holds(tmp_path):
    for names, said in (
        (["a.csv", "b.csv"], "holds no ratings.csv but a.csv, b.csv; unpack it"),
        (["xl/workbook.xml", "a.csv"], "is a workbook of Excel; save it as CSV"),
        ([], "holds no ratings.csv but nothing"),
    ):
        with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        with pytest.raises(CineMatchError, match=said):
            read_export(tmp_path / "mine.zip")
    with pytest.raises(CineMatchError, match=r"is a folder without a ratings\.csv; name the file"):
        read_export(tmp_path)
    with pytest.raises(CineMatchError, match="is damaged or no zip"):
        read_export(stored(tmp_path, gzip.compress(TABLE.encode())[:-9], "short.gz"))


def test_a_separator_in_a_value_does_not_shift_the_stars(tmp_path):
    with pytest.raises(CineMatchError, match="has 4 values on line 3, and 3 columns; put quotes around values"):
        read_export(stored(tmp_path, b"Name,Year,Rating\nHeat,1995,4.5,,\nHeat,1995,4,5\n"))


@pytest.mark.parametrize(
    ("dates", "stars"),
    [
        (("31/12/2009", "01/02/2019"), 5),
        (("12/31/2019", "01/02/2009"), 1),
        (("1.2.2019", "3.1.2009"), 1),
        (("1300000000", "999999999"), 1),
        (("01/02/2019", "02/03/2009"), 5),  # in no clear order: the last of the file counts
    ],
)
def test_the_newest_rating_counts_whatever_form_its_date_has(tmp_path, catalog, dates, stars):
    rows = f"Name,Rating,Date\nHeat,1,{dates[0]}\nHeat,5,{dates[1]}\n"
    assert match(read_export(stored(tmp_path, rows.encode())), catalog).stars == {1: stars}


def test_series_whose_ids_are_those_of_films_are_left_out_and_told(tmp_path, catalog):
    rows = b"type,title,tmdb_id,rating,rated_at\nshow,Fargo,949,2,2020\nmovie,Heat,949,9,2020\n"
    found = match(read_export(stored(tmp_path, rows)), catalog)
    assert (found.stars, found.not_found) == ({1: 4.5}, [])
    assert found.remarks == ["1 rating from 1 to 10, halved", "1 row about series, left out"]


def test_ratings_of_which_none_is_a_like_are_told(tmp_path, catalog):
    found = match(read_export(stored(tmp_path, b"Name,Rating\nHeat,3.5\nAmelie,1\n")), catalog)
    assert found.remarks == ["none of 2 ratings reaches 4 stars, from which on a film is liked"]
