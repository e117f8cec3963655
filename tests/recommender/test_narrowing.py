from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.recommender.film_groups import FilmGroups
from cinematch_lib.recommender.product_bounds import ProductBounds, VectorBounds
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.scorer import Scorer
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.content import ContentTerm
from cinematch_lib.recommender.terms.discovery import DiscountedTerms
from cinematch_lib.recommender.terms.prior import PriorTerm
from cinematch_lib.recommender.terms.ratings import RatingsTerm
from cinematch_lib.recommender.terms.towers import TowerTerm, row_products

FILMS, FEATURES, EACH, DIMENSIONS = 320_000, 3000, 14, 8
VALUES = st.floats(-1, 1, width=32)


@pytest.fixture(scope="module")
def many():
    """So many films that they are two blocks, with three features that all have and others; and a prior for each."""
    rng = np.random.default_rng(0)
    columns = rng.integers(3, FEATURES, (FILMS, EACH))
    columns[:, :3] = 0, 1, 2
    values = rng.normal(0.2, 0.1, columns.size).astype(np.float32)
    rows = np.repeat(np.arange(FILMS), EACH)
    matrix = sparse.csr_matrix((values, (rows, columns.ravel())), shape=(FILMS, FEATURES))
    scale = 1 / np.sqrt(matrix.multiply(matrix).sum(axis=1))
    return ContentSimilarity(sparse.csr_matrix(matrix.multiply(scale), dtype=np.float32)), rng.normal(0, 0.05, FILMS)


def narrowed(many, liked, disliked, rows, allowed, k):
    similarity, prior = many
    profile = similarity.profile(liked, disliked)
    terms = [PriorTerm("quality", prior.astype(np.float32), 1.0), ContentTerm(None, similarity, profile)]
    return narrowed_by(terms, rows, allowed, k, plain_groups_of(similarity))


@cache
def plain_groups_of(similarity):
    return groups_of(similarity)


def groups_of(similarity, *sources, first=None):
    is_first = np.zeros(FILMS, dtype=bool) if first is None else first
    return FilmGroups(is_first, [*sources, similarity.product_bounds.of_common])


def narrowed_by(terms, rows, allowed, k, groups):
    selection = Selection(rows, np.zeros(len(rows), dtype=np.float32))
    part, of_part = Scorer(terms, groups).narrowed(selection, allowed, k)
    lists = []
    for films, may_stand in ((selection, allowed), (part, of_part)):
        scores = np.where(may_stand, Scorer(terms).scores(films), -np.inf)
        best = top_k(scores, k)
        lists.append((films.rows[best].tolist(), scores[best].tolist()))
    return part, lists


@pytest.mark.parametrize("k", [1, 20, 200])
@pytest.mark.parametrize(("liked", "disliked"), [([7], []), ([3, 99, 262_149], [12])])
@pytest.mark.parametrize("step", [1, 3])
def test_the_best_films_are_in_a_small_part_with_the_same_scores(many, liked, disliked, step, k):
    rows = np.arange(0, FILMS, step)
    allowed = ~np.isin(rows, [*liked, *disliked])
    part, (of_all, of_part) = narrowed(many, liked, disliked, rows, allowed, k)
    assert of_part == of_all
    assert len(part) < len(rows) / 4


@pytest.fixture(scope="module")
def embeddings():
    """Those of as many films, and of users that differ most in one direction."""
    rng = np.random.default_rng(1)
    items, users, corrections = rng.normal(0, 0.1, (3, FILMS, DIMENSIONS)).astype(np.float32)
    users[:, 3] *= 20
    features, periods = np.zeros((FEATURES, DIMENSIONS), np.float32), np.zeros((1, DIMENSIONS), np.float32)
    of_films = np.zeros(FILMS, dtype=np.int32)
    names = np.zeros(1, dtype=np.int64)
    return Embeddings(np.arange(FILMS), items, users, corrections, features, periods, of_films, names, 80.0)


