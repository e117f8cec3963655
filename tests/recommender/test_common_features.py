import numpy as np
import pytest
from scipy import sparse

from cinematch_lib.artifacts.sparse_rows import take_rows
from cinematch_lib.recommender.common_features import CommonFeatures, Owners

COLUMNS = 40
FIRST_COLUMNS = np.array([0, 1, 2, 1, *range(4, COLUMNS)])  # columns 1 and 3 are one feature


@pytest.fixture(scope="module", params=[3, 300])
def films_and_seeds(request):
    drawn = [
        sparse.random(n, COLUMNS, density=0.3, format="csr", dtype=np.float32, random_state=n)
        for n in (20, request.param)
    ]
    return drawn, CommonFeatures(*(take_rows(one, np.arange(one.shape[0])) for one in drawn), FIRST_COLUMNS)


def test_products_of_films_and_few_or_many_seed_items(films_and_seeds):
    (films, seeds), common = films_and_seeds
    assert common.products() == pytest.approx(films.toarray().astype(float) @ seeds.toarray().T)


def test_largest_features_of_pairs(films_and_seeds):
    (films, seeds), common = films_and_seeds
    pairs = [(film, seed) for film in range(20) for seed in (0, seeds.shape[0] - 1)]
    for (film, seed), found in zip(pairs, common.largest(*zip(*pairs, strict=True), 0.2), strict=True):
        parts = films[film].toarray()[0].astype(float) * seeds[seed].toarray()[0]
        parts[1] += parts[3]
        parts[3] = 0
        large = np.flatnonzero(parts >= 0.2 * parts.sum()) if parts.any() else np.array([], dtype=int)
        assert found == large[np.argsort(-parts[large], kind="stable")].tolist()


def test_films_are_compared_with_the_seed_items_of_their_own_person():
    films, seeds = (
        sparse.random(n, COLUMNS, density=0.3, format="csr", dtype=np.float32, random_state=n) for n in (9, 7)
    )
    of_film, of_seed = np.repeat([0, 1, 2], [4, 2, 3]), np.repeat([0, 1, 2, 3], [2, 3, 1, 1])
    parts = np.array([0, 1, 0, 1, 4, 3, 2])  # the fourth person has no films
    together = CommonFeatures(
        *(take_rows(one, np.arange(one.shape[0])) for one in (films, seeds)),
        FIRST_COLUMNS,
        Owners(of_film, of_seed, parts),
    )
    products = np.zeros((9, 5))
    for person in range(3):
        own_films, own_seeds = np.flatnonzero(of_film == person), np.flatnonzero(of_seed == person)
        alone = CommonFeatures(*(take_rows(*one) for one in ((films, own_films), (seeds, own_seeds))), FIRST_COLUMNS)
        products[np.ix_(own_films, parts[own_seeds])] = alone.products()
        pairs = [(film, seed) for film in range(len(own_films)) for seed in range(len(own_seeds))]
        own = [(own_films[film], parts[own_seeds[seed]]) for film, seed in pairs]
        assert together.largest(*zip(*own, strict=True), 0.2) == alone.largest(*zip(*pairs, strict=True), 0.2)
    np.testing.assert_array_equal(together.products(), products)
