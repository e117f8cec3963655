"""The two towers: their maps against the formula, computed the long way, and what they do with little data."""

import io

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from cinematch_lib.artifacts.embeddings import similarity_weight
from cinematch_lib.models.tower_tuning import tower_scores
from cinematch_lib.models.towers import fit_towers

IDS = np.arange(1, 13) * 10
YEARS = np.array([1991.0, 1994, 1996, 1999, 2001, 2003, 2004, 2006, 1993, np.nan, 2002, 1998])


def small(users=30, seed=0):
    """Likes of some users, the last two films liked by nobody, and five features of each film."""
    rng = np.random.default_rng(seed)
    likes = (rng.random((users, 12)) < 0.4).astype(np.float32)
    likes[:, 10:] = 0
    likes[:3] = 0  # of people who like nothing, nothing is learned
    features = rng.random((12, 5)).astype(np.float32)
    return sparse.csr_matrix(likes), sparse.csr_matrix(features / np.linalg.norm(features, axis=1, keepdims=True))


def by_the_formula(likes, features, history):
    """The scores of all films for one more user, with every sum written out."""
    A, X = likes.toarray().astype(float), features.toarray().astype(float)
    A = A[A.sum(axis=1) > 0]
    first = np.nan_to_num(YEARS // 5 * 5)
    periods = 0.3 * (first[:, None] == np.unique(first)[None])
    rated = np.flatnonzero(A.sum(axis=0))
    _, _, V = np.linalg.svd(X[rated], full_matrices=False)
    F = np.hstack([X @ V.T, periods])
    n = A.sum(axis=1)
    P = np.array([F[user > 0].sum(axis=0) / np.sqrt(user.sum()) for user in A])
    P_features = np.array([X[user > 0].sum(axis=0) / np.sqrt(user.sum()) for user in A])
    own, D, D_features = np.zeros((len(F.T),) * 2), np.zeros((len(F.T),) * 2), np.zeros((len(F.T), 5))
    for user, count in zip(A, n, strict=True):
        for film in np.flatnonzero(user):
            own += np.outer(F[film], F[film]) / np.sqrt(count)
            D += np.outer(F[film], F[film]) / count
            D_features += np.outer(F[film], X[film]) / count
    left = np.linalg.inv(P.T @ P + 10 * D + 20 * np.eye(len(D)))
    right = np.linalg.inv(F[rated].T @ F[rated] + 5 * np.eye(len(D)))
    to_likes = left @ (P.T @ A @ F - own) @ right
    to_similarity = left @ (P.T @ P_features + 10 * D_features) @ X[rated].T @ F[rated] @ right
    m, N = len(history), n.mean()
    c = 0.3 * m / (m + 20)
    by_maps = F[history].sum(axis=0) @ (to_likes - c * to_similarity) @ F.T
    return np.sqrt(N) / m * (by_maps + c * X[history].sum(axis=0) @ X.T)


def test_the_number_of_threads_changes_nothing():
    rng = np.random.default_rng(0)
    likes = sparse.random(3000, 500, 0.05, random_state=rng, dtype=np.float32, format="csr")
    likes.data[:] = 1
    features = sparse.random(500, 700, 0.05, random_state=rng, dtype=np.float32, format="csr")
    made = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            made.append(fit_towers(likes, features, np.full(500, 1990.0), np.arange(500)))
    assert np.array_equal(*(one.history_maps for one in made))


@pytest.mark.parametrize("history", [[2], [0, 3, 7], [1, 2, 4, 5, 9]])
def test_the_scores_are_those_of_the_formula(history):
    likes, features = small()
    towers = fit_towers(likes, features, YEARS, IDS)
    query = np.zeros((1, 12), dtype=np.float32)
    query[0, history] = 1
    found = tower_scores(sparse.csr_matrix(query), features, towers)[0]
    np.testing.assert_allclose(found, by_the_formula(likes, features, history), rtol=2e-4, atol=2e-5)


def test_an_embedding_is_the_sum_of_those_of_the_features_and_the_period():
    towers = fit_towers(*small(), YEARS, IDS)
    expected = small()[1] @ towers.feature_embeddings + towers.period_embeddings[towers.periods]
    np.testing.assert_allclose(towers.item_embeddings, expected, atol=1e-6)
    assert towers.period_names.tolist() == [0, 1990, 1995, 2000, 2005]
    assert towers.period_names[towers.periods[9]] == 0
    counts = small()[0].toarray().sum(axis=1)
    assert towers.mean_likes == pytest.approx(counts[counts > 0].mean())


def test_equal_input_gives_equal_bytes():
    written = []
    for _ in range(2):
        fit_towers(*small(), YEARS, IDS, seed=3).write(file := io.BytesIO())
        written.append(file.getvalue())
    assert written[0] == written[1]


def test_a_user_alone_is_the_sum_of_the_histories():
    towers = fit_towers(*small(), YEARS, IDS)
    expected = towers.history_embeddings[[2, 5]].sum(axis=0) - towers.history_embeddings[7] / 2
    np.testing.assert_allclose(
        towers.user_vector([2, 5], [7]), np.sqrt(towers.mean_likes) / 2 * expected, rtol=1e-5, atol=1e-6
    )
    assert not towers.user_vector([]).any()


def test_the_similarity_counts_more_the_more_is_known():
    assert similarity_weight(1) == pytest.approx(0.3 / 21)
    assert similarity_weight(20) == pytest.approx(0.15)


def test_without_likes_or_features_there_are_no_towers():
    likes, features = small()
    assert fit_towers(sparse.csr_matrix(likes.shape, dtype=np.float32), features, YEARS, IDS) is None
    assert fit_towers(likes, sparse.csr_matrix(features.shape, dtype=np.float32), YEARS, IDS) is None


def test_years_may_be_unknown_and_one_like_is_enough():
    one = sparse.csr_matrix(([1.0], ([0], [4])), shape=(1, 12), dtype=np.float32)
    towers = fit_towers(one, small()[1], np.full(12, np.nan), IDS)
    assert np.isfinite(towers.item_embeddings).all()
    assert towers.period_names.tolist() == [0]


def test_films_like_what_people_like_together_come_first():
    """People like films with the first feature and the second, or the third and the fourth; a new film has one."""
    rng = np.random.default_rng(1)
    kinds = np.repeat([0, 1, 2, 3, 1, 3], 2)  # the films 9 and 10 have the second feature, 11 and 12 the fourth
    features = sparse.csr_matrix(np.eye(5, dtype=np.float32)[kinds])
    likes = np.zeros((60, 12), dtype=np.float32)
    for user in range(60):
        liked = [0, 1, 2, 3] if user % 2 else [4, 5, 6, 7]
        likes[user, rng.permutation(liked)[:3]] = 1
    towers = fit_towers(sparse.csr_matrix(likes), features, np.full(12, np.nan), IDS)
    history = sparse.csr_matrix(np.eye(12, dtype=np.float32)[:1])  # a film with the first feature alone
    found = tower_scores(history, features, towers)[0, 8:]
    assert found[:2].min() > found[2:].max()
