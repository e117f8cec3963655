"""Fixtures of the tests of recommender."""

import pytest
from support.small_runs import (
    ONLY_GENRES,
    genre_films,
    rated_recommender,
    recommender_of,
    sample_recommender,
)


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return rated_recommender(tmp_path_factory)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return sample_recommender(tmp_path_factory)


@pytest.fixture(scope="module")
def thrillers():
    """Four films of one genre or two; the score is their genres' cosine and how well liked they are."""
    films = genre_films("crime", "crime", "crime|drama", "western", title=["A", "B", "C", "D"])
    return recommender_of(*films, quality=[0.0, 0.2, 0.1, -0.4], **ONLY_GENRES)
