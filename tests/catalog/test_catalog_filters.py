"""Which films the filters keep, after merging."""

import pandas as pd
import pytest
from support.merging import films, merge
from support.tables import write_movielens

from cinematch_lib.catalog.filters import Filters, drop_reasons
from cinematch_lib.errors import CineMatchError, UnknownNameError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"min_year": 2000, "max_year": 1999},
            "min_year must not be above max_year, got 2000 and 1999",
        ),
        ({"min_year": 0}, "min_year must be a year from 1870 to 2100 or none, got 0"),
        ({"max_year": 9999}, "max_year must be a year from 1870 to 2100 or none, got 9999"),
        ({"min_ratings": -1}, "min_ratings must be 0 or more, got -1"),
        (
            {"genres_keep": ["Sci-Fi", "Drama"], "genres_drop": ["science fiction"]},
            "genres_keep and genres_drop both name sci-fi; choose one",
        ),
        ({"genres_keep": "Drama"}, "genres_keep must be a list, got the text 'Drama'; put it in a list"),
    ],
)
def test_filters_that_cannot_be_are_refused(options, said):
    with pytest.raises(CineMatchError) as refused:
        Filters(**options)
    assert str(refused.value) == said


FILMS = films(
    (1, 1979, "drama", True),
    (2, 1980, "sci-fi|drama", False),
    (3, 1999, "comedy", True),
    (4, 2000, "", True),
    (5, None, "", False),
    (6, 2001, "children", True),
)


def reasons(counts=None, **options):
    """Why each film of FILMS is dropped, by movieId."""
    found = drop_reasons(FILMS, Filters(**options), None if counts is None else pd.Series(counts))
    return {movie: reason for movie, reason in zip(FILMS["movieId"], found, strict=True) if isinstance(reason, str)}


WITHOUT = {4: "no genre known", 5: "no year known"}  # never kept


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        ({}, {}),
        ({"min_year": 1980}, {1: "before 1980"}),
        ({"max_year": 1999}, {4: "after 1999", 6: "after 1999"}),
        ({"min_year": 1999, "max_year": 1999}, {
            1: "before 1999", 2: "before 1999", 4: "after 1999", 6: "after 1999",
        }),
        ({"require_tmdb": True}, {2: "no TMDb metadata"}),
        ({"genres_drop": ["Drama", "Family"]}, dict.fromkeys((1, 2, 6), "one of the genres drama, children")),
        (
            {"genres_keep": ["Science Fiction", "SciFi", "comedy"]},
            dict.fromkeys((1, 6), "none of the genres sci-fi, comedy"),
        ),
        ({"genres_keep": ["drama"], "genres_drop": ["sci-fi"]}, {
            2: "one of the genres sci-fi", 3: "none of the genres drama", 6: "none of the genres drama",
        }),
    ],
)  # fmt: skip
def test_each_film_is_dropped_for_the_first_rule_it_breaks(options, dropped):
    assert reasons(**options) == WITHOUT | dropped


def test_films_with_too_few_ratings_are_dropped_and_unrated_ones_have_none():
    assert reasons({1: 5, 2: 4, 3: 100}, min_ratings=5) == WITHOUT | dict.fromkeys((2, 6), "fewer than 5 ratings")


def test_min_ratings_needs_ratings():
    with pytest.raises(CineMatchError) as refused:
        reasons(min_ratings=5)
    assert str(refused.value) == "min_ratings=5 needs ratings.csv, which this data set lacks; set min_ratings=0"


@pytest.mark.parametrize("name", ["genres_keep", "genres_drop"])
def test_a_genre_that_no_film_has_is_refused_with_the_closest(name):
    with pytest.raises(UnknownNameError) as refused:
        reasons(**{name: ["Comdy"]})
    assert str(refused.value) == (
        "no film here has the genre 'comdy'; there are children, comedy, drama, sci-fi; did you mean comedy?"
    )
    assert refused.value.suggestions == ("comedy",)


def test_what_is_no_genre_is_refused_too():
    with pytest.raises(UnknownNameError, match=r"no film here has the genre 'IMAX'; there are children, comedy"):
        reasons(genres_keep=["IMAX"])


def test_the_categories_are_the_rules_in_force():
    found = drop_reasons(FILMS, Filters(min_year=1990, genres_drop=["drama"]))
    assert list(found.cat.categories) == [
        "no year known",
        "before 1990",
        "no genre known",
        "one of the genres drama",
    ]
    assert found.index.equals(FILMS.index)


def test_filters_are_asked_of_films_as_they_are_merged(tmp_path):
    movies = [(1, "Heat (1995)", "Crime"), (2, "Ran", "War"), (3, "Fog (2005)", "(no genres listed)")]
    found = drop_reasons(merge(write_movielens(tmp_path, movies))[0], Filters())
    assert found.tolist()[1:] == ["no year known", "no genre known"]
    assert found.isna().tolist() == [True, False, False]
