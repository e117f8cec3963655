"""The approximate inverse for too little memory: what it agrees with, when it is taken, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models import inverse, make
from cinematch_lib.models.grouped_inverse import GroupedInverse, grouped_bytes
from cinematch_lib.storage import memory

COLUMNS = 60
PENALTY = np.linspace(1, 3, COLUMNS)
ALL = slice(0, COLUMNS)


@pytest.fixture(scope="module")
def X():
    uneven = np.random.default_rng(0).random((200, COLUMNS)) < np.linspace(0.5, 0.05, COLUMNS)
    return sparse.csr_matrix(uneven * np.random.default_rng(1).choice([0.3, 0.6, 1.2], uneven.shape), dtype=np.float32)


@pytest.fixture(scope="module")
def regularized(X):
    return (X.T @ X).toarray().astype(float) + np.diag(PENALTY)


def by_norm(X):
    """The columns, the one of the largest norm first."""
    return np.argsort(-np.asarray(X.power(2).sum(axis=0)).ravel())


@pytest.mark.parametrize("head", [30, 45, 59])
def test_it_is_exact_where_the_tail_is_one_group(X, regularized, head):
    made, exact = GroupedInverse(X, PENALTY, head), np.linalg.inv(regularized)
    np.testing.assert_allclose(made.rows(ALL), exact, atol=1e-6)
    np.testing.assert_allclose(made.diagonal, exact.diagonal(), rtol=1e-5)
    np.testing.assert_allclose(made.product(X[:5]), X[:5] @ exact, atol=1e-5)


def test_it_agrees_with_the_matrix_but_between_groups_which_are_independent(X, regularized):
    made = GroupedInverse(X, PENALTY, 12)  # the head are the columns with the most entries; four groups
    P, tail = made.rows(ALL).astype(float), by_norm(X)[12:]
    same_group = P[np.ix_(tail, tail)] != 0
    assert set(same_group.sum(axis=1)) == {12}
    assert np.array_equal(same_group, same_group.T)
    agrees = np.ones_like(P, dtype=bool)
    agrees[np.ix_(tail, tail)] = same_group
    assert np.linalg.eigvalsh(P).min() > 0
    np.testing.assert_allclose(np.linalg.inv(P)[agrees], regularized[agrees], atol=1e-3)
    assert np.array_equal(made.rows(slice(3, 20)), P[3:20])
    np.testing.assert_allclose(made.product(X[:5]), X[:5] @ P, atol=1e-5)


def test_the_same_rows_give_the_same_bytes(X):
    first, again = (GroupedInverse(X, PENALTY, 12).rows(ALL) for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_only_the_largest_entries_of_the_tail_are_stored_with_the_diagonal(X, monkeypatch):
    whole = GroupedInverse(X, PENALTY, 30)
    monkeypatch.setattr("cinematch_lib.models.grouped_inverse._KEPT", 5)
    few = GroupedInverse(X, PENALTY, 30)
    assert np.array_equal(few.diagonal, whole.diagonal)
    tail = by_norm(X)[30:]
    for row, full in zip(few.rows(ALL)[tail], whole.rows(ALL)[tail], strict=True):
        assert np.count_nonzero(row) == 5
        assert np.array_equal(row[row != 0], full[row != 0])


def free(monkeypatch, size):
    monkeypatch.setattr(memory, "free_memory", lambda: (int(size), ""))


def test_the_exact_inverse_is_taken_where_it_fits_and_the_largest_head_where_not(monkeypatch):
    rows, films, entries = 200_000, 50_000, 30_000_000
    free(monkeypatch, 100e9)
    assert inverse.exact_columns(rows, films, entries) == films
    assert inverse.inverse_note(films, films) == ""
    free(monkeypatch, 4e9)
    head = inverse.exact_columns(rows, films, entries)
    assert 5_000 < head < 20_000 and head % 1000 == 0
    needed = [8 * entries + grouped_bytes(rows, films, entries, one) for one in (head, head + 1000)]
    assert needed[0] <= 0.9 * 4e9 < needed[1]
    assert inverse.inverse_note(14_000, films) == (
        "the inverse for 50,000 columns does not fit into memory: it is exact for the 14,000 most rated, and the "
        "others are in groups that do not support each other"
    )


def test_what_fits_in_no_way_is_refused_with_the_numbers(monkeypatch):
    free(monkeypatch, 1e9)
    with pytest.raises(CineMatchError, match=r"1,000,000 films .* 1\.0 GB are free; lower max_films \(now 1,000,000\)"):
        inverse.exact_columns(10**7, 10**6, 10**9)


@pytest.mark.parametrize("name", ["ease", "hybrid"])
def test_a_model_larger_than_memory_is_refused_before_any_work(name, monkeypatch):
    free(monkeypatch, 1e8)
    many = np.arange(1, 40_001)
    ratings = pd.DataFrame({"userId": np.arange(80_000), "movieId": np.append(many, many), "rating": 5.0})
    with pytest.raises(CineMatchError, match=r"40,000 films from 80,00\d rows .* lower max_films \(now 40,000\)"):
        make(name, max_films=10**6).fit(ratings, pd.DataFrame({"movieId": many}))


def test_a_hybrid_without_memory_for_the_exact_inverse_finds_the_same_films(monkeypatch):
    ratings, films = ratings_by_taste(users=300), films_by_taste()
    given = {"regularization": 20.0, "dropout": 0.3, "session_weight": 0.0, "year_weight": 0.0, "feature_weight": 1.0}
    exact = make("hybrid", content_weight=0.35, **given).fit(ratings, films)
    assert exact.inverse_note == ""
    monkeypatch.setattr("cinematch_lib.models.hybrid.exact_columns", lambda *arguments, **options: 60)
    grouped = make("hybrid", content_weight=0.35, **given).fit(ratings, films)
    assert grouped.inverse_note.endswith(
        "it is exact for the 60 most rated, and the others are in groups that do not support each other"
    )
    assert len(grouped.item_weights().matrices) == len(exact.item_weights().matrices)
    lists = [model.recommend(ratings[ratings.userId <= 50], 10) for model in (exact, grouped)]
    both = lists[0].merge(lists[1], on=["userId", "movieId"])
    assert len(both) > 0.9 * len(lists[0])
