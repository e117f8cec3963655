"""Which weights are kept: those with the largest effect, and what they are then."""

import numpy as np
import pytest
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.pruning import largest_weights, prune, refitted
from cinematch_lib.models.triangle import Triangle

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


# --- estimated again ------------------------------------------------------------------------------------


def regression(seed=0, films=700):
    """XᵀX + Λ of a random matrix, and the weights of the regression of each film on all others."""
    rng = np.random.default_rng(seed)
    X = (rng.random((900, films)) < 0.05) * rng.random((900, films))
    A = X.T @ X + np.diag(rng.uniform(0.5, 2, films))
    P = np.linalg.inv(A)
    B = -P / P.diagonal()
    np.fill_diagonal(B, 0)
    return A, B


def test_where_all_weights_are_kept_they_stay_what_they_were():
    A, B = regression(films=60)
    factors = np.linspace(0.5, 2, 60)
    again = refitted(
        sparse.csr_matrix((B * factors).astype(np.float32)), Triangle(A.astype(np.float32)).submatrix, factors
    )
    np.testing.assert_allclose(again.toarray(), B * factors, atol=1e-5)


def test_the_kept_weights_minimize_the_error_that_they_alone_can_have():
    A, B = regression()  # more films than a block of the triangle has
    norms = np.sqrt(A.diagonal())
    kept = prune(sparse.csr_matrix(B.astype(np.float32)), norms, 8 * 700)
    again = refitted(kept, Triangle(A.astype(np.float32)).submatrix, np.ones(700))
    assert (again.indices == kept.indices).all()
    assert (again.indptr == kept.indptr).all()
    # The gradient of ½‖X_i − X_S b‖² + ½ b'Λb is A_SS b − A_Si.
    gradient = (A - np.diag(A.diagonal())) - A @ again.toarray()
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient[kept.nonzero()]).max() < 1e-5
    assert np.abs(gradient).max() > 0.1


def test_a_matrix_that_is_not_positive_definite_is_refused():
    A = np.ones((3, 3), dtype=np.float32)
    with pytest.raises(CineMatchError, match="raise the regularization"):
        refitted(sparse.csr_matrix(np.ones((3, 3)) - np.eye(3)), Triangle(A).submatrix, np.ones(3))
