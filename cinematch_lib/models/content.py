"""What films are about, for models that learn from ratings: features of a catalog, and likeness to liked films."""

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.features.film_features import FIELDS, FilmFeatures
from cinematch_lib.models.interactions import Interactions

_YEAR = r"\((\d{4})\)\s*$"


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


def cosines(asked: Interactions, features: sparse.csr_matrix) -> np.ndarray:
    """The products of the films' features with the sum of the liked films', at length one: float32 (users, films)."""
    profile = sparse.csr_matrix(asked.likes @ features)
    length = np.sqrt(np.asarray(profile.multiply(profile).sum(axis=1), dtype=np.float32).ravel())
    unit = sparse.diags_array(1 / np.maximum(length, 1e-9).astype(np.float32)) @ profile
    return np.asarray((unit @ features.T).todense(), dtype=np.float32)


def coldness(counts: np.ndarray) -> np.ndarray:
    """How little is known of films with so many ratings, float32 (films,): 1 for none, 1/2 for one, and so on."""
    return (1 / (1 + np.asarray(counts))).astype(np.float32)


def add_cold(scores: np.ndarray, asked: Interactions, features: sparse.csr_matrix, weights: np.ndarray) -> None:
    """Add to each score, in place: the film's weight × its cosine with the liked films × the user's highest score.

    `scores` is float32 (users, films), `features` CSR float32 (films, features), `weights` float32 (films,).
    """
    highest = scores.max(axis=1, keepdims=True)
    scores += cosines(asked, features) * weights * np.where(highest > 0, highest, 1)
