"""The two towers as a model by themselves: what they find by the features of films alone."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cinematch_lib.models.base import Model
from cinematch_lib.models.content import film_features
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.tower_tuning import tower_scores
from cinematch_lib.models.towers import fit_towers, release_years


class TowerModel(Model):
    """Ranks films by what people who like the user's films like of the features of films; see `towers`.

    `field_weights` are those of `FilmFeatures`; `seed` is that of `fit_towers`.
    """

    def __init__(self, field_weights: Mapping[str, float] | None = None, seed: int = 0) -> None:
        self.field_weights, self.seed = field_weights, seed

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        self._features = film_features(catalog, field_weights=self.field_weights)
        self._towers = fit_towers(train.likes, self._features, release_years(catalog), self.films, self.seed)

    def _scores(self, queries: Interactions) -> np.ndarray:
        if self._towers is None:  # nobody likes a film that has features
            return np.zeros(queries.ratings.shape, dtype=np.float32)
        return tower_scores(queries.likes, self._features, self._towers)
