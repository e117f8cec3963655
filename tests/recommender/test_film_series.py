"""A place for a film of the series of the only film that somebody has named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rated_scores import RATINGS_ONLY
from support.small_runs import check_order, check_reasons, film_table, ids, recommender_of

from cinematch_lib import Preferences
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.search_index import SearchIndex
from cinematch_lib.features import build_features
from cinematch_lib.recommender.film_series import FilmSeries
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.similarity import ContentSimilarity

TITLES = [
    "Men in Black (a.k.a. MIB)",
    "Men in Black II (a.k.a. MIIB) (a.k.a. MIB 2)",
    "Men in Black: International",
    "Home Alone",
    "Home Alone 2: Lost in New York",
    "Home",
    "Solaris (Solyaris)",
    "Solaris",
    "Léon: The Professional (a.k.a. The Professional)",
    "The Professional",
    "Star Wars: Episode IV - A New Hope",
    "Star Wars: Episode V - The Empire Strikes Back",
    "Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark)",
    "Indiana Jones and the Temple of Doom",
    "Alien",
    "Aliens",
    "Taxi Driver",
    "A Taxi Driver",
    "Men",
    *[f"Another {at}th" for at in range(20)],
]
SERIES = [{0, 1, 2}, {3, 4}, {10, 11}, {12, 13}, {14, 15}]


def series_of(*films, with_index=False):
    """The series of films, each a dict of columns, and their rows by title."""
    table = film_table(*films)
    built = build_features(table, min_df=1, field_weights={"overview": 0})
    meta = movies_meta(table, [0.0] * len(films), built.names, "none", [])
    columns = FilmTable(meta)
    index = SearchIndex.of(columns.columns) if with_index else None
    similarity = ContentSimilarity(built.matrix, built.names)
    series = FilmSeries(columns, similarity, np.full(len(films), 10), index)
    return {one["title"]: {columns.titles[row] for row in series.others(at)} for at, one in enumerate(films)}


@pytest.mark.parametrize("with_index", [False, True])
def test_series_are_told_by_titles_and_remakes_are_none(with_index):
    """Nothing else is known of these films."""
    found = series_of(*[{"title": one} for one in TITLES], with_index=with_index)
    for row, title in enumerate(TITLES[:19]):
        whole = next((one for one in SERIES if row in one), {row})
        assert found[title] == {TITLES[one] for one in whole - {row}}


def test_what_is_known_of_films_tells_whether_similar_titles_are_of_one_series():
    found = series_of(
        {"title": "Seven", "director": "David Fincher", "cast_top": "Brad Pitt|Morgan Freeman"},
        {"title": "The Seven Five", "director": "Tiller Russell"},
        {"title": "Scream", "director": "Wes Craven", "cast_top": "Neve Campbell|Courteney Cox"},
        {"title": "Scream 2", "director": "Wes Craven", "cast_top": "Neve Campbell|David Arquette"},
        {"title": "Scream 3: The Concert", "director": "Somebody Else", "cast_top": "A Singer"},
        {"title": "The Matrix", "director": "Lana Wachowski", "cast_top": "Keanu Reeves|Carrie-Anne Moss"},
        {"title": "The Matrix Reloaded", "director": "Lana Wachowski", "cast_top": "Keanu Reeves|Jada Pinkett"},
        {"title": "Matrix of Evil", "director": "Somebody Else", "cast_top": "Nobody Known"},
        {"title": "Mission: Impossible", "director": "Brian De Palma", "cast_top": "Tom Cruise"},
        {"title": "Mission to Mars", "director": "Brian De Palma", "cast_top": "Tim Robbins"},
        {"title": "Mission: Impossible II", "director": "John Woo", "cast_top": "Tom Cruise"},
        {"title": "Rocky", "director": "John G. Avildsen", "cast_top": "Sylvester Stallone|Talia Shire"},
        {"title": "Rocky II", "director": "Sylvester Stallone", "cast_top": "Sylvester Stallone|Talia Shire"},
        {"title": "Rocky Balboa", "director": "Sylvester Stallone", "cast_top": "Sylvester Stallone|Burt Young"},
        {"title": "The Big One", "director": "Howard Hawks", "cast_top": "Kirk Douglas"},
        {"title": "The Big Sky", "director": "Howard Hawks", "cast_top": "Kirk Douglas"},
        {"title": "K-19", "director": "Kathryn Bigelow", "cast_top": "Harrison Ford"},
        {"title": "K-911", "director": "Kathryn Bigelow", "cast_top": "Harrison Ford"},
    )
    assert {title: others for title, others in found.items() if others} == {
        "Scream": {"Scream 2"},
        "Scream 2": {"Scream"},
        "The Matrix": {"The Matrix Reloaded"},
        "The Matrix Reloaded": {"The Matrix"},
        "Mission: Impossible": {"Mission: Impossible II"},
        "Mission: Impossible II": {"Mission: Impossible"},
        "Rocky": {"Rocky II", "Rocky Balboa"},
        "Rocky II": {"Rocky", "Rocky Balboa"},
        "Rocky Balboa": {"Rocky", "Rocky II"},
    }


def shelf_of(likes):
    """Whoever likes a film likes each other one by .9, .89 …, in the reverse order of the titles."""
    n = len(TITLES)
    said = ([[0.9 - 0.01 * (n - at) for at in range(n)] for _ in range(n)], 0.0, likes)
    films = [{"title": one} for one in TITLES]
    return recommender_of(*films, weights=RATINGS_ONLY, said=said, quality=[0.0] * n)


@pytest.fixture(scope="module")
def shelf():
    return shelf_of(10)


def test_the_best_film_of_the_series_has_the_tenth_place(shelf):
    found = shelf.recommend(Preferences(liked_movie_ids=[1]), k=12)
    n = len(TITLES)
    assert ids(found) == [*range(n, n - 9, -1), 3, n - 9, 2]  # Men in Black: International, and II, which gains as much
    (reason,) = [one for one in found[9].reasons if one.kind == "series"]
    assert reason.movie.movie_id == 1 and not reason.features
    # it scores 0.9 − 0.37 and the film that was tenth 0.9 − 0.1, both over 0.9 − 0.01
    assert reason.value == pytest.approx((0.37 - 0.1) / 0.89, abs=1e-5)
    assert "The list has places for films of the series of Men in Black (a.k.a. MIB) (2000)" in found[9].explanation
    check_reasons(found)
    check_order(found)


def test_two_films_of_a_series_bring_what_is_left_of_it():
    """⌊10 · (2 + 4 · q) / (2 + 4)⌋ = 3 places would be theirs; only one film is left."""
    rare = shelf_of([10] * 3 + [100] * (len(TITLES) - 3))
    found = rare.recommend(Preferences(liked_movie_ids=[1, 3]), k=10)
    assert ids(found)[-1] == 2 and "series" in [one.kind for one in found[-1].reasons]
    check_reasons(found)
    # where it has a twelfth of all likes, two of two are no surprise
    assert 2 not in ids(shelf_of(10).recommend(Preferences(liked_movie_ids=[1, 3]), k=10))


def test_who_dislikes_a_film_of_the_series_or_likes_films_of_two_has_no_place_for_it(shelf):
    for wanted in (
        Preferences(liked_movie_ids=[1], disliked_movie_ids=[2]),
        Preferences(liked_movie_ids=[1, 4]),
        Preferences(liked_movie_ids=[6]),
        Preferences(seen=[1]),
    ):
        found = shelf.recommend(wanted, k=10)
        assert not any(reason.kind == "series" for one in found for reason in one.reasons)


def test_similar_films_have_no_places(shelf):
    found = shelf.similar(1, k=10)
    assert not any(reason.kind == "series" for one in found for reason in one.reasons)


def test_the_films_of_a_real_series_follow_each_other(rated):
    for liked, sequel in ((1580, 5459), (586, 2953), (1407, 1717), (1270, 2011)):
        assert sequel in ids(rated.recommend(Preferences(liked_movie_ids=[liked]), k=10))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_people_together_get_the_lists_that_each_gets_alone(rated, data):
    liked = data.draw(st.lists(st.sampled_from(rated.movie_ids.tolist()), min_size=1, max_size=4))
    people = [Preferences(liked_movie_ids=[one]) for one in liked]
    alone = [rated.recommend(one, k=15) for one in people]
    assert [rated.ranking(one)[:15].tolist() for one in people] == [ids(one) for one in alone]
    for found, many in zip(alone, rated.recommend_many(people, k=15, threads=1), strict=True):
        # films whose scores differ by rounding may change places
        np.testing.assert_allclose([one.score for one in many], [one.score for one in found], atol=1e-5)