@pytest.mark.parametrize("k", [1, 20])
@pytest.mark.parametrize(("liked", "disliked"), [([7], []), ([3, 99, 262_149], [12])])
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("n_poor", [0, 1])
def test_with_ratings_too_the_best_films_are_in_a_small_part(many, embeddings, liked, disliked, step, k, n_poor):
    rng = np.random.default_rng(2)
    (similarity, prior), seed_items = many, [*liked, *disliked]
    profile = similarity.profile(liked, disliked)
    is_target = rng.random(FILMS) < 0.02
    index = np.where(is_target, np.cumsum(is_target) - 1, is_target.sum())
    content_weight = rng.uniform(0, 0.35, FILMS).astype(np.float32)
    bounds = VectorBounds(embeddings.item_embeddings.__getitem__, FILMS, embeddings.history_embeddings, np.ones(FILMS))
    of_users = embeddings.history_embeddings[seed_items].astype(np.float64), np.zeros((len(seed_items), DIMENSIONS))
    full = np.arange(len(seed_items)) < n_poor
    terms = [
        PriorTerm("popularity", prior.astype(np.float32), -0.5),
        RatingsTerm(np.append(rng.exponential(0.1, is_target.sum()), 0), index),
        TowerTerm(None, similarity, embeddings, seed_items, *of_users, content_weight, 0.3, bounds),
        ContentTerm(None, similarity, profile, 1.0, content_weight, 0.3, 2.0, full),
    ]
    factors = rng.uniform(0.5, 1, FILMS).astype(np.float32)
    rows = np.arange(0, FILMS, step)
    allowed = ~np.isin(rows, seed_items)
    part, (of_all, of_part) = narrowed_by(
        [DiscountedTerms(terms, factors)], rows, allowed, k, groups_of(similarity, bounds)
    )
    assert of_part == of_all
    assert len(part) < len(rows) / 4


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize(("liked", "disliked"), [([7], []), ([3, 99, 262_149], [12]), ([], [12])])
@pytest.mark.parametrize("strength", [0.01, 0.3, 9])  # of ratings: hardly any, some or all of the best films have them
def test_films_that_ratings_tell_of_come_first(many, embeddings, strength, liked, disliked, step):
    rng = np.random.default_rng(3)
    similarity, seed_items = many[0], [*liked, *disliked]
    is_rated = rng.random(FILMS) < 0.02
    n_rated = int(is_rated.sum())
    index = np.where(is_rated, np.cumsum(is_rated) - 1, n_rated)
    gap, content_weight, factors = (np.full(FILMS, value, dtype=np.float32) for value in (1, 0.9, 1))
    for values in (gap, content_weight, factors):
        values[is_rated] *= rng.uniform(0.5, 1, n_rated).astype(np.float32)
    of_users = embeddings.history_embeddings[seed_items].astype(np.float64), np.zeros((len(seed_items), DIMENSIONS))
    bounds = VectorBounds(embeddings.item_embeddings.__getitem__, FILMS, embeddings.history_embeddings, np.ones(FILMS))
    terms = [
        PriorTerm("popularity", gap, -0.1),
        RatingsTerm(np.append(rng.exponential(strength, n_rated), 0), index),
        TowerTerm(None, similarity, embeddings, seed_items, *of_users, content_weight, 0.1, bounds),
        ContentTerm(None, similarity, similarity.profile(liked, disliked), 1.0, content_weight, 0.1, 0.5),
    ]
    rows = np.arange(0, FILMS, step)
    allowed = ~np.isin(rows, seed_items) & (rng.random(len(rows)) < 0.99)
    groups = groups_of(similarity, bounds, first=is_rated)
    part, (of_all, of_part) = narrowed_by([DiscountedTerms(terms, factors)], rows, allowed, 20, groups)
    assert of_part == of_all
    if liked:
        assert len(part) < len(rows) / 4
        n_best_rated = int(is_rated[of_all[0]].sum())
        assert {0.01: n_best_rated < 10, 0.3: True, 9: n_best_rated == 20}[strength]


def test_films_are_in_groups_with_those_that_are_alike():
    rng = np.random.default_rng(0)
    values = rng.random((2, 3000)).astype(np.float32)

    class Source:
        def coordinate(self, number):
            return values[number % 2]

        def keep(self, blocks):
            pass

    first = np.arange(3000) % 3 == 0
    blocks = FilmGroups(first, [Source()]).blocks
    rows = np.concatenate([block.table(block.rows) for block in blocks], axis=1)
    assert np.array_equal(np.unique(rows), np.flatnonzero(~first))
    of_groups = values[:, rows]
    assert (np.ptp(of_groups, axis=1).mean(axis=1) < 0.3).all()  # of all films it is 1


def test_films_in_groups_have_the_shares_of_genres_of_a_selection():
    groups = FilmGroups(np.zeros(6, dtype=bool), [])
    assert groups.of_selection(Selection.everything(6)) is groups.blocks
    selection = Selection(np.array([1, 4]), np.array([0.5, 1], dtype=np.float32))
    (block,) = groups.of_selection(selection)
    assert block.genre_share[block.rows.argsort()].tolist() == [0, 0.5, 0, 0, 1, 0]


def test_what_is_the_same_for_all_films_in_groups_is_one_number():
    block = Block.of(np.array([[2, 5], [4, 1]]))
    assert block.rows.tolist() == [2, 5, 4, 1]
    assert block.take(np.array([1, 7, 7, 2, 7, 7])).tolist() == [7]
    assert block.table(block.take(np.array([0, 7, 7, 0, 7, 6]))).tolist() == [[7, 6], [7, 7]]


def test_the_chosen_films_of_a_selection_have_positions():
    selection = Selection(np.array([0, 2, 3, 5]), np.zeros(4, dtype=np.float32))
    positions, part = selection.chosen(np.array([True, False, False, True, False, False]))
    assert (positions.tolist(), part.rows.tolist()) == ([0, 2], [0, 3])


def test_few_films_that_are_allowed_are_all_in_the_part(many):
    rows = np.arange(FILMS)
    allowed = np.isin(rows, [5, 6, 262_145])
    _, (of_all, of_part) = narrowed(many, [7], [], rows, allowed, 20)
    assert of_part == of_all
    assert sorted(of_part[0]) == [5, 6, 262_145]


