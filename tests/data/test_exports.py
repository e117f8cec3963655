"""One person's ratings from the exports of other services, matched with the films of a run."""

import json
import zipfile

import pytest
from support.small_runs import recommender_of

from cinematch_lib.data.exports import match, read_export
from cinematch_lib.errors import CineMatchError

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


def test_trakts_json_and_letterboxds_zip(tmp_path, recommender):
    path = write(tmp_path, json.dumps(TRAKT), "ratings-movies.json")
    assert match(read_export(path), recommender).stars == {1: 4.5, 2: 3}
    with zipfile.ZipFile(tmp_path / "letterboxd.zip", "w") as archive:
        archive.writestr("watched.csv", "x")
        archive.writestr("ratings.csv", LETTERBOXD)
    assert match(read_export(tmp_path / "letterboxd.zip"), recommender).stars == {1: 4.5, 2: 3}


def test_what_is_not_found_is_listed_with_suggestions(tmp_path, recommender):
    path = write(tmp_path, "Name,Year,Rating\nThe Matrx,1999,5\nNosferatu the Unheard,1922,4\nHeat,1995,4\n")
    found = match(read_export(path), recommender)
    assert found.stars == {1: 4}
    assert [one.partition(" (did you mean ")[0] for one in found.not_found] == [
        "The Matrx (1999)",
        "Nosferatu the Unheard (1922)",
    ]
    assert "The Matrix (1999)" in found.not_found[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Date,Name\n2021-01-01,Heat\n", "has no columns that say which film and how many stars; it needs a column Ra"),
        ("", "its first line names nothing"),
        ("Name,Rating\nHeat,good\n", "has the rating 'good' on line 2, which is no number"),
        ("Name,Rating\nHeat,\n", "holds no rating; give a file of rated films"),
        ("Name,Rating\nHeat,80\nAmelie,7\n", "has ratings from 7 to 80; stars go from 0.5 to 5, or from 1 to 10"),
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
