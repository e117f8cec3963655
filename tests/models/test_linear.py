"""What is served of a model that is linear over items: the weights with the largest effect, and well rated films."""

import numpy as np
import pytest
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.models import Model
from cinematch_lib.models.linear import item_weights

KEPT = 12  # weights for each film


class AnyWeights(Model):
    """A model with weights of every size."""

    def _fit(self, train, catalog):
        films = len(self.films)
        self._weights = np.random.default_rng(0).normal(size=(films, films)).astype(np.float32)

    def _scores(self, queries):
        return queries.likes @ self._weights

    def item_matrix(self):
        return self._weights


@pytest.fixture(scope="module")
def fitted():
    ratings = ratings_by_taste()
    model = AnyWeights().fit(ratings, films_by_taste())
    return ratings, model, item_weights(model, ratings, KEPT)


def test_the_weights_are_those_with_the_largest_effect_on_the_scores_of_training(fitted):
    ratings, model, made = fitted
    whole, kept = model.item_matrix(), made.matrix.toarray()
    weights = ratings["rating"].map({1.0: 0.3, 3.0: 0.6, 4.0: 1.0, 4.5: 1.2, 5.0: 1.2})
    norms = np.sqrt((weights**2).groupby(ratings["movieId"]).sum().reindex(model.films, fill_value=0).to_numpy())
    assert norms.max() > 2 * norms[norms > 0].min()
    effect = np.abs(whole) * norms[:, None]
    np.fill_diagonal(effect, 0)  # no film is recommended for itself
    is_kept = kept != 0
    assert is_kept.sum() == KEPT * len(model.films)
    np.testing.assert_allclose(kept[is_kept], whole[is_kept], rtol=1e-6)
    assert effect[is_kept].min() >= effect[~is_kept].max() * (1 - 1e-6)


def test_films_with_eight_likes_or_more_are_well_rated(fitted):
    ratings, model, made = fitted
    likes = ratings.loc[ratings["rating"] >= 4, "movieId"].value_counts().reindex(model.films, fill_value=0)
    has_weights = (made.matrix.toarray() != 0).any(axis=1)
    assert made.well_rated.tolist() == ((likes >= 8).to_numpy() & has_weights).tolist()
    assert made.well_rated.any() and (has_weights & (likes < 8).to_numpy()).any()
