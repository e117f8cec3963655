"""The models that others must beat: what everybody likes, and what is like the liked films."""

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.features import FIELDS, FilmFeatures
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions

_DISLIKED_BELOW = 3.0  # a rating under this is a dislike
_YEAR = r"\((\d{4})\)\s*$"


class Popular(Model):
    """Films by the number of their likes, the same for everybody."""

    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        pass

    def _scores(self, asked: Interactions) -> np.ndarray:
        return np.tile(self.general.astype(np.float32), (len(asked), 1))


class ContentModel(Model):
    """Films by the cosine of their features with the liked films, less `disliked` times that with disliked ones.

    `popularity` times the logarithm of a film's likes is added, so that of films alike the better known lead.
    """

    def __init__(self, popularity: float = 0.03, disliked: float = 0.0, min_df: int = 2) -> None:
        self.popularity, self.disliked, self.min_df = popularity, disliked, min_df

    def _learn(self, learned: Interactions, catalog: pd.DataFrame) -> None:
        self._features = film_features(catalog, self.min_df)
        self._known_well = np.log1p(self.general).astype(np.float32)

    def _scores(self, asked: Interactions) -> np.ndarray:
        profile = sparse.csr_matrix(asked.likes @ self._features)
        if self.disliked:
            profile = profile - self.disliked * asked.graded(lambda stars: stars < _DISLIKED_BELOW) @ self._features
        length = np.sqrt(profile.multiply(profile).sum(axis=1))
        unit = sparse.diags_array(1 / np.maximum(np.asarray(length, dtype=np.float32).ravel(), 1e-9)) @ profile
        scores = np.asarray((unit @ self._features.T).todense(), dtype=np.float32)
        return scores + np.float32(self.popularity) * self._known_well


def film_features(catalog: pd.DataFrame, min_df: int = 2) -> sparse.csr_matrix:
    """The films' features without the columns for what is unknown: CSR float32 (films, features).

    The rows have length one, or less where fields are unknown. Fields that the catalog lacks are unknown of
    every film; a year is then taken from the end of the title.
    """
    table = pd.DataFrame(index=catalog.index)
    for name in FIELDS:
        if name in ("year", "runtime"):
            numbers = catalog[name] if name in catalog else pd.Series(pd.NA, index=catalog.index)
            table[name] = pd.to_numeric(numbers, errors="coerce").astype("Float64")
        elif name in catalog:
            table[name] = catalog[name].fillna("").astype("str")
        else:
            table[name] = ""
    if "year" not in catalog and "title" in catalog:
        years = catalog["title"].fillna("").astype("str").str.extract(_YEAR, expand=False)
        table["year"] = pd.to_numeric(years, errors="coerce").astype("Float64")
    if "title" in catalog:
        table["overview"] = table["overview"].where(table["overview"] != catalog["title"].astype("str"), "")
    table["genres"] = table["genres"].where(table["genres"] != "(no genres listed)", "").str.lower()
    made = FilmFeatures(min_df=min_df)
    with np.errstate(invalid="ignore"):  # the mean of a number that is unknown of every film
        matrix = made.fit_transform(table)
    unknown = np.char.endswith(made.get_feature_names_out().astype(str), "__unknown")
    return sparse.csr_matrix(matrix[:, ~unknown])
