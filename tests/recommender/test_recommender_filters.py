"""Filters are exact: against a filter in plain Python, over preferences of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_runs import check_order, check_reasons, ids, recommender_of

from cinematch_lib import Preferences, UnknownNameError

GENRES = ["action", "comedy", "drama", "sci-fi"]
SERVICES = ["Hulu (demo)", "Netflix (demo)"]
LANGUAGES = ["de", "en", "ja"]


@pytest.fixture(scope="module")
def mixed():
    """Eighty films with every mixture of genres, services, years and runtimes, some of them unknown."""
    draw = np.random.default_rng(7)

    def some(names):
        return "|".join(name for name in names if draw.random() < 0.4)

    films = [
        {
            "movieId": at * 3 + 1,
            "genres": some(GENRES),
            "services": some(SERVICES),
            "year": None if draw.random() < 0.1 else int(draw.integers(1980, 2000)),
            "runtime": None if draw.random() < 0.3 else int(draw.integers(80, 120)),
            "director": some(["Ann", "Bob"]),
            "original_language": str(draw.choice(["", *LANGUAGES])),
        }
        for at in range(80)
    ]
    return recommender_of(*films, quality=draw.normal(0, 0.1, 80).round(1))


def fits(movie, wanted):
    excluded = {*wanted.liked_movie_ids, *wanted.disliked_movie_ids, *wanted.not_interested_ids}
    bounds = (
        (movie.year, wanted.year_min, wanted.year_max),
        (movie.runtime, wanted.runtime_min, wanted.runtime_max),
    )
    return (
        movie.movie_id not in excluded
        and (not wanted.preferred_genres or bool(set(wanted.preferred_genres) & set(movie.genres)))
        and (not wanted.services or bool(set(wanted.services) & set(movie.services)))
        and (not wanted.original_languages or movie.original_language in wanted.original_languages)
        and all(low is None or (value is not None and value >= low) for value, low, _ in bounds)
        and all(high is None or (value is not None and value <= high) for value, _, high in bounds)
    )


IDS = st.lists(st.integers(0, 79).map(lambda at: at * 3 + 1), max_size=4, unique=True)


@st.composite
def preferences(draw):
    liked = draw(IDS)
    bounds = {}
    for name, values in (("year", st.integers(1975, 2005)), ("runtime", st.integers(75, 125))):
        low, high = sorted((draw(values), draw(values)))
        bounds |= {
            f"{name}_min": draw(st.sampled_from([None, low])),
            f"{name}_max": draw(st.sampled_from([None, high])),
        }
    return Preferences(
        liked_movie_ids=liked,
        disliked_movie_ids=[one for one in draw(IDS) if one not in liked],
        not_interested_ids=draw(IDS),
        preferred_genres=draw(st.lists(st.sampled_from(GENRES), max_size=2, unique=True)),
        services=draw(st.lists(st.sampled_from(SERVICES), max_size=2, unique=True)),
        original_languages=draw(st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True)),
        **bounds,
    )


@settings(max_examples=150, deadline=None)
@given(preferences(), st.integers(1, 80))
def test_if_k_films_fit_k_come_back_and_all_fit(mixed, wanted, k):
    allowed = {at * 3 + 1 for at in range(80) if fits(mixed.movie(at * 3 + 1), wanted)}
    found = mixed.recommend(wanted, k)
    assert len(found) == len(set(ids(found))) == min(k, len(allowed))
    assert set(ids(found)) <= allowed
    check_order(found)
    check_reasons(found)
    again = mixed.recommend(wanted, k)
    assert again == found
    assert [one.explanation for one in again] == [one.explanation for one in found]


@settings(max_examples=50, deadline=None)
@given(preferences().filter(lambda wanted: wanted.liked_movie_ids))
def test_a_filter_changes_no_score(mixed, wanted):
    free = {
        one.movie_id: one.score
        for one in mixed.recommend(
            Preferences(
                liked_movie_ids=wanted.liked_movie_ids,
                disliked_movie_ids=wanted.disliked_movie_ids,
            ),
            80,
        )
    }
    bounded = Preferences(
        liked_movie_ids=wanted.liked_movie_ids,
        disliked_movie_ids=wanted.disliked_movie_ids,
        services=wanted.services,
        year_min=wanted.year_min,
    )
    for one in mixed.recommend(bounded, 80):
        assert one.score == free[one.movie_id]


def test_a_language_is_a_code_in_any_case_with_or_without_a_region(mixed):
    assert mixed.original_languages == ("de", "en", "ja")
    found = mixed.recommend(Preferences(original_languages=["EN-us", "ja "]), 80)
    assert {one.movie.original_language for one in found} == {"en", "ja"}
    with pytest.raises(UnknownNameError, match=r"'klingon'; the commonest here: (English|German|Japanese), "):
        mixed.recommend(Preferences(original_languages=["klingon"]))


def test_an_unknown_language_is_answered_with_the_commonest():
    films = recommender_of(*({"original_language": code} for code in ("Assamese", "fr", "en", "fr", "", "", "")))
    with pytest.raises(UnknownNameError, match=r"'de'; the commonest here: French, Assamese, English$"):
        films.language("de")
    with pytest.raises(UnknownNameError, match=r"; did you mean French, English\?$"):
        films.language("frensh")


def test_films_of_one_language_are_found_however_the_run_and_the_person_write_it():
    written = ["Japanese", "ja", "JA", "japanese", "pt-BR", "pt", "Klingon", "cn", "xx", ""]
    films = recommender_of(*({"original_language": one} for one in written))
    assert films.original_languages == ("cn", "ja", "klingon", "pt", "xx")
    wanted = {"JA": 4, " japanese": 4, "ja-JP": 4, "Portuguese": 2, "KLINGON": 1, "Cantonese": 1, "no language": 1}
    for name, n in wanted.items():
        found = films.recommend(Preferences(original_languages=[name]), len(films))
        assert {one.movie.original_language for one in found} == {films.language(name)}
        assert len(found) == films.browse(language=name).count == n
    assert len(films.recommend(Preferences(original_languages=["Japanese", "ja", "pt"]), len(films))) == 6


def test_a_film_has_the_address_of_its_poster():
    films = recommender_of({"poster_path": "/a.jpg"}, {"poster_path": ""})
    assert films.movie(1).poster_url == "https://image.tmdb.org/t/p/w500/a.jpg"
    assert films.movie(1).to_dict()["poster_url"] == films.movie(1).poster_url
    assert films.movie(2).poster_url is None
