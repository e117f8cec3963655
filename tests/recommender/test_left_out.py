"""Films that the catalog left out are known as such, by id, title and search."""

import pickle

import pytest
from support.small_runs import filtered_artifacts, recommender_of, sample_recommender

from cinematch_lib import Preferences, Recommender, UnknownNameError
from cinematch_lib.errors import LeftOutError
from cinematch_lib.recommender.exports import match, parse_export, rated_films
from cinematch_lib.recommender.rejected import LeftOutFilm

GODFATHER = 858
SAID = (
    "The Godfather (1972) was left out of this run (before 1980); to bring it in, make a run without this filter: "
    "cinematch run -p min_year null"
)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return Recommender.load(filtered_artifacts(tmp_path_factory))


@pytest.mark.parametrize(
    "ask",
    [
        lambda films: films.movie(GODFATHER),
        lambda films: films.similar(GODFATHER),
        lambda films: films.recommend(Preferences(liked_movie_ids=[GODFATHER])),
        lambda films: films.find("The Godfather"),
        lambda films: films.find("godfather, the (1972)"),
        lambda films: films.find("Godfahter"),
    ],
)
def test_who_asks_for_one_is_told_why_it_is_missing_and_what_to_do(films, ask):
    with pytest.raises(LeftOutError) as raised:
        ask(films)
    assert str(raised.value) == SAID


def test_a_pickled_recommender_knows_them_too(films):
    again = pickle.loads(pickle.dumps(films))  # noqa: S301 - our own bytes
    with pytest.raises(LeftOutError, match="before 1980"):
        again.movie(GODFATHER)
    assert again.left_out("casablanca 1942") == films.left_out("casablanca 1942") != []


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("godfather", ["The Godfather (1972)", "The Godfather: Part II (1974)"]),
        ("the godfather part 2", ["The Godfather: Part II (1974)"]),
        ("Casablanca", ["Casablanca (1942)"]),
        ("casablanka 1942", ["Casablanca (1942)"]),
        ("casablanca 1943", []),
        ("7 samurai", ["Seven Samurai (Shichinin no samurai) (1954)"]),
        ("star wars", ["Star Wars: Episode IV - A New Hope (1977)"]),
        ("star wars 4", ["Star Wars: Episode IV - A New Hope (1977)"]),
        ("a new hope", ["Star Wars: Episode IV - A New Hope (1977)"]),
        ("a star is born 1954", ["A Star Is Born (1954)"]),
        ("toy story", []),
        ("zq", []),
    ],
)
def test_a_search_names_those_of_the_title(films, text, titles):
    assert [one.title for one in films.left_out(text)] == titles
    assert not {one.movie_id for one in films.left_out(text)} & set(films.movie_ids.tolist())


def test_a_film_that_is_here_is_found_before_one_of_its_title_that_is_not(films):
    assert films.find("Psycho").label == "Psycho (1998)"
    assert [one.title for one in films.left_out("psycho")] == ["Psycho (1960)"]
    with pytest.raises(LeftOutError, match=r"^Psycho \(1960\) was left out"):
        films.find("Psycho (1960)")
    with pytest.raises(UnknownNameError, match=r"^no film here is called 'Toy Stroy'; did you mean Toy Story \(1995\)"):
        films.find("Toy Stroy")


def test_ratings_of_such_films_tell_the_reason(films):
    found = match(parse_export("Name,Year,Rating\nThe Godfather,1972,5\nToy Story,1995,4\n"), films)
    assert found.stars == {1: 4}
    assert [str(one) for one in found.not_found] == ["The Godfather (1972) (before 1980)"]


@pytest.mark.parametrize(
    ("table", "label"),
    [
        ({"movieId": [GODFATHER, 1], "rating": [5, 4]}, "858"),
        ({"movieId": [GODFATHER, 1], "title": ["Toy Story", ""], "rating": [5, 4]}, "Toy Story"),
        ({"Const": ["tt0068646", "tt0114709"], "rating": [5, 4]}, "tt0068646"),
    ],
)
def test_ratings_of_such_films_by_any_id_tell_the_reason(films, table, label):
    found = match(rated_films(table), films)
    assert found.stars == {1: 4}
    assert [str(one) for one in found.not_found] == [f"{label} (before 1980)"]


def test_a_run_that_left_nothing_of_the_title_out_says_nothing(tmp_path_factory):
    assert sample_recommender(tmp_path_factory).left_out("godfather") == []
    assert recommender_of({"title": "Heat"}).left_out("godfather") == []


@pytest.mark.parametrize(
    ("reason", "parameter"),
    [
        ("after 1999", "max_year null"),
        ("fewer than 5 ratings", "min_ratings 0"),
        ("none of the genres crime, war", "genres_keep []"),
        ("longer than 120 minutes", "max_runtime null"),
        ("on none of the services Netflix", "services_keep []"),
    ],
)
def test_the_remedy_is_that_of_the_filter(reason, parameter):
    remedy = LeftOutFilm(1, "Heat (1995)", reason).remedy
    assert remedy == f"to bring it in, make a run without this filter: cinematch run -p {parameter}"


def test_the_remedy_for_what_is_unknown_is_to_add_it():
    assert "add what is missing to the data set" in LeftOutFilm(1, "Heat (1995)", "no genre known").remedy
