import io
import json

import numpy as np
import pytest
from support.small_runs import film_table

from cinematch_lib.artifacts.films_table import FilmColumns, movies_meta
from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.preferences import Preferences


def films_of(*films, source="file"):
    table = film_table(*films)
    return FilmTable(movies_meta(table, np.zeros(len(table)), [], source, []))


@pytest.fixture
def films():
    return films_of(
        {"title": "Heat", "year": 1995, "runtime": 170, "genres": "action|crime", "services": "Hulu|Netflix (demo)"},
        {"title": "Solaris", "year": 1972, "runtime": None, "genres": "sci-fi", "services": "Netflix (demo)"},
        {"title": "Undated", "year": None, "runtime": 90, "genres": "", "services": ""},
    )


def test_a_film_has_what_the_table_has():
    films = films_of(
        {
            "movieId": 6,
            "tmdbId": 949,
            "imdbId": "0113277",
            "title": "Heat",
            "year": 1995,
            "genres": "action|crime",
            "overview": "A thief.",
            "runtime": 170,
            "cast_top": "Al Pacino|Robert De Niro",
            "director": "Michael Mann",
            "original_language": "en",
            "poster_path": "/heat.jpg",
            "services": "Hulu",
        }
    )
    assert films.movie(films.row(6)) == Movie(
        movie_id=6,
        title="Heat",
        year=1995,
        runtime=170,
        genres=("action", "crime"),
        services=("Hulu",),
        overview="A thief.",
        director=("Michael Mann",),
        cast=("Al Pacino", "Robert De Niro"),
        tmdb_id=949,
        imdb_id="0113277",
        poster_path="/heat.jpg",
        original_language="en",
    )


def test_what_is_unknown_is_none_or_empty(films):
    undated = films.movie(2)
    assert (undated.year, undated.runtime, undated.genres, undated.services) == (None, 90, (), ())
    assert undated.overview == undated.label == "Undated"
    assert films.movie(1).runtime is None


def test_labels(films):
    assert [films.movie(row).label for row in range(3)] == ["Heat (1995)", "Solaris (1972)", "Undated"]


def test_a_film_as_plain_values_says_whether_its_overview_is_known(films):
    assert repr(films.movie(0)) == "Movie(1: Heat (1995))"
    plain = films.movie(0).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["movie_id"], plain["genres"], plain["overview_known"]) == (1, ["action", "crime"], False)
    assert films_of({"title": "Heat", "overview": "A thief."}).movie(0).overview_known


def test_genres_and_services_that_occur(films):
    assert films.genres == ("action", "crime", "sci-fi")
    assert films.services == ("Hulu", "Netflix (demo)")


def fitting(films, preferences):
    """The rows of the films that fit all that the preferences say."""
    selection = films.filter(preferences)
    return selection.rows[films.allowed_mask(selection, preferences)].tolist()


@pytest.mark.parametrize("spelling", ["sci-fi", "Sci-Fi", " SCIFI ", "science fiction", "Science-Fiction", "sf"])
def test_genres_in_any_spelling(films, spelling):
    assert films.genre(spelling) == "sci-fi"
    assert fitting(films, Preferences(preferred_genres=[spelling])) == [1]


@pytest.mark.parametrize("spelling", ["netflix", "NETFLIX", "Netflix (demo)", " net flix "])
def test_services_in_any_spelling_with_or_without_the_demo_mark(films, spelling):
    assert films.service(spelling) == "Netflix (demo)"
    assert fitting(films, Preferences(services=[spelling])) == [0, 1]


