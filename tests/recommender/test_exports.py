"""One person's ratings from the exports of other services, matched with the films of a run."""

import json
import warnings
import zipfile

import pandas as pd
import pytest
from support.small_runs import recommender_of

from cinematch_lib import Preferences
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.export_files import read_export
from cinematch_lib.recommender.exports import match, parse_export, rated_films

FILMS = (
    {"title": "Heat", "year": 1995, "imdbId": "0113277", "tmdbId": 949},
    {"title": "Amélie", "year": 2001, "imdbId": "0211915", "tmdbId": 194},
    {"title": "The Matrix", "year": 1999, "imdbId": "0133093", "tmdbId": 603},
)
LETTERBOXD = (
    "Date,Name,Year,Letterboxd URI,Rating\n2021-03-04,Heat,1995,https://a/1,4.5\n2021-03-05,Amélie,2001,https://a/2,3\n"
)
IMDB = (
    "Const,Your Rating,Date Rated,Title,Title Type,Year\n"
    'tt0113277,9,2021-03-04,"Heat",Movie,1995\ntt0211915,6,2021-03-05,Amelie,Movie,2001\n'
)
TRAKT = [
    {"rated_at": "2021-03-04T10:00:00Z", "rating": 9, "type": "movie", "movie": {"ids": {"imdb": "tt0113277"}}},
    {"rated_at": "2021-03-05T10:00:00Z", "rating": 6, "type": "movie", "movie": {"ids": {"tmdb": 194}}},
    {"rated_at": "2021-03-05T10:00:00Z", "rating": 1, "type": "show", "show": {"title": "Heat"}},
]
FORMS = {
    "letterboxd": LETTERBOXD,
    "imdb": IMDB,
    "imdb ids": "imdbId,stars\n113277,4.5\n0211915,3\n",
    "tmdb ids": "tmdb_id;rating\n949.0;4,5\n194;3\n",
    "movie ids": "movieId,rating\n1,4.5\n2,3.0\n",
    "as people write them": 'Film,My rating\nHeat - 1995,★★★★½\n"amelie, 2001",6/10\n',
    "in words": "Film,My rating\nHeat [1995],4.5 stars\namelie,3 out of 5\n",
    "coloured, per cent": "Title;Stars\nHeat;⭐️⭐️⭐️⭐️½\nAmélie – 2001;60%\n",
    "my own stars under IMDb's name": "Title,Your Rating\nHeat,4.5\nAmelie,3\n",
    "titles, of ten": "Title,Score\nHeat (1995),9\namelie,6\n",
    "rated twice, the newest first": LETTERBOXD + "2020-01-01,Heat,1995,https://a/1,1\n2020-01-01,The Matrix,1999,,\n",
}


@pytest.fixture(scope="module")
def recommender():
    return recommender_of(*FILMS)


def write(folder, content, name="ratings.csv"):
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("form", FORMS)
def test_ratings_of_every_form_are_stars_of_the_same_films(tmp_path, recommender, form):
    found = match(read_export(write(tmp_path, FORMS[form])), recommender)
    assert (found.stars, found.not_found) == ({1: 4.5, 2: 3}, [])


def test_a_file_in_utf_16_is_read(tmp_path, recommender):
    (tmp_path / "ratings.csv").write_text(LETTERBOXD, encoding="utf-16")
    assert match(read_export(tmp_path / "ratings.csv"), recommender).stars == {1: 4.5, 2: 3}


def test_trakts_json_and_letterboxds_zip(tmp_path, recommender):
    path = write(tmp_path, json.dumps(TRAKT), "ratings-movies.json")
    assert match(read_export(path), recommender).stars == {1: 4.5, 2: 3}
    with zipfile.ZipFile(tmp_path / "letterboxd.zip", "w") as archive:
        archive.writestr("watched.csv", "x")
        archive.writestr("ratings.csv", LETTERBOXD)
    assert match(read_export(tmp_path / "letterboxd.zip"), recommender).stars == {1: 4.5, 2: 3}


