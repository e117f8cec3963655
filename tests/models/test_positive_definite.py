"""The inverse of a positive definite matrix, at once and block by block."""

import numpy as np
import pytest

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models import positive_definite
from cinematch_lib.models.positive_definite import inverse, inverse_bytes

SIZE = 50


@pytest.fixture(params=["at once", "by blocks", "by blocks that divide the size"])
def by_each_way(request, monkeypatch):
    if request.param != "at once":
        monkeypatch.setattr(positive_definite, "_MOST_AT_ONCE", 10)
        monkeypatch.setattr(positive_definite, "_BLOCK", 10 if "divide" in request.param else 7)


def definite(size):
    rows = np.random.default_rng(0).normal(size=(2 * size, size))
    return (rows.T @ rows + np.diag(np.linspace(1, 50, size))).astype(np.float32)


def test_it_is_that_of_numpy_in_double_precision(by_each_way):
    matrix = definite(SIZE)
    found = inverse(matrix.copy())
    np.testing.assert_allclose(found, np.linalg.inv(matrix.astype(float)), atol=1e-6)
    assert np.array_equal(found, found.T)


def test_by_hand(by_each_way):
    matrix = np.diag(np.arange(1, 13, dtype=np.float32))
    matrix[0, 11] = matrix[11, 0] = 3  # [[1, 3], [3, 12]] has the inverse [[4, -1], [-1, 1/3]]
    expected = np.diag(1 / np.arange(1, 13))
    expected[np.ix_([0, 11], [0, 11])] = [[4, -1], [-1, 1 / 3]]
    np.testing.assert_allclose(inverse(matrix), expected, rtol=1e-5)


def test_only_the_upper_triangle_is_read_and_the_matrix_is_overwritten(by_each_way):
    matrix = definite(SIZE)
    upper = np.where(np.tri(SIZE, k=-1, dtype=bool), np.float32(np.nan), matrix)
    found = inverse(upper)
    assert np.array_equal(found, inverse(matrix))
    assert np.shares_memory(found, upper)


def test_a_matrix_that_is_not_definite_is_refused_with_the_remedy(by_each_way):
    matrix = definite(SIZE)
    matrix[40, 40] = -1
    with pytest.raises(CineMatchError, match="cannot be inverted in single precision; raise the regularization"):
        inverse(matrix)


def test_the_memory_beside_the_matrix_is_none_at_once_and_a_few_columns_by_blocks():
    assert inverse_bytes(20_000) == 0
    assert 0 < inverse_bytes(40_000) < 0.1 * 4 * 40_000**2
