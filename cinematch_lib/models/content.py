"""Content-based filtering: film features, their cosine with the liked films, and a model of these alone."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.features.film_features import FIELDS, TEXT_VECTOR, FilmFeatures
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.storage.files import sha256
from cinematch_lib.storage.resources import megabytes

_YEAR = r"\((\d{4})\)\s*$"
_KEPT_MEGABYTES = 100  # of matrices: an evaluation alternates between the catalogs of folds and of validation users
_kept: dict[str, tuple[sparse.csr_matrix, np.ndarray]] = {}  # by what they are made of


class ContentModel(Model):
    """Ranks films by the cosine of their features with the user's liked films, plus a popularity prior.

    score(i) = cos(x_i, p) + popularity · log(1 + likes of i), with the features x_i of the film and the profile p, the
    sum of those of the liked films. The prior puts the better known of similar films first. A feature must occur
    in `min_df` films or more; `field_weights` are those of `FilmFeatures`.
    """

    def __init__(
        self, popularity: float = 0.03, min_df: int = 2, field_weights: Mapping[str, float] | None = None
    ) -> None:
        self.popularity, self.min_df, self.field_weights = popularity, min_df, field_weights

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        self._features = film_features(catalog, self.min_df, self.field_weights)
        self._log_likes = np.log1p(self.like_counts).astype(np.float32)

    def _scores(self, queries: Interactions) -> np.ndarray:
        return cosines(queries, self._features) + np.float32(self.popularity) * self._log_likes


def film_features(
    catalog: pd.DataFrame, min_df: int = 2, field_weights: Mapping[str, float] | None = None
) -> sparse.csr_matrix:
    """The matrix of `named_features`."""
    return named_features(catalog, min_df, field_weights)[0]


def named_features(
    catalog: pd.DataFrame, min_df: int = 2, field_weights: Mapping[str, float] | None = None
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Film features without the indicators of missing values, and their names.

    The features are CSR float32 (films, features), the names, str (features,), ``field__term``.

    Rows have length one, or less where fields are missing. Fields that the catalog lacks are missing for every
    film; the year is then parsed from the end of the title. The features of the last few different catalogs are kept,
    so that they are made once for all models of an evaluation.
    """
    table = _table(catalog)
    made_of = f"{_digest(table)} {min_df!r} {field_weights!r}"
    made = _kept.get(made_of)
    if made is None:
        made = _named_features(table, min_df, field_weights)
        while _kept and megabytes([made, *_kept.values()]) > _KEPT_MEGABYTES:
            del _kept[next(iter(_kept))]
        _kept[made_of] = made
    matrix, names = made
    return matrix.copy(), names.copy()


def _digest(table: pd.DataFrame) -> str:
    """SHA-256 of the content of a table."""
    plain = table.drop(columns=TEXT_VECTOR, errors="ignore")
    vectors = table.get(TEXT_VECTOR, ())
    parts = [one.tobytes() if isinstance(one, np.ndarray) else b"unknown" for one in vectors]
    rows = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    return sha256(b"|".join([str(list(table)).encode(), rows.tobytes(), *parts]))


def _table(catalog: pd.DataFrame) -> pd.DataFrame:
    """The columns that features are made of."""
    table = pd.DataFrame(index=catalog.index)
    for name in FIELDS:
        if name == TEXT_VECTOR:
            if name in catalog:
                table[name] = catalog[name]
        elif name in ("year", "runtime"):
            numbers = catalog[name] if name in catalog else pd.Series(pd.NA, index=catalog.index)
            table[name] = pd.to_numeric(numbers, errors="coerce").astype("Float64")
        else:
            table[name] = catalog[name].fillna("").astype("str") if name in catalog else ""
    if "year" not in catalog and "title" in catalog:
        years = catalog["title"].fillna("").astype("str").str.extract(_YEAR, expand=False)
        table["year"] = pd.to_numeric(years, errors="coerce").astype("Float64")
    if "title" in catalog:
        # An overview that equals the title is a filler.
        table["overview"] = table["overview"].where(table["overview"] != catalog["title"].astype("str"), "")
    table["genres"] = table["genres"].where(table["genres"] != "(no genres listed)", "").str.lower()
    return table


def _named_features(
    table: pd.DataFrame, min_df: int, field_weights: Mapping[str, float] | None
) -> tuple[sparse.csr_matrix, np.ndarray]:
    extractor = FilmFeatures(min_df=min_df, field_weights=field_weights)
    with np.errstate(invalid="ignore"):  # the mean of a number that no film has
        matrix = extractor.fit_transform(table)
    names = extractor.get_feature_names_out().astype(str)
    known = ~np.char.endswith(names, "__unknown")
    return sparse.csr_matrix(matrix[:, known]), names[known]


def cosines(queries: Interactions, features: sparse.csr_matrix) -> np.ndarray:
    """cos(x_i, p), where the profile p is the sum of the features x of the user's likes: float32 (users, films).

    The rows of `features`, CSR float32 (films, features), count as unit vectors, so that a film of which less is
    known has a smaller cosine.
    """
    profiles = sparse.csr_matrix(queries.likes @ features)
    norms = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1), dtype=np.float32).ravel())
    unit = sparse.diags_array(1 / np.maximum(norms, 1e-9).astype(np.float32)) @ profiles
    return np.asarray((unit @ features.T).todense(), dtype=np.float32)


def cold_start_weight(rating_counts: np.ndarray) -> np.ndarray:
    """1 / (1 + number of ratings) of each film: float32 (films,), from 1 for an unrated film towards 0."""
    return (1 / (1 + np.asarray(rating_counts))).astype(np.float32)
