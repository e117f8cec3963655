"""Which weights are kept: those with the largest effect."""

import numpy as np
from scipy import sparse

from cinematch_lib.models.pruning import largest_weights, prune

NORMS = np.array([1.0, 2.0, 4.0])
# Rows are targets i, columns are inputs j.
WEIGHTS = np.array([[0, 3, 1], [5, 0, 1], [5, -2, 0]], dtype=np.float32)


def blocks(size):
    return ((slice(at, at + size), WEIGHTS[at : at + size]) for at in range(0, 3, size))


def test_the_weights_with_the_largest_effect_are_kept():
    # |B_ji| · ‖X_j‖ is 6 and 4, 5 and 4, 5 and 4, by target.
    for size in (1, 2, 3):
        kept = largest_weights(blocks(size), NORMS, 3).toarray()
        assert kept.tolist() == [[0, 5, 5], [3, 0, 0], [0, 0, 0]]


def test_all_weights_that_tie_are_kept():
    assert largest_weights(blocks(1), NORMS, 4).nnz == 6


def test_with_an_exponent_popular_targets_keep_more():
    # |B_ji| · ‖X_j‖ · ‖X_i‖ is 6 and 4, 10 and 8, 20 and 16, by target.
    for size in (1, 3):
        assert largest_weights(blocks(size), NORMS, 2, 1.0).toarray().tolist() == [[0, 0, 5], [0, 0, -2], [0, 0, 0]]


def test_a_sparse_matrix_keeps_the_same():
    matrix = sparse.csr_matrix(WEIGHTS.T)
    for total in (1, 2, 3, 4, 6):
        for exponent in (0.0, 0.5, 1.0):
            expected = largest_weights(blocks(2), NORMS, total, exponent)
            assert (prune(matrix, NORMS, total, exponent) != expected).nnz == 0
    assert matrix.nnz == 6