@pytest.mark.parametrize(
    ("preferences", "rows"),
    [
        ({}, [0, 1, 2]),
        ({"preferred_genres": ["crime", "sci-fi"]}, [0, 1]),
        ({"services": ["hulu", "netflix"]}, [0, 1]),
        ({"services": ["hulu"], "preferred_genres": ["sci-fi"]}, []),
        ({"runtime_min": 90}, [0, 2]),
        ({"runtime_max": 90}, [2]),
        ({"runtime_min": 0, "runtime_max": 999}, [0, 2]),  # nobody knows how long Solaris is
        ({"year_min": 1972, "year_max": 1972}, [1]),
        ({"year_min": 1}, [0, 1]),
        ({"liked_movie_ids": [1], "disliked_movie_ids": [2], "not_interested_ids": [3]}, []),
        ({"not_interested_ids": [2, 2]}, [0, 2]),
    ],
)
def test_which_films_fit(films, preferences, rows):
    assert fitting(films, Preferences(**preferences)) == rows


def test_a_genre_named_twice_counts_once(films):
    preferences = Preferences(preferred_genres=["Sci-Fi", "action", "science fiction"])
    assert films.preferred_genres(preferences) == ("sci-fi", "action")
    selection = films.filter(preferences)
    assert selection.genre_share.tolist() == [0.5] * len(selection)


def test_the_same_filters_select_the_same_films_once(films):
    one = films.filter(Preferences(liked_movie_ids=[1], services=["netflix"], year_min=1972))
    other = films.filter(Preferences(disliked_movie_ids=[2], services=["Netflix (demo)"], year_min=1972))
    assert one is other
    assert films.allowed_mask(one, Preferences(liked_movie_ids=[1])).tolist() == [False, True]
    assert films.filter(Preferences(services=["netflix"])) is not one
    with pytest.raises(ValueError, match="read-only"):
        one.rows[0] = 9


def test_values_of_the_selected_films_are_taken_once(films):
    selection = films.filter(Preferences(services=["netflix"], year_min=1972))
    twice, thrice = 2.0 * films.ids, 3.0 * films.ids
    assert (selection.take(twice).tolist(), selection.take(thrice).tolist()) == ([2.0, 4.0], [3.0, 6.0])
    assert selection.take(twice) is selection.take(twice)


# --- messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [99999, 10**30, -1, 0])
def test_an_unknown_id_suggests_nothing_by_number(films, unknown):
    with pytest.raises(UnknownNameError) as raised:
        films.row(unknown)
    assert str(raised.value) == f"no film here has the id {unknown}; search for its title to find its id"
    assert raised.value.suggestions == ()


@pytest.mark.parametrize("wrong", ["1", None, True, 1.5])
def test_what_is_no_id_is_told(films, wrong):
    with pytest.raises(CineMatchError, match="movie_id must be a whole number, got "):
        films.row(wrong)


def test_an_unknown_genre(films):
    with pytest.raises(UnknownNameError) as raised:
        films.genre("crme")
    assert str(raised.value) == (
        "no film here has the genre 'crme'; there are action, crime, sci-fi; did you mean crime?"
    )
    assert raised.value.suggestions == ("crime",)
    for none in ("", "IMAX", "(no genres listed)"):
        with pytest.raises(UnknownNameError, match="no film here has the genre"):
            films.genre(none)


def test_an_unknown_service(films):
    with pytest.raises(UnknownNameError) as raised:
        films.service("Hullu")
    assert str(raised.value) == (
        "no film here is on 'Hullu'; the services are Hulu, Netflix (demo); did you mean Hulu?"
    )


def test_a_service_where_none_is_known():
    with pytest.raises(UnknownNameError) as raised:
        films_of({"title": "Heat"}, source="none").service("Netflix")
    assert str(raised.value) == (
        "no film here is known to be on 'Netflix': this run was made with services=none and knows of no service; "
        "run the pipeline with -p services demo, file or tmdb"
    )


