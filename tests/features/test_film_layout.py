"""The map of films: similar films lie side by side, and the same films at the same places."""

import numpy as np
import pytest
from scipy import sparse

from cinematch_lib.features.film_layout import lay_out_films, place_films

GROUPS, FILMS_EACH, TERMS = 6, 60, 30


@pytest.fixture(scope="module")
def features():
    """Groups of films with terms of their own, each film with some of them: CSR, and the group of each film."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(GROUPS), FILMS_EACH)
    has = rng.random((len(group), GROUPS * TERMS)) < 0.3
    has &= np.repeat(np.arange(GROUPS), TERMS)[None] == group[:, None]
    matrix = sparse.csr_matrix(has / np.sqrt(has.sum(axis=1, keepdims=True)), dtype=np.float32)
    return matrix, [f"keywords__{term}" for term in range(matrix.shape[1])], group


def share_of_neighbours_alike(places, group):
    gaps = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    return (group[gaps.argsort(axis=1)[:, :5]] == group[:, None]).mean()


def test_similar_films_lie_side_by_side(features):
    matrix, names, group = features
    places = lay_out_films(matrix, names)
    assert places.shape == (len(group), 2)
    assert places.dtype == np.float32
    assert 0.9 < np.abs(places).max() <= 1
    assert share_of_neighbours_alike(places, group) > 0.95


def test_the_same_features_and_seed_give_the_same_places(features):
    matrix, names, _ = features
    first, again, other = (lay_out_films(matrix, names, seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


def test_what_is_unknown_brings_no_films_together(features):
    matrix, names, group = features
    unknown = sparse.csr_matrix((np.arange(len(group)) % 2)[:, None], dtype=np.float32)
    wider = sparse.csr_matrix(sparse.hstack([matrix, 5 * unknown]))
    assert share_of_neighbours_alike(lay_out_films(wider, [*names, "overview__unknown"]), group) > 0.95


def test_many_films_find_their_neighbours_near_pivots(features, monkeypatch):
    matrix, names, group = features
    monkeypatch.setattr("cinematch_lib.features.film_layout._EXACT", 100)
    monkeypatch.setattr("cinematch_lib.features.film_layout._PIVOT_FILMS", 20)
    assert share_of_neighbours_alike(lay_out_films(matrix, names), group) > 0.95


@pytest.mark.parametrize("films", [0, 1, 2, 5])
def test_few_films_have_places_too(films):
    matrix = sparse.csr_matrix(np.eye(films, 5, dtype=np.float32))
    places = lay_out_films(matrix, list("abcde"))
    assert places.shape == (films, 2)
    assert np.isfinite(places).all()


def test_equal_films_have_places_too():
    places = lay_out_films(sparse.csr_matrix(np.ones((40, 3), dtype=np.float32)), list("abc"))
    assert np.isfinite(places).all()


def test_further_films_are_placed_among_those_like_them(features):
    matrix, names, group = features
    places = lay_out_films(matrix, names)
    new = matrix[[0, 100]]
    placed = place_films(new, matrix, places)
    for row, of in zip(placed, group[[0, 100]], strict=True):
        nearest = ((places - row) ** 2).sum(axis=1).argsort()[:3]
        assert (group[nearest] == of).all()
    assert place_films(new[:0], matrix, places).shape == (0, 2)
