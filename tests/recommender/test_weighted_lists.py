import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.recommender.weighted_lists import WeightedLists

N = 12
WEIGHTS = st.floats(0.01, 10)
LISTS = st.lists(st.tuples(st.sets(st.integers(0, N - 1)), WEIGHTS), min_size=1, max_size=6)


def weighted(pairs):
    lists = [np.array(sorted(numbers), dtype=np.int32) for numbers, _ in pairs]
    return WeightedLists(lists, np.array([weight for _, weight in pairs]), N)


@given(LISTS, st.floats(0, 12))
def test_the_numbers_of_a_high_weight_are_those_that_a_look_at_all_finds(pairs, least):
    sums = [sum(weight for numbers, weight in pairs if number in numbers) for number in range(N)]
    lists = weighted(pairs)
    np.testing.assert_allclose(lists.sums, sums, rtol=1e-5)
    found = lists.at_least(least).tolist()
    assert found == sorted(set(found))
    assert {number for number, total in enumerate(sums) if total > least * 1.0001} <= set(found)
    assert set(found) <= {number for number, total in enumerate(sums) if total and total >= least * 0.9999}


@given(LISTS)
def test_each_number_of_a_list_has_a_sum_of_at_least_0(pairs):
    assert set(weighted(pairs).at_least(0.0).tolist()) == set().union(*[numbers for numbers, _ in pairs])


@given(LISTS, st.integers(1, 30))
def test_some_are_the_numbers_of_the_shortest_lists(pairs, n):
    some = weighted(pairs).some(n).tolist()
    short = sorted((numbers for numbers, _ in pairs), key=len)
    assert some in [sorted(set().union(*short[:count])) for count in range(1, len(short) + 1)]