def test_what_was_read_in_another_than_the_plain_way_is_told(tmp_path, recommender):
    found = match(
        read_export(write(tmp_path, "Film,Rating\nHeat - 1995,8/10\nAmelie,7/10\nThe Matrix,★★★\n")), recommender
    )
    assert found.stars == {1: 4, 2: 3.5, 3: 3}
    assert found.remarks == [
        "2 ratings written as '8/10', which is 4 stars",
        "1 rating written as '★★★', which is 3 stars",
        "1 title with a year behind, as 'Heat - 1995'",
    ]
    assert match(read_export(write(tmp_path, IMDB)), recommender).remarks == ["2 ratings from 1 to 10, halved"]
    assert match(read_export(write(tmp_path, LETTERBOXD)), recommender).remarks == []


def test_control_characters_in_titles_are_removed_and_told(recommender):
    for table in (parse_export("Name,Rating\nHe\0at,4\n"), rated_films({"title": ["He\0at"], "rating": [4]})):
        found = match(table, recommender)
        assert (found.stars, found.remarks) == ({1: 4}, ["1 title with control characters, which were removed"])


def test_a_title_is_found_with_its_year_in_other_forms(recommender):
    assert [recommender.find(f"heat{year}").movie_id for year in (", 1995", " - 1995", " [1995]")] == [1, 1, 1]
    with pytest.raises(UnknownNameError, match=r"no film here is called 'Heet \(1995\)'; did you mean Heat \(1995\)"):
        recommender.find("Heet, 1995")


def test_a_title_that_ends_in_a_year_stays_whole_where_a_film_has_it():
    catalog = recommender_of({"title": "Class of 1999", "year": 1990}, {"title": "Berlin, 1999", "year": 2002})
    found = match(
        rated_films({"title": ["Class of 1999", "Berlin, 1999"], "year": [1990, 2002], "stars": [4, 5]}), catalog
    )
    assert (found.stars, found.remarks) == ({1: 4, 2: 5}, [])


def test_what_is_not_found_is_listed_with_suggestions(tmp_path, recommender):
    path = write(tmp_path, "Name,Year,Rating\nThe Matrx,1999,5\nNosferatu the Unheard,1922,4\nHeat,1995,4\n")
    found = match(read_export(path), recommender)
    assert found.stars == {1: 4}
    assert [one.film.label for one in found.not_found] == ["The Matrx (1999)", "Nosferatu the Unheard (1922)"]
    assert found.not_found[0].suggestions[0] == "The Matrix (1999)"
    assert str(found.not_found[0]).startswith("The Matrx (1999) (did you mean The Matrix (1999)")


@pytest.mark.parametrize(
    ("table", "stars"),
    [
        ({"movieId": [1, 2, 1], "title": ["Sabrina"] * 3, "rating": [5, 1, 4]}, {1: 4, 2: 1}),
        (
            {"Const": ["tt0113277", "tt0211915"], "Title": ["Hamlet"] * 2, "Year": [2000] * 2, "rating": [4, 3]},
            {1: 4, 2: 3},
        ),
        ({"tmdbId": [949, 194], "title": ["Hamlet"] * 2, "rating": [4, 3]}, {1: 4, 2: 3}),
        ({"movieId": [1, None], "tmdbId": [None, 1], "title": ["Heat", "Ariel"], "rating": [4, 3]}, {1: 4}),
        ({"title": ["Heat", "Heat"], "rating": [5, 1]}, {1: 1}),
    ],
)
@pytest.mark.filterwarnings("ignore:1 of 2 rated films")
def test_films_of_one_title_are_told_apart_by_their_ids(recommender, table, stars):
    assert Preferences.from_ratings(table, recommender).ratings == stars


