"""What the sample's recommender, saved and loaded, says of films that everybody knows."""

import pytest
from support.small_runs import rated_artifacts, sample_artifacts

from cinematch_lib import Preferences, Recommender

STAR_WARS, EMPIRE, JEDI = 260, 1196, 1210
TOY_STORY, TOY_STORY_2 = 1, 3114
GODFATHER, PART_TWO = 858, 1221
HEAT = 6
PART_THREE, BUGS_LIFE = 2023, 2355
MATRIX, RELOADED, REVOLUTIONS = 2571, 6365, 6934


@pytest.fixture(scope="module")
def by_content(tmp_path_factory):
    return Recommender.load(sample_artifacts(tmp_path_factory))


@pytest.fixture(scope="module")
def by_ratings(tmp_path_factory):
    return Recommender.load(rated_artifacts(tmp_path_factory))


@pytest.fixture(params=["by_content", "by_ratings"])
def recommender(request):
    return request.getfixturevalue(request.param)


def liking(recommender, *movie_ids, k=5):
    return recommender.recommend(Preferences(liked_movie_ids=movie_ids), k)


@pytest.mark.parametrize(
    ("liked", "expected"),
    [(STAR_WARS, EMPIRE), (STAR_WARS, JEDI), (TOY_STORY, TOY_STORY_2), (GODFATHER, PART_TWO)],
)
def test_a_film_brings_its_sequel_and_not_itself(recommender, liked, expected):
    found = [one.movie_id for one in liking(recommender, liked)]
    assert expected in found
    assert liked not in found
    assert expected in [one.movie_id for one in recommender.similar(liked, 10)]


def test_the_ids_are_the_films_that_they_are_meant_to_be(by_content):
    assert [by_content.movie(film).label for film in (STAR_WARS, EMPIRE, TOY_STORY_2, PART_TWO, HEAT)] == [
        "Star Wars: Episode IV - A New Hope (1977)",
        "Star Wars: Episode V - The Empire Strikes Back (1980)",
        "Toy Story 2 (1999)",
        "The Godfather: Part II (1974)",
        "Heat (1995)",
    ]


def test_heat_brings_crime_by_michael_mann_or_with_robert_de_niro(by_content):
    found = [one.movie for one in liking(by_content, HEAT)]
    near = [
        film
        for film in found[:3]
        if "Michael Mann" in film.director or {"Robert De Niro", "Al Pacino"} & set(film.cast)
    ]
    assert near
    assert any({"crime", "thriller"} & set(film.genres) for film in near)


def test_several_liked_films_all_have_a_say(recommender):
    liked = {STAR_WARS, TOY_STORY, GODFATHER}
    found = liking(recommender, *liked, k=20)
    assert PART_TWO in [one.movie_id for one in found]
    assert liked.isdisjoint(one.movie_id for one in found)
    assert {reason.movie.movie_id for one in found for reason in one.reasons if reason.movie} == liked


def test_each_of_several_liked_films_leads_somewhere_by_content(by_content):
    liked = {STAR_WARS, TOY_STORY, GODFATHER}
    assert {one.reasons[0].movie.movie_id for one in liking(by_content, *liked, k=20)} == liked


def test_the_sequel_says_why(by_content):
    first = next(one for one in liking(by_content, GODFATHER) if one.movie_id == PART_TWO)
    assert first.explanation.startswith("Similar to The Godfather (1972) (")
    assert "director Francis Ford Coppola" in first.explanation
    assert sum(reason.value for reason in first.reasons) == pytest.approx(first.score, abs=1e-5)


def found_at(recommender, film, **wanted):
    """The place of a film in the list for somebody, from 0, and its score there."""
    found = recommender.recommend(Preferences(**wanted), 9000)
    at = [one.movie_id for one in found].index(film)
    return at, found[at].score


def test_disliking_the_sequel_drops_its_like(by_content):
    liked, _ = found_at(by_content, JEDI, liked_movie_ids=[STAR_WARS])
    mixed, _ = found_at(by_content, JEDI, liked_movie_ids=[STAR_WARS], disliked_movie_ids=[EMPIRE])
    assert mixed > liked


@pytest.mark.parametrize(
    ("liked", "disliked", "film"),
    [(GODFATHER, PART_TWO, PART_THREE), (TOY_STORY, TOY_STORY_2, BUGS_LIFE), (MATRIX, RELOADED, REVOLUTIONS)],
)
def test_disliking_a_film_drops_its_like_below_others(by_ratings, liked, disliked, film):
    before, score = found_at(by_ratings, film, liked_movie_ids=[liked], not_interested_ids=[disliked])
    after, lower = found_at(by_ratings, film, liked_movie_ids=[liked], disliked_movie_ids=[disliked])
    assert after > before or (after == before and lower < score)


def test_disliking_takes_its_part_even_where_nothing_overtakes(recommender):
    _, before = found_at(recommender, JEDI, liked_movie_ids=[STAR_WARS], not_interested_ids=[EMPIRE])
    _, after = found_at(recommender, JEDI, liked_movie_ids=[STAR_WARS], disliked_movie_ids=[EMPIRE])
    assert after < 0.85 * before


def test_the_sequel_says_whose_ratings_speak_for_it(by_ratings):
    first = liking(by_ratings, GODFATHER)[0]
    assert first.movie_id == PART_TWO
    assert first.explanation.startswith("People who like The Godfather (1972) (")
    assert "also like it; the two films share the director Francis Ford Coppola" in first.explanation
    assert "director Francis Ford Coppola" in first.explanation


def test_by_ratings_a_sequel_comes_among_the_first(by_ratings):
    assert [one.movie_id for one in liking(by_ratings, STAR_WARS, k=2)] == [EMPIRE, JEDI]
    assert TOY_STORY_2 in [one.movie_id for one in liking(by_ratings, TOY_STORY, k=10)]
