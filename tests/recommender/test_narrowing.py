import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from cinematch_lib.recommender.product_bounds import ProductBounds
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.scorer import Scorer
from cinematch_lib.recommender.selection import BLOCK, Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.content import ContentTerm
from cinematch_lib.recommender.terms.prior import PriorTerm

FILMS, FEATURES, EACH = BLOCK + 60_000, 3000, 14
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
    selection = Selection(rows, np.zeros(len(rows), dtype=np.float32))
    part, of_part = Scorer(terms).narrowed(selection, allowed, k)
    lists = []
    for films, may_stand in ((selection, allowed), (part, of_part)):
        scores = np.where(may_stand, Scorer(terms).scores(films), -np.inf)
        best = top_k(scores, k)
        lists.append((films.rows[best].tolist(), scores[best].tolist()))
    return part, lists


@pytest.mark.parametrize("k", [1, 20, 200])
@pytest.mark.parametrize(("liked", "disliked"), [([7], []), ([3, 99, BLOCK + 5], [12])])
@pytest.mark.parametrize("step", [1, 3])
def test_the_best_films_are_in_a_small_part_with_the_same_scores(many, liked, disliked, step, k):
    rows = np.arange(0, FILMS, step)
    allowed = ~np.isin(rows, [*liked, *disliked])
    part, (of_all, of_part) = narrowed(many, liked, disliked, rows, allowed, k)
    assert of_part == of_all
    assert len(part) < len(rows) / 4


def test_few_films_that_are_allowed_are_all_in_the_part(many):
    rows = np.arange(FILMS)
    allowed = np.isin(rows, [5, 6, BLOCK + 1])
    _, (of_all, of_part) = narrowed(many, [7], [], rows, allowed, 20)
    assert of_part == of_all
    assert sorted(of_part[0]) == [5, 6, BLOCK + 1]


@pytest.mark.parametrize(
    ("n", "k", "liked"), [(FILMS // 5, 20, [7]), (FILMS, FILMS // 2, [7]), (FILMS, FILMS, [7]), (FILMS, 20, [])]
)
def test_a_small_choice_or_a_long_list_or_that_of_somebody_who_only_dislikes_is_the_whole(many, n, k, liked):
    rows = np.arange(n)
    part, _ = narrowed(many, liked, [] if liked else [40], rows, np.ones(n, dtype=bool), k)
    assert part.rows is rows


@settings(max_examples=300)
@given(arrays(np.float32, (9, 6), elements=VALUES), arrays(np.float32, 6, elements=VALUES))
def test_no_product_is_above_its_bound(features, vector):
    matrix = sparse.csr_matrix(features)
    bounds = ProductBounds(matrix, np.bincount(matrix.indices, minlength=6))
    assert (matrix @ vector <= bounds.of(vector, Selection.everything(9))).all()
    some = np.array([1, 4, 8])
    of_some = bounds.of(vector, Selection(some, np.zeros(3, dtype=np.float32)))
    np.testing.assert_array_equal(of_some, bounds.of(vector, Selection.everything(9))[some])


def test_bounds_are_exact_but_for_common_features():
    features = np.zeros((20, 2), dtype=np.float32)
    features[:10, 0], features[3, 1] = 0.6, 0.8
    bounds = ProductBounds(sparse.csr_matrix(features), np.array([10, 1]))
    of_rare = bounds.of(np.array([0, 0.5], dtype=np.float32), Selection.everything(20))
    assert of_rare == pytest.approx([0.4 if film == 3 else 0 for film in range(20)], abs=1e-3)
    of_common = bounds.of(np.array([-1, 0], dtype=np.float32), Selection.everything(20))
    assert of_common == pytest.approx([0.6] * 10 + [0.01] * 10, abs=1e-3)
