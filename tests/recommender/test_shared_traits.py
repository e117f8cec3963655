"""Places of a list for what a few liked films share more often than by chance."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.rated_scores import RATINGS_ONLY
from support.small_runs import check_order, check_reasons, ids, recommender_of

from cinematch_lib import Preferences, Recommender
from cinematch_lib.artifacts.films_table import FilmColumns, MoviesMeta
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.texts import Categories, Texts

ONE, OTHERS = 6, 24  # films by one director, and films by a director each, which far more people like
FIELDS = dict.fromkeys(("title", "overview", "keywords", "cast_top", "genres", "year", "runtime"), 0)


def recommender(likes=2):
    """Whoever likes film 1 or 2 likes the others of the director by .06, .05 … and the other films by .9, .88 …."""
    directors = ["Agnès Varda"] * ONE + [f"Director {at}" for at in range(OTHERS)]
    row = [0, 0, 0.06, 0.05, 0.04, 0.03, *(0.9 - 0.02 * np.arange(OTHERS))]
    of_one = [likes] * ONE if isinstance(likes, int) else likes
    said = ([row, row, *[[0] * len(row)] * (len(row) - 2)], 0.0, of_one + [100] * OTHERS)
    films = [{"director": one, "title": f"{chr(65 + at)} film"} for at, one in enumerate(directors)]
    return recommender_of(*films, weights=RATINGS_ONLY, said=said, field_weights=FIELDS)


@pytest.fixture(scope="module")
def thirty():
    return recommender()


def check_like(many, alone):
    """That a list made with others is that of one alone, but for the order of films whose scores differ by rounding."""
    np.testing.assert_allclose([one.score for one in many], [one.score for one in alone], atol=1e-5)
    assert len(in_common(many)) == len(in_common(alone))


def by_one(found):
    return [one.movie_id for one in found if one.movie_id <= ONE]


def in_common(found):
    return [one for one in found if any(reason.kind == "in_common" for reason in one.reasons)]


def test_a_director_of_both_liked_films_has_three_of_ten_places(thirty):
    plain = thirty.recommend(Preferences(liked_movie_ids=[1]), k=10)
    assert ids(plain) == list(range(7, 17)) and not in_common(plain)
    found = thirty.recommend(Preferences(liked_movie_ids=[1, 2]), k=10)
    # floor(10 · (2 + 4 · 0.005) / (2 + 4)) = 3: the third of them stands just above the eighth of the others
    assert by_one(found) == [3, 4, 5] and ids(found)[-1] == 5
    assert [one for one in ids(found) if one > ONE] == list(range(7, 14))
    # the eighth scores 0.76 / 0.9; the third 0.04 / 0.9, less what it lacks in popularity, 1 − log 3 / log 101, times
    # the prior weight 2^(−2/2)
    (reason,) = [one for one in found[-1].reasons if one.kind == "in_common"]
    assert reason.value == pytest.approx((0.76 - 0.04) / 0.9 + (1 - log(3) / log(101)) / 2, abs=1e-5)
    assert [(one.field, one.name) for one in reason.features] == [("director", "director Agnès Varda")]
    assert found[-1].explanation == (
        "Some places of the list are for films by the director Agnès Varda, as are several that you liked."
    )
    assert in_common(found) == [one for one in found if one.movie_id <= ONE]
    check_reasons(found)
    check_order(found)


def test_the_places_are_the_same_in_a_list_of_any_length(thirty):
    wanted = Preferences(liked_movie_ids=[1, 2])
    whole = thirty.recommend(wanted, k=28)
    assert thirty.ranking(wanted).tolist() == ids(whole)
    for k in range(1, 28):
        assert list(thirty.recommend(wanted, k=k)) == list(whole)[:k]


def test_only_films_that_pass_the_filters_have_places(thirty):
    found = thirty.recommend(Preferences(liked_movie_ids=[1, 2], not_interested_ids=[3, 5]), k=10)
    assert by_one(found) == [4, 6]  # all that there are, but for the two
    found = thirty.recommend(Preferences(liked_movie_ids=[1, 2]), k=10, among=range(6, 31))
    assert by_one(found) == [6]
    check_reasons(found)


@pytest.mark.parametrize(
    ("given_ids", "places"),
    [
        ([1], 0),
        ([1, 7], 0),  # one of each
        ([1, 2, 7, 8], 2),  # floor(10 · 2.02 / 8)
        ([1, 2, 3], 3),  # of three that are left; four places would be theirs
        ([1, 2, *range(7, 25)], 0),  # floor(10 · 2.02 / 24)
        ([1, 2, 3, *range(7, 25)], 0),  # more than twenty
    ],
)
def test_how_many_places_depends_on_how_many_of_the_liked_films_share_it(thirty, given_ids, places):
    found = thirty.recommend(Preferences(liked_movie_ids=given_ids), k=10)
    assert len(in_common(found)) == places


def test_a_disliked_film_of_the_kind_takes_away_a_liked_one(thirty):
    found = thirty.recommend(Preferences(liked_movie_ids=[1, 2], disliked_movie_ids=[6]), k=10)
    assert not by_one(found) and not in_common(found)
    found = thirty.recommend(Preferences(liked_movie_ids=[1, 2, 3], disliked_movie_ids=[6]), k=10)
    assert by_one(found) == [4, 5]  # floor(10 · 2.02 / 7) = 2
    starred = Preferences(liked_movie_ids=[1, 2, 3], ratings={6: 0.5})
    assert by_one(thirty.recommend(starred, k=10)) == by_one(found)


def test_films_that_fewer_than_two_people_like_have_no_places():
    found = recommender(likes=[9, 9, 1, 2, 0, 0]).recommend(Preferences(liked_movie_ids=[1, 2]), k=10)
    assert by_one(found) == [4]


def test_what_most_people_like_has_no_places():
    """Half of all likes are of the director: two of two are no surprise."""
    found = recommender(likes=400).recommend(Preferences(liked_movie_ids=[1, 2]), k=10)
    assert not in_common(found)


def test_a_rare_genre_has_places_and_a_common_one_none(rated):
    westerns, dramas = (
        [one for one in rated.movie_ids.tolist() if rated.movie(one).genres == (genre,)]
        for genre in ("western", "drama")
    )
    found = rated.recommend(Preferences(liked_movie_ids=westerns[:2]), k=10)
    assert sum("western" in one.movie.genres for one in found) >= 3
    assert any("of the genre western" in one.explanation for one in in_common(found))
    check_reasons(found)
    told = rated.recommend(Preferences(liked_movie_ids=dramas[:2]), k=10)
    assert not any("of the genre drama" in one.explanation for one in told)


@pytest.fixture(scope="module")
def alike(rated):
    """The films of some directors and rare genres, by what they share."""
    found = {}
    for movie_id in rated.movie_ids.tolist():
        film = rated.movie(movie_id)
        for one in (*film.director, *(set(film.genres) & {"western", "documentary", "film-noir"})):
            found.setdefault(one, []).append(movie_id)
    return [of_one for of_one in found.values() if len(of_one) >= 6]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_lists_of_many_people_together_and_with_caps_are_those_of_each_alone(rated, alike, data):
    people = []
    for _ in range(data.draw(st.integers(1, 4))):
        of_one = data.draw(st.sampled_from(alike))
        liked = data.draw(st.lists(st.sampled_from(of_one), min_size=2, max_size=4, unique=True))
        liked += data.draw(st.lists(st.sampled_from(rated.movie_ids[:500].tolist()), max_size=3))
        genres = data.draw(st.lists(st.sampled_from(["drama", "comedy"]), max_size=1))
        people.append(Preferences(liked_movie_ids=list(dict.fromkeys(liked)), preferred_genres=genres))
    alone = [rated.recommend(one, k=10) for one in people]
    for found, many in zip(alone, rated.recommend_many(people, k=10, threads=1), strict=True):
        check_like(many, found)
    for found in alone:
        check_reasons(found)
        check_order(found)
    capped = rated.recommend(people[0], k=10, capped=True)
    assert len(capped) == 10
    check_reasons(capped)
    check_order(capped)


def test_a_table_of_ratings_gives_the_same_lists(rated, alike):
    users = np.repeat(np.arange(len(alike)), 2)
    films_of = np.concatenate([one[:2] for one in alike])
    lists = rated.recommend_ratings(users, films_of, np.full(len(users), 4.5), k=10)
    for user, of_one in enumerate(alike):
        wanted = Preferences(ratings=dict.fromkeys(of_one[:2], 4.5))
        assert lists.movieId[lists.userId == user].tolist() == ids(rated.recommend(wanted, k=10))


@pytest.fixture(scope="module")
def large():
    """So many films that most are left out by bounds of their scores; few are rated, and a hundred have each trait."""
    n, rng = 300_000, np.random.default_rng(0)
    traits = np.arange(n) % 3000
    columns = np.column_stack([traits, rng.integers(3000, 6000, (n, 14))])
    values = rng.uniform(0.1, 1, columns.shape).astype(np.float32)
    matrix = sparse.csr_matrix((values.ravel(), (np.repeat(np.arange(n), 15), columns.ravel())), shape=(n, 6000))
    matrix = sparse.csr_matrix(sparse.diags_array(1 / sparse.linalg.norm(matrix, axis=1)) @ matrix, dtype=np.float32)
    nothing, texts = Categories.of([""] * n), Texts.of([""] * n)
    zeros, ids_of = np.zeros(n, dtype=np.int64), np.arange(1, n + 1)
    years = np.full(n, 2000, dtype=np.float32)
    parts = (ids_of, years, years, texts, texts, nothing, nothing, nothing, texts, texts, zeros, texts, texts, zeros)
    names = [f"director__d{at}" for at in range(3000)] + [f"keywords__k{at}" for at in range(3000)]
    meta = MoviesMeta(FilmColumns(*parts, zeros.astype(np.float32)), names, "none", [])
    rated = sparse.random(2000, 2000, 0.05, format="coo", dtype=np.float32, rng=rng)
    B = sparse.csr_matrix((rated.data, (rated.row, rated.col)), shape=(n, n))
    likes = np.where(np.arange(n) < 2000, rng.integers(2, 500, n), 2 * (np.arange(n) // 3000 % 10 == 2))
    content = np.where(likes > 0, 0.05, 0.4).astype(np.float32)
    return Recommender(matrix, meta, None, ItemWeights(ids_of, (B,), np.ones(1), likes > 8, content, likes))


@pytest.mark.parametrize("liked", [[1, 3001], [5, 3005, 140, 7], [5, 6005, 150_000], [250_001, 253_001, 5]])
def test_among_very_many_films_those_with_places_are_found_too(large, liked):
    wanted = Preferences(liked_movie_ids=liked)
    whole = large.ranking(wanted)
    for k in (3, 10, 40):
        found = large.recommend(wanted, k=k)
        assert ids(found) == whole[:k].tolist()
        check_reasons(found)
    assert in_common(found)