@pytest.mark.parametrize(
    ("n", "k", "liked"), [(FILMS // 5, 20, [7]), (FILMS, FILMS // 2, [7]), (FILMS, FILMS, [7]), (FILMS, 20, [])]
)
def test_a_small_choice_or_a_long_list_or_that_of_somebody_who_only_dislikes_is_the_whole(many, n, k, liked):
    rows = np.arange(n)
    part, _ = narrowed(many, liked, [] if liked else [40], rows, np.ones(n, dtype=bool), k)
    assert part.rows is rows


ALL = Block.of(np.arange(9).reshape(3, 3))
EACH_ALONE = Block.of(np.arange(9)[None])


@settings(max_examples=300)
@given(arrays(np.float32, (9, 6), elements=VALUES), arrays(np.float32, 6, elements=VALUES))
def test_no_product_is_above_its_bound(features, vector):
    matrix = sparse.csr_matrix(features)
    bounds = ProductBounds(matrix, np.bincount(matrix.indices, minlength=6))
    products = matrix @ vector
    for block in (ALL, EACH_ALONE):
        assert (block.table(products) <= bounds.of(vector, block)).all()
        assert (products <= bounds.highest(vector, block)).all()


@settings(max_examples=300)
@given(
    arrays(np.float32, (9, 7), elements=VALUES),
    arrays(np.float32, 7, elements=VALUES),
    arrays(np.float32, (5, 7), elements=VALUES),
    arrays(np.int64, 5, elements=st.integers(0, 9)),
)
def test_no_product_of_embeddings_is_above_its_bound(items, vector, users, weights):
    bounds = VectorBounds(items.__getitem__, len(items), users, weights)
    for block in (ALL, EACH_ALONE):
        for products in (items @ vector, items.astype(np.float64) @ vector):
            assert (block.table(products) <= bounds.of(vector, block)).all()
        assert (items @ vector <= bounds.highest(vector, block)).all()


def test_bounds_of_embeddings_are_exact_in_the_directions_of_users():
    items, users = np.eye(9, dtype=np.float32), np.diag([6.0, 5, 4, 3, 2, 1, 0, 0, 0])
    bounds = VectorBounds(items.__getitem__, len(items), users, np.ones(9))
    of_near = bounds.of(np.array([1, -2, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32), EACH_ALONE)
    assert of_near == pytest.approx(np.array([[1, -2, 0, 0, 0, 0, 0, 0, 0]]), abs=5e-3)
    of_rest = bounds.of(np.array([0, 0, 0, 0, 0, 0, 0, 3, -4], dtype=np.float32), EACH_ALONE)
    assert of_rest == pytest.approx(np.array([[0.05] * 6 + [5] * 3]), abs=1e-2)


def test_the_bound_of_a_group_is_at_the_corner_of_the_box_around_its_films():
    items = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    bounds = VectorBounds(items.__getitem__, len(items), np.eye(2), np.ones(2))
    of_groups = bounds.of(np.array([2, 3], dtype=np.float32), Block.of(np.array([[0, 2], [1, 3]])))
    assert of_groups == pytest.approx(np.array([[5, 0]]), abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 3, 63, 64, 65, 1000])
def test_the_product_of_a_row_is_the_same_beside_any_others(n):
    rng = np.random.default_rng(0)
    rows, vector = rng.normal(size=(20_001, 32)).astype(np.float32), rng.normal(size=32).astype(np.float32)
    products = row_products(rows, vector)
    assert products == pytest.approx(rows.astype(np.float64) @ vector, abs=1e-4)
    some = np.sort(rng.choice(len(rows), n, replace=False))
    np.testing.assert_array_equal(row_products(rows[some], vector), products[some])


def test_bounds_are_exact_but_for_common_features():
    features = np.zeros((20, 2), dtype=np.float32)
    features[:10, 0], features[3, 1] = 0.6, 0.8
    bounds = ProductBounds(sparse.csr_matrix(features), np.array([10, 1]))
    block = Block.of(np.arange(20).reshape(2, 10))  # a film that has the common feature is with one that has not
    of_rare = bounds.of(np.array([0, 0.5], dtype=np.float32), block)
    assert of_rare.ravel() == pytest.approx([0.4 if film == 3 else 0 for film in range(20)], abs=1e-3)
    of_common = bounds.of(np.array([1, 0], dtype=np.float32), block)
    assert of_common == pytest.approx(np.full((2, 10), 0.6), abs=1e-2)


def test_without_common_features_all_is_exact():
    features = np.zeros((20, 2), dtype=np.float32)
    features[3, 1] = 0.8
    bounds = ProductBounds(sparse.csr_matrix(features), np.array([0, 1]))
    (block,) = FilmGroups(np.zeros(20, dtype=bool), [bounds.of_common]).blocks
    of_films = bounds.of(np.array([0.5, 0.5], dtype=np.float32), block).ravel()[block.rows.argsort()]
    assert of_films == pytest.approx([0.4 if film == 3 else 0 for film in range(20)], abs=1e-3)
