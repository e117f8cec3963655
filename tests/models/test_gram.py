import numpy as np
import pytest
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models import gram as gram_module
from cinematch_lib.models.gram import gram, gram_bytes
from cinematch_lib.models.positive_definite import inverse


def uneven(rows: int, columns: int, seed: int = 0) -> sparse.csr_matrix:
    """Rows of very different length, mostly of a few columns, which stand anywhere; some rows are empty."""
    rng = np.random.default_rng(seed)
    lengths = np.minimum((rng.pareto(0.7, rows) * 4).astype(int), columns)
    popular = rng.permutation(columns)
    weights = 1 / (1 + np.arange(columns))
    made = sparse.lil_matrix((rows, columns), dtype=np.float32)
    for row, length in enumerate(lengths):
        chosen = popular[rng.choice(columns, length, replace=False, p=weights / weights.sum())]
        made[row, chosen] = rng.choice([0.3, 0.6, 1.0, 1.2], length)
    return made.tocsr()


@pytest.mark.parametrize("shape", [(600, 1500), (50, 700), (300, 40), (1, 1)])
def test_gram_is_the_product(shape):
    X = uneven(*shape)
    exact = (X.T.astype(np.float64) @ X.astype(np.float64)).toarray()
    made = gram(X)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(made, made.T)


def test_rows_are_cut_where_it_costs_least():
    X = uneven(600, 1500)
    cuts = gram_module._cuts(X)
    lengths = np.diff(X.indptr)
    assert set(np.unique(cuts)) <= {0, 512, 1024, 1500}
    assert (cuts[lengths < 15] == 0).all()
    assert (cuts[lengths > 1000] > 0).all()


@pytest.mark.parametrize("dense", [0.0, 1e9])
def test_the_cuts_do_not_change_the_result(dense, monkeypatch):
    X = uneven(400, 1100)
    usual = gram(X)
    monkeypatch.setattr(gram_module, "_DENSE_COST", dense)
    np.testing.assert_allclose(gram(X), usual, rtol=1e-5, atol=1e-6)


def test_the_same_rows_give_the_same_bytes_in_any_number_of_threads(monkeypatch):
    X = uneven(400, 1100)
    first = gram(X)
    assert gram(X).tobytes() == first.tobytes()
    monkeypatch.setattr(gram_module.os, "cpu_count", lambda: 7)
    assert gram(X).tobytes() == first.tobytes()


@pytest.mark.parametrize("unit", [1, 0.5])  # all users count alike; some count a quarter, by the root of that
def test_rating_weights_are_added_up_without_rounding_in_any_order(unit):
    X = uneven(4000, 100)
    X.data[::3] *= np.float32(unit)
    made = gram(X)
    assert gram(X[np.random.default_rng(2).permutation(4000)]).tobytes() == made.tobytes()
    units = np.rint(20 * X.toarray().astype(np.float64))
    np.testing.assert_array_equal(made, ((units.T @ units) / 400).astype(np.float32))


def test_few_columns_of_other_numbers_are_added_up_in_double_precision():
    weights, shares = uneven(4000, 100), np.random.default_rng(3).random((4000, 7), dtype=np.float32)
    X = sparse.csr_matrix(sparse.hstack([shares[:, :3], weights, shares[:, 3:]], format="csr"))
    exact = (X.T.astype(np.float64) @ X.astype(np.float64)).toarray()
    of_shares = np.r_[:3, 103:107]
    np.testing.assert_array_equal(gram(X)[of_shares], exact[of_shares].astype(np.float32))
    assert np.array_equal(gram(X)[3:103, 3:103], gram(weights))


def test_gram_of_no_entries_is_zero():
    assert not gram(sparse.csr_matrix((5, 3), dtype=np.float32)).any()


def test_memory_grows_with_the_square_of_the_columns():
    assert gram_bytes(20_000, 60_000_000) > 4 * 20_000**2 + 60_000_000 * 8
    assert gram_bytes(40_000, 0) - gram_bytes(20_000, 0) == 4 * (40_000**2 - 20_000**2)


def test_the_inverse_is_made_in_place():
    matrix = gram(uneven(300, 60)) + np.eye(60, dtype=np.float32)
    expected = np.linalg.inv(matrix.astype(np.float64))
    made = inverse(matrix)
    assert np.shares_memory(made, matrix)
    np.testing.assert_allclose(made, expected, atol=1e-4)
    np.testing.assert_array_equal(made, made.T)


def test_a_matrix_without_inverse_in_single_precision_is_refused():
    with pytest.raises(CineMatchError, match="raise the regularization"):
        inverse(-np.eye(3, dtype=np.float32))
