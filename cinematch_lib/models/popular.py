"""The non-personalized baseline: every user gets the most liked films."""

import numpy as np
import pandas as pd

from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions


class Popular(Model):
    """Ranks films by their number of likes, the same for all users."""

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        """Nothing to learn beyond `like_counts`."""

    def _scores(self, queries: Interactions) -> np.ndarray:
        return np.tile(self.like_counts.astype(np.float32), (len(queries), 1))
