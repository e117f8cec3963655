"""The models that others must beat: what everybody likes, and what is like the liked films."""

import numpy as np
import pandas as pd

from cinematch_lib.models.base import Model
from cinematch_lib.models.content import cosines, film_features
from cinematch_lib.models.interactions import Interactions


class Popular(Model):
    """Films by the number of their likes, the same for everybody."""

    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        pass

    def _scores(self, asked: Interactions) -> np.ndarray:
        return np.tile(self.general.astype(np.float32), (len(asked), 1))


class ContentModel(Model):
    """Films by the cosine of their features with the liked films, plus what many like.

    `popularity` times the logarithm of a film's likes is added, so that of films alike the better known lead.
    """

    def __init__(self, popularity: float = 0.03, min_df: int = 2) -> None:
        self.popularity, self.min_df = popularity, min_df

    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        self._features = film_features(catalog, self.min_df)
        self._known_well = np.log1p(self.general).astype(np.float32)

    def _scores(self, asked: Interactions) -> np.ndarray:
        scores = cosines(asked, self._features)
        return scores + np.float32(self.popularity) * self._known_well
