"""Values of all films restricted to some of them, which are worked out once and kept as long as the values."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from cinematch_lib import Preferences
from cinematch_lib.recommender.selection import Block, Selection


@pytest.fixture(params=["all films", "some films", "groups of films"])
def films(request):
    return {
        "all films": Selection.everything(6),
        "some films": Selection(np.array([1, 2, 5]), np.zeros(3, dtype=np.float32)),
        "groups of films": Block.of(np.array([[1, 2], [5, 2]])),
    }[request.param]


def test_values_are_those_of_the_films_and_read_only(films):
    values = np.arange(6.0)
    assert films.take(values).tolist() == films.rows.tolist()
    assert np.shares_memory(films.take(values), films.take(values))
    with pytest.raises(ValueError, match="read-only"):
        films.take(values)[0] = 7


def test_what_is_taken_of_an_array_goes_with_it(films):
    arrays = []
    for number in range(3):
        values = np.arange(6.0) + number
        arrays += [weakref.ref(values), weakref.ref(films.take(values))]
        assert films.take(values).tolist() == (films.rows + number).tolist()
    del values
    films.take(np.zeros(6))
    assert [one() for one in arrays] == [None] * 6


@pytest.mark.parametrize("filters", [{}, {"year_min": 1980}])
def test_memory_does_not_grow_with_the_values_of_discovery(rated, filters):
    def lists(values):
        for value in values:
            rated.recommend(Preferences(liked_movie_ids=[1, 6], discovery=value, **filters), k=10)
        gc.collect()

    lists(np.linspace(0.01, 0.2, 20).tolist())
    tracemalloc.start()
    try:
        lists(np.linspace(0.2, 1, 81).tolist())
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20 * len(rated) * 4  # bytes of as many arrays of float32, of which the last few are kept