@pytest.mark.parametrize("kind", ["TV Series", "tvMiniSeries", "TV Episode", "Video Game"])
def test_what_imdb_calls_no_film_is_found_by_its_id_alone(tmp_path, recommender, kind):
    rows = f"Const,Your Rating,Title,Title Type,Year\ntt9999999,9,Heat,{kind},1995\ntt0113277,8,Hot,{kind},1995\n"
    found = match(read_export(write(tmp_path, rows)), recommender)
    assert (found.stars, [str(one) for one in found.not_found]) == ({1: 4.0}, [f"Heat (1995) ({kind})"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Date,Name\n2021-01-01,Heat\n", "has no columns that say which film and how many stars; it needs a column Ra"),
        ("", "its first line names nothing"),
        ("Name,Rating\nHeat,good\n", "has the rating 'good' on line 2, which is no number of stars"),
        ("Name,Rating\nHeat,\n", "holds no rating; give a file of rated films"),
        ("Name,Rating\nHeat,80\nAmelie,7\n", "has ratings from 7 to 80; stars go from 0.5 to 5, or from 1 to 10"),
        ("Name,Rating\nHeat,nan\n", "has the rating 'nan' on line 2, which is no number of stars"),
        ('Name,Rating\n"' + "x" * 200_000 + '",5\n', "is no CSV: line 2: field larger than field limit"),
        ("[1]", "must hold a list of ratings, as Trakt exports them"),
        ("[", "is not JSON: Expecting value"),
        ("PK\x03\x04", "is damaged or no zip (File is not a zip file); download it again"),
        ("Name,Rating\nHeat,6/5\n", "has ratings from 6 to 6; stars go from 0.5 to 5, or from 1 to 10"),
        ("Name,Rating\nHeat,7/8\n", "has the rating '7/8' on line 2, which is no number of stars"),
        ("Name,Rating\nHeat,0\n", "has ratings from 0 to 0; stars go from 0.5 to 5, or from 1 to 10"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path, content, said):
    with pytest.raises(CineMatchError) as refused:
        read_export(write(tmp_path, content))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CineMatchError, match="was not found; give a file of ratings, as Letterboxd or IMDb exports it"):
        read_export(tmp_path / "mine.csv")


ROWS = [{"imdbId": "tt0113277", "rating": 9.0}, {"imdbId": "211915", "rating": 6}, {"imdbId": None, "rating": None}]


@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        pd.DataFrame(ROWS),
        {"movieId": [1, 2.0], "Rating": [4.5, 3]},
        pd.DataFrame({"title": ["Heat (1995)", "amelie"], "stars": [4.5, 3.0], "seen": ["a", "b"]}),
    ],
)
@pytest.mark.filterwarnings("ignore:read from the table")
def test_preferences_are_made_of_a_table_of_ratings(recommender, table):
    made = Preferences.from_ratings(table, recommender, preferred_genres=["crime"])
    assert (made.ratings, made.preferred_genres) == ({1: 4.5, 2: 3}, ("crime",))


def test_preferences_are_made_of_a_file_or_of_ids_alone(tmp_path, recommender):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Preferences.from_ratings(write(tmp_path, LETTERBOXD), recommender).ratings == {1: 4.5, 2: 3}
        assert Preferences.from_ratings({"movieId": [6], "rating": [5]}).ratings == {6: 5}


def test_converted_ratings_are_warned_of(tmp_path, recommender):
    with pytest.warns(UserWarning, match="read from the table: 2 ratings from 1 to 10, halved"):
        assert Preferences.from_ratings(write(tmp_path, IMDB), recommender).ratings == {1: 4.5, 2: 3}


def test_rated_films_that_are_not_found_are_warned_of(recommender):
    table = {"title": ["Heat", "The Matrx", *(f"Zzyzx {at}" for at in range(20))], "rating": [4] * 22}
    with pytest.warns(UserWarning, match=r"21 of 22 rated films were not found: The Matrx \(did you .*; and 11 more$"):
        assert Preferences.from_ratings(table, recommender).ratings == {1: 4}


@pytest.mark.parametrize(
    ("table", "catalog", "said"),
    [
        ([], True, "has no columns that say which film"),
        ("Heat", False, "Heat was not found; give a file of ratings"),
        ([6, 7], True, "ratings must be a table with the columns movieId and rating, got [6, 7]"),
        ({"title": ["Heat"], "rating": [5]}, False, "Heat has no movieId; give the recommender too"),
        ({"movieId": [99], "rating": [5]}, True, "none of the 1 rated films was found in this catalog"),
    ],
)
@pytest.mark.filterwarnings("ignore:1 of 1 rated films")
def test_tables_that_give_no_ratings_are_refused(recommender, table, catalog, said):
    with pytest.raises(CineMatchError) as refused:
        Preferences.from_ratings(table, recommender if catalog else None)
    assert said in str(refused.value)


def test_many_titles_are_matched_as_one_by_one():
    films = [{"title": f"Film {at}", "year": 1950 + at % 60} for at in range(300)]
    twins = [{"title": "Twins", "year": 1999, "vote_count": votes} for votes in (1, 5, 3)]
    catalog = recommender_of(*films, *twins)
    for title, year in (("Film 7", 1957), ("FILM  7", 1957), ("Twins", 1999)):
        assert catalog.id_titled(title, year) == catalog.find(f"{title} ({year})").movie_id
    assert catalog.id_titled("Film 7", 1958) is None
