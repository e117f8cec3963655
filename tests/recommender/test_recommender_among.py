"""`among`: recommending from films that the caller chose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_runs import CASINO, COLLATERAL, HEAT, NOBODY_KNOWS, check_order, ids, recommender_of

from cinematch_lib import Preferences

RECOMMENDER = recommender_of(HEAT, COLLATERAL, CASINO, NOBODY_KNOWS, HEAT, quality=[0.1, 0.4, 0.3, 0, 0.2])
LIKES_HEAT = Preferences(liked_movie_ids=[1])


@settings(max_examples=60, deadline=None)
@given(among=st.sets(st.integers(-3, 9)), liked=st.lists(st.integers(1, 5), unique=True, max_size=2))
def test_what_comes_back_is_what_would_without_it_less_the_others(among, liked):
    found = RECOMMENDER.recommend(Preferences(liked_movie_ids=liked), 5, among=among)
    assert set(ids(found)) == among & ({1, 2, 3, 4, 5} - set(liked))
    check_order(found)
    if liked:  # the variety of a list without likes depends on the films in it
        everybody = RECOMMENDER.recommend(Preferences(liked_movie_ids=liked), 5)
        assert ids(found) == [movie for movie in ids(everybody) if movie in among]


@pytest.mark.parametrize(
    "among", [[3, 2], (3, 2), {2, 3}, np.array([3, 2]), np.array([2, 3], dtype=np.int32), range(2, 4)]
)
def test_any_collection_of_ids_will_do(among):
    assert set(ids(RECOMMENDER.recommend(LIKES_HEAT, among=among))) == {2, 3}


def test_other_filters_count_too():
    found = RECOMMENDER.recommend(Preferences(preferred_genres=["thriller"]), among=[2, 3, 99])
    assert ids(found) == [2]


@pytest.mark.parametrize("among", [[], np.array([], dtype=np.int64), {99}])
def test_no_film_fits_an_empty_choice(among):
    assert RECOMMENDER.recommend(LIKES_HEAT, among=among) == []
    assert RECOMMENDER.recommend(among=among) == []
