"""Films that the data set has under two ids: a list holds one of them, and none if the person named either."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.serving import client, publish_films, recommend
from support.small_runs import check_order, genre_films, ids, recommender_of

from cinematch_lib import Preferences, UnknownNameError

TITLES = ["Good Boys", "Good Boys", "Force Majeure", "Turist", "The Wife", "Wife", "Heat", "Ronin", "Good Boys"]
YEARS = [2019, 2019, 2014, 2015, 1995, 1953, 1995, 1998, None]
TMDB = [7, 7, 8, 8, 9, 9, None, None, 7]
PAIRS = [{1, 2, 9}, {3, 4}]  # 5 and 6 have one tmdbId, and are two films; 9 has no year
ALL = range(1, 10)
FILMS = genre_films(*["crime"] * 9, title=TITLES, year=YEARS, tmdbId=TMDB)
SAID = np.random.default_rng(0).uniform(0.1, 0.3, (9, 9)) * (1 - np.eye(9))
RECOMMENDER = recommender_of(*FILMS, said=(SAID.tolist(), 0.1, 5), min_df=1)
ID = st.integers(1, 9)


def ids_of(answer):
    return [film["movie_id"] for film in answer["recommendations"]]


def fitting(named=(), among=ALL):
    """The films that a list may hold, of those `among` that pass the filters."""
    left = {one for one in among if one not in named}
    for pair in PAIRS:
        left -= pair if pair & set(named) else set(sorted(pair & left)[1:])
    return left


@settings(max_examples=80, deadline=None)
@given(
    liked=st.sets(ID, max_size=3),
    others=st.dictionaries(
        ID, st.sampled_from(["disliked_movie_ids", "not_interested_ids", "seen", "ratings"]), max_size=3
    ),
    among=st.sets(ID, min_size=1),
    year_min=st.sampled_from([None, 1990, 2015]),
)
def test_every_list_holds_the_films_that_fit_once(liked, others, among, year_min):
    of_kind = {
        kind: [one for one, its in others.items() if its == kind and one not in liked] for kind in others.values()
    }
    stars = dict.fromkeys(of_kind.pop("ratings", []), 2.5)
    wanted = Preferences(liked_movie_ids=sorted(liked), ratings=stars, year_min=year_min, **of_kind)
    of_years = [one for one, year in zip(ALL, YEARS, strict=True) if year_min is None or (year and year >= year_min)]
    expected = fitting(wanted.excluded, of_years)
    found = RECOMMENDER.recommend(wanted, 9)
    check_order(found)
    assert set(ids(found)) == expected
    assert set(RECOMMENDER.ranking(wanted).tolist()) == expected
    assert set(ids(RECOMMENDER.recommend_many([wanted], 9)[0])) == expected
    assert set(ids(RECOMMENDER.recommend(wanted, 9, capped=True))) == expected
    assert set(ids(RECOMMENDER.recommend(wanted, 9, among=among))) == fitting(wanted.excluded, set(of_years) & among)
    for k in range(1, len(expected) + 1):
        assert len(RECOMMENDER.recommend(wanted, k)) == len(RECOMMENDER.recommend_many([wanted], k)[0]) == k


@settings(max_examples=40, deadline=None)
@given(rated=st.lists(st.tuples(st.integers(1, 3), ID), min_size=1, max_size=8), without=st.sets(ID, max_size=2))
def test_lists_of_a_table_of_ratings_hold_them_once(rated, without):
    users, movie_ids = np.array(rated).T
    found = RECOMMENDER.recommend_ratings(
        users, movie_ids, np.full(len(rated), 5), 9, filters=Preferences(not_interested_ids=sorted(without))
    )
    for user in set(users.tolist()):
        known = {movie_id for one, movie_id in rated if one == user}
        assert sorted(found.movieId[found.userId == user]) == sorted(fitting(known | without))


@pytest.mark.parametrize("movie_id", [1, 2, 4, 5])
def test_a_film_is_not_similar_to_itself(movie_id):
    assert set(ids(RECOMMENDER.similar(movie_id, 9))) == fitting({movie_id})
    assert set(ids(RECOMMENDER.similar(movie_id, 9, without=[3]))) == fitting({movie_id, 3})


def test_the_server_gives_them_once_page_by_page(tmp_path):
    publish_films(tmp_path / "artifacts", *FILMS)
    with client(tmp_path / "artifacts") as api:
        assert set(ids_of(recommend(api, liked_movie_ids=[2]))) == fitting({2})
        found, cursor = [], None
        while page := ids_of(answer := recommend(api, limit=2, cursor=cursor)):
            found += page
            if (cursor := answer["next_cursor"]) is None:
                break
        assert sorted(found) == sorted(fitting())


def test_titles_are_suggested_once():
    with pytest.raises(UnknownNameError) as error:
        RECOMMENDER.find("Good Bois (2019)")
    assert error.value.suggestions.count("Good Boys (2019)") == 1
    with pytest.raises(UnknownNameError, match=r"2 films are called 'Good Boys': Good Boys \(2019\), Good Boys; add"):
        RECOMMENDER.find("Good Boys")
