import numpy as np
import pytest
from scipy import sparse

from cinematch_lib.artifacts.sparse_rows import take_rows
from cinematch_lib.recommender.common_features import CommonFeatures

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
