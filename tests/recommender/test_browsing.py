import pytest
from support.small_runs import recommender_of

from cinematch_lib import CineMatchError, UnknownNameError

FILMS = (
    {"title": "Heat", "year": 1995, "genres": "action|crime", "services": "Netflix", "vote_count": 50},
    {"title": "Casino", "year": 1995, "genres": "crime", "vote_count": 40, "original_language": "en"},
    {"title": "Élite", "year": 2010, "genres": "drama", "vote_count": 5, "original_language": "fr"},
    {"title": "Alien", "year": 1979, "genres": "sci-fi", "services": "Netflix", "vote_count": 60},
    {"title": "Delta", "year": None, "genres": "drama", "vote_count": None},
)


@pytest.fixture(scope="module")
def films():
    return recommender_of(*FILMS, quality=[0.3, 0.1, 0.2, 0.2, 0.0])


def titles(page):
    return [movie.title for movie in page.films]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("popularity", ["Alien", "Heat", "Casino", "Élite", "Delta"]),
        ("rating", ["Heat", "Alien", "Élite", "Casino", "Delta"]),
        ("year", ["Élite", "Heat", "Casino", "Alien", "Delta"]),
        ("title", ["Alien", "Casino", "Delta", "Élite", "Heat"]),
    ],
)
def test_films_are_sorted_and_equal_ones_come_by_popularity(films, sort, order):
    assert titles(films.browse(sort=sort)) == order


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"genre": "Crime"}, ["Heat", "Casino"]),
        ({"genre": "science fiction", "service": "netflix"}, ["Alien"]),
        ({"year": 1995}, ["Heat", "Casino"]),
        ({"language": "FR"}, ["Élite"]),
        ({"min_votes": 50}, ["Alien", "Heat"]),
        ({"year": 1995, "min_votes": 45}, ["Heat"]),
        ({"year": 1900}, []),
    ],
)
def test_filters(films, filters, found):
    page = films.browse(**filters)
    assert (titles(page), page.count) == (found, len(found))


def test_pages_together_are_the_whole_list(films):
    pages = [films.browse(offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert [title for page in pages for title in titles(page)] == titles(films.browse())
    assert {page.count for page in pages} == {5}


def test_likes_count_as_votes_where_the_run_has_ratings():
    films = recommender_of(*FILMS, said=([[0.0] * 5] * 5, 0.0, [1, 9, 5, 0, 0]))
    assert titles(films.browse(min_votes=5)) == ["Casino", "Élite"]
    assert films.browse(min_votes=films.most_votes).count > films.browse(min_votes=films.most_votes + 1).count == 0


def test_wrong_arguments(films):
    with pytest.raises(CineMatchError, match="sort must be one of popularity, rating, year, title, got 'new'"):
        films.browse(sort="new")
    for name, value, least in (("offset", -1, 0), ("limit", 0, 1), ("limit", 1.5, 1), ("min_votes", "a", 0)):
        with pytest.raises(CineMatchError, match=f"{name} must be a whole number from {least} up, got {value!r}"):
            films.browse(**{name: value})
    with pytest.raises(UnknownNameError, match="crimes"):
        films.browse(genre="crimes")
