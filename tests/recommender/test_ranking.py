import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.recommender.ranking import top_k, top_k_per_row


@pytest.mark.parametrize("k", [1, 2, 5, 6])
@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -3.0, -np.inf]), min_size=1, max_size=80))
def test_top_k_is_a_stable_sort_without_excluded_items(k, scores):
    expected = sorted((at for at, score in enumerate(scores) if score > -np.inf), key=lambda at: -scores[at])[:k]
    assert top_k(np.array(scores, dtype=np.float32), k).tolist() == expected


def test_top_k_per_row_is_a_stable_sort_of_each_row():
    scores = np.random.default_rng(0).integers(0, 6, (50, 30)).astype(np.float32)
    for k in (1, 7, 30, 40):
        expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(top_k_per_row(scores, k), expected)
