"""Sums of item-to-item weights, for one user and for many at once."""

import numpy as np
import pytest
from scipy import sparse
from support.small_runs import item_weights

from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.ratings import RatingsTerm, Seeds
from cinematch_lib.recommender.weighted_sums import weighted_sums

SAID = [[0.0, 0.2, 0.4, 0.1], [0.1, 0.0, -0.1, 0.3], [0.3, 0.1, 0.0, 0.2], [0.1, 0.2, 0.3, 0.0]]
MIXTURE = [(0, 1.0)]


@pytest.mark.parametrize("w", [(1.0, 0.6), (1.0, 0.0), (0.6, -0.2), (-0.2, 1.2), (-0.2, -0.1), (0.0, 0.0)])
def test_the_highest_sum_is_that_of_the_films_with_a_positive_weight(w):
    weights, scale = item_weights(SAID), 2.0
    groups = [Seeds("rated_with_liked", [0, 1], np.array(w), [None, None])]
    alone = RatingsTerm.from_item_weights(None, weights, groups, MIXTURE, scale)
    known = sparse.csr_matrix(np.array([[*w, 0, 0]], dtype=np.float32))
    sums, units, rated = weighted_sums(known, [MIXTURE], weights, scale)
    highest = (np.maximum(w, 0) @ np.array(SAID[:2])).max()
    assert (alone is not None) == rated[0] == (highest > 0)
    if alone is not None:
        scores = alone.scores(Selection.everything(4))
        assert scores == pytest.approx(scale / highest * (np.array(w) @ np.array(SAID[:2])), rel=1e-6, abs=1e-7)
        assert sums[0] == pytest.approx(scores, rel=1e-6, abs=1e-7)
        assert units[0] == pytest.approx(alone.unit)
