"""The feature stage: from the cleaned catalog to the arrays that the recommender loads."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.features.film_features import FilmFeatures, with_tags
from cinematch_lib.features.quality_prior import bayesian_average, rating_summary


@dataclass(frozen=True, eq=False, repr=False)
class FeatureSet:
    """The result of the feature stage; rows are the films in the order of the catalog.

    `matrix` is CSR float32 (films, features) with rows of length one; `names` are the columns' names,
    ``field__term``; `quality_prior` is float64 (films,), the quality of each film regardless of the user;
    `estimator` is the fitted `FilmFeatures`.
    """

    matrix: sparse.csr_matrix
    names: list[str]
    quality_prior: np.ndarray
    estimator: FilmFeatures


def build_features(
    films: pd.DataFrame, ratings: pd.DataFrame | None = None, tags: pd.DataFrame | None = None, **parameters: Any
) -> FeatureSet:
    """The features and the quality prior of the films of a catalog.

    `films` has the columns of `tables.MERGED`; `ratings` has `movieId` and `rating` (without it, the prior is
    computed from TMDb's votes); `tags` has `movieId` and `tag`; `parameters` are those of `FilmFeatures`.
    Raises CineMatchError for parameters or columns that cannot be used.

    >>> films = pd.DataFrame({"movieId": [1, 2], "title": ["Heat", "Alien"], "genres": ["crime", "sci-fi"]})
    >>> films = films.assign(year=[1995, 1979], runtime=None, overview="", keywords="", cast_top="", director="")
    >>> ratings = pd.DataFrame({"movieId": [1, 1, 2], "rating": [5.0, 4.0, 3.0]})
    >>> built = build_features(films, ratings, min_df=1)
    >>> built.matrix.shape, built.names[:2], built.quality_prior.tolist()
    ((2, 12), ['title__alien', 'title__heat'], [0.041667, -0.045455])
    """
    estimator = FilmFeatures(**parameters)
    matrix = estimator.fit_transform(with_tags(films, tags))
    prior = bayesian_average(films, None if ratings is None else rating_summary(ratings))
    return FeatureSet(matrix, estimator.get_feature_names_out().tolist(), prior, estimator)