@pytest.mark.parametrize(
    ("preferences", "message"),
    [
        ({"liked_movie_ids": [1, 2], "disliked_movie_ids": [2]}, "film 2 is both liked and disliked; choose one"),
        ({"runtime_min": 120, "runtime_max": 90}, "runtime_min must not be above runtime_max, got 120 and 90"),
        ({"year_min": 2000, "year_max": 1999}, "year_min must not be above year_max, got 2000 and 1999"),
        ({"preferred_genres": "crime"}, "preferred_genres must be a list, got the text 'crime'; put it in a list"),
        ({"services": "Hulu"}, "services must be a list, got the text 'Hulu'; put it in a list"),
        ({"liked_movie_ids": "6"}, "liked_movie_ids must be a list, got the text '6'; put it in a list"),
        ({"liked_movie_ids": 6}, "liked_movie_ids must be a list, got 6; put it in a list"),
        (
            {"liked_movie_ids": ["Heat"]},
            "liked_movie_ids must hold MovieLens ids, which are whole numbers, got 'Heat'; "
            "recommender.find('Heat').movie_id is that of a title",
        ),
        ({"liked_movie_ids": [[6]]}, "liked_movie_ids must be a flat list: unhashable type: 'list'"),
        (
            {"not_interested_ids": [True]},
            "not_interested_ids must hold MovieLens ids, which are whole numbers, got True",
        ),
        ({"preferred_genres": [5]}, "preferred_genres must hold names, got 5"),
        ({"runtime_max": "90"}, "runtime_max must be a number or None, got '90'"),
        ({"year_min": float("nan")}, "year_min must be a number or None, got nan"),
    ],
)
def test_preferences_that_cannot_be(preferences, message):
    with pytest.raises(CineMatchError) as raised:
        Preferences(**preferences)
    assert str(raised.value) == message


def test_none_is_left_out():
    fields = Preferences.__dataclass_fields__
    assert Preferences(**dict.fromkeys(fields)) == Preferences()


def test_any_kind_of_list_will_do():
    expected = Preferences(liked_movie_ids=[6, 1], preferred_genres=["crime"])
    assert Preferences(liked_movie_ids=np.array([6, 1, 6]), preferred_genres={"crime"}) == expected
    assert Preferences(liked_movie_ids=iter((6, 1)), preferred_genres=("crime", "crime")) == expected
    assert hash(expected) == hash(Preferences(liked_movie_ids=(6, 1), preferred_genres=("crime",)))


def test_the_films_table_is_read_as_it_was_written_with_what_is_unknown():
    table = film_table({"year": None, "runtime": 90, "genres": "crime|drama"}, {"title": "Œuvre", "year": 1995})
    meta = movies_meta(table, np.array([0.5, -0.5]), ["a"], "none", ["x"])
    meta.columns.write(file := io.BytesIO())
    read = FilmTable(meta._replace(columns=FilmColumns.read(file.getvalue())))
    assert [read.movie(row) for row in (0, 1)] == [FilmTable(meta).movie(row) for row in (0, 1)]
    first, second = read.movie(0), read.movie(1)
    assert (first.year, first.runtime, first.genres, first.tmdb_id) == (None, 90, ("crime", "drama"), None)
    assert (second.title, second.year, read.quality.tolist()) == ("Œuvre", 1995, [0.5, -0.5])
    assert meta.facts() == {"features": ["a"], "services_source": "none", "attributions": ["x"]}


@pytest.mark.parametrize("ids", [[2, 1], [1, 1]])
def test_films_that_are_not_ordered_by_id_are_refused(ids):
    table = film_table({}, {}).assign(movieId=ids)
    with pytest.raises(CineMatchError, match="movie ids must be ascending without repeats"):
        movies_meta(table, np.zeros(2), [], "none", [])


def test_an_id_of_imdb_or_a_title_is_found_among_all_texts():
    texts = Texts.of(["0113277", "", "1327", "013277", "Œ", "0113277"])
    assert [texts.index(one) for one in ("0113277", "", "1327", "013277", "Œ")] == [0, 1, 2, 3, 4]
    assert "13277" not in texts and "" in texts and "" not in Texts.of(["a"])
    with pytest.raises(ValueError, match="no text is '7'"):
        texts.index("7")
