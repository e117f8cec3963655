"""What the sample's recommender, saved and loaded, says of films that everybody knows."""

import pytest
from small_runs import sample_artifacts

from cinematch_lib import Preferences, Recommender

STAR_WARS, EMPIRE, JEDI = 260, 1196, 1210
TOY_STORY, TOY_STORY_2 = 1, 3114
GODFATHER, PART_TWO = 858, 1221
HEAT = 6


@pytest.fixture(scope="module")
def recommender(tmp_path_factory):
    return Recommender.load(sample_artifacts(tmp_path_factory))


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


def test_the_ids_are_the_films_that_they_are_meant_to_be(recommender):
    assert [recommender.movie(film).label for film in (STAR_WARS, EMPIRE, TOY_STORY_2, PART_TWO, HEAT)] == [
        "Star Wars: Episode IV - A New Hope (1977)",
        "Star Wars: Episode V - The Empire Strikes Back (1980)",
        "Toy Story 2 (1999)",
        "The Godfather: Part II (1974)",
        "Heat (1995)",
    ]


def test_heat_brings_crime_by_michael_mann_or_with_robert_de_niro(recommender):
    found = [one.movie for one in liking(recommender, HEAT)]
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
    assert {one.reasons[0].movie.movie_id for one in found} == liked


def test_the_sequel_says_why(recommender):
    first = next(one for one in liking(recommender, GODFATHER) if one.movie_id == PART_TWO)
    assert first.explanation.startswith("Like The Godfather (1972) (")
    assert "director Francis Ford Coppola" in first.explanation
    assert sum(reason.value for reason in first.reasons) == pytest.approx(first.score, abs=1e-5)


def test_disliking_the_sequel_drops_its_like(recommender):
    def rank(preferences):
        return [one.movie_id for one in recommender.recommend(preferences, 2000)].index(JEDI)

    liked = Preferences(liked_movie_ids=[STAR_WARS])
    mixed = Preferences(liked_movie_ids=[STAR_WARS], disliked_movie_ids=[EMPIRE])
    assert rank(mixed) > rank(liked)
