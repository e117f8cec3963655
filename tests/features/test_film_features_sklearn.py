"""FilmFeatures as a scikit-learn transformer: its conventions, and scikit-learn's own checks of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from support.small_runs import CASINO, COLLATERAL, HEAT, NOBODY_KNOWS, film_table, same

from cinematch_lib.features.film_features import DEFAULT_WEIGHTS, FIELDS, FilmFeatures


@pytest.fixture
def films():
    return film_table(HEAT, COLLATERAL, CASINO, NOBODY_KNOWS)


def names(features):
    return features.get_feature_names_out().tolist()


def test_parameters_can_be_read_set_and_cloned():
    features = FilmFeatures(max_features=7, ngram_max=2, min_df=3, field_weights={"genres": 2})
    expected = {"max_features": 7, "ngram_max": 2, "min_df": 3, "field_weights": {"genres": 2}}
    assert features.get_params() == expected
    assert clone(features).get_params() == expected
    assert features.set_params(min_df=1) is features
    assert features.get_params() == expected | {"min_df": 1}
    with pytest.raises(ValueError, match="Invalid parameter 'mindf'"):
        features.set_params(mindf=1)


def test_a_clone_of_a_fitted_one_is_not_fitted(films):
    with pytest.raises(NotFittedError):
        clone(FilmFeatures(min_df=1).fit(films)).transform(films)


def test_fit_returns_itself(films):
    features = FilmFeatures()
    assert features.fit(films) is features


@pytest.mark.parametrize("parameters", [{}, {"min_df": 1}, {"min_df": 1, "ngram_max": 3, "max_features": 4}])
def test_fit_transform_is_fit_then_transform(films, parameters):
    features = FilmFeatures(**parameters)
    assert same(features.fit_transform(films), FilmFeatures(**parameters).fit(films).transform(films))
    assert same(features.transform(films), features.transform(films))


def test_it_works_in_a_pipeline(films):
    pipeline = make_pipeline(FilmFeatures(min_df=1), VarianceThreshold())
    assert pipeline.fit_transform(films).shape[0] == len(films)
    pipeline.set_params(filmfeatures__max_features=2)
    narrow = pipeline.fit(films).transform(films)
    assert len(pipeline.get_feature_names_out()) == narrow.shape[1]


def test_every_column_has_a_name_of_its_own(films):
    features = FilmFeatures(min_df=1, ngram_max=2)
    matrix = features.fit_transform(films)
    assert len(names(features)) == matrix.shape[1] == len(set(names(features)))
    assert {name.split("__")[0] for name in names(features)} == set(FIELDS) - {"tags", "text_vector"}


@pytest.mark.parametrize(
    "use", [lambda one, films: one.transform(films), lambda one, films: one.get_feature_names_out()]
)
def test_before_fit_it_says_so(films, use):
    with pytest.raises(NotFittedError, match="This FilmFeatures instance is not fitted yet"):
        use(FilmFeatures(), films)


def test_the_films_and_the_weights_are_left_as_they_were(films):
    films.index = pd.Index([7, 7, 3, 1])
    before, weights = films.copy(deep=True), {"genres": 0.5}
    FilmFeatures(field_weights=weights).fit(films).transform(films)
    pd.testing.assert_frame_equal(films, before)
    assert weights == {"genres": 0.5}
    assert DEFAULT_WEIGHTS["genres"] == 0.6


def test_a_second_fit_forgets_the_first(films):
    features = FilmFeatures(min_df=1).fit(films.assign(tags="noir"))
    other = film_table({"overview": "a robot dreams", "genres": "sci-fi"})
    assert same(features.fit_transform(other), FilmFeatures(min_df=1).fit_transform(other))
    assert names(features) == names(FilmFeatures(min_df=1).fit(other))


def test_it_says_what_input_it_takes():
    tags = get_tags(FilmFeatures())
    assert not tags.input_tags.two_d_array  # an array of numbers is no table of films
    assert (tags.input_tags.string, tags.input_tags.allow_nan, tags.no_validation) == (True, True, False)


class FilmsOfArrays(FilmFeatures):
    """FilmFeatures for the arrays of numbers that scikit-learn's checks bring: each row becomes a film."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit_transform(self, X, y=None):
        matrix = super().fit_transform(films_of_array(X), y)
        self.n_features_in_ = np.asarray(X).shape[1]  # a table's columns are found by name, an array's by their number
        del self.feature_names_in_
        return matrix

    def transform(self, X):
        width = np.asarray(X).shape[1]
        if width != getattr(self, "n_features_in_", width):
            expected = f"expecting {self.n_features_in_} features as input"
            raise ValueError(f"X has {width} features, but FilmsOfArrays is {expected}")
        return super().transform(films_of_array(X))


def films_of_array(array):
    array = np.asarray(array)
    rows = array.reshape(len(array), -1).tolist()
    return pd.DataFrame(
        {
            "overview": [" ".join(f"word{number}" for number in row) for row in rows],
            "keywords": ["|".join(f"{number:.0f}" for number in row) for row in rows],
            "cast_top": "",
            "director": "",
            "genres": [f"{row[0]:.0f}" for row in rows],
            "year": [row[0] for row in rows],
            "runtime": [row[-1] for row in rows],
        }
    )


_OF_ARRAYS = "about the shape and kind of an array; a table is refused by its columns, see the messages below"
_SPARSE = "films are never a sparse matrix; whatever is no DataFrame is refused by its type, see below"
NOT_FOR_TABLES = {
    "check_complex_data": _OF_ARRAYS,
    "check_estimators_empty_data_messages": _OF_ARRAYS,
    "check_fit1d": _OF_ARRAYS,
    "check_fit2d_predict1d": _OF_ARRAYS,
    "check_estimator_sparse_array": _SPARSE,
    "check_estimator_sparse_matrix": _SPARSE,
    "check_estimator_sparse_tag": _SPARSE,
    "check_transformer_preserve_dtypes": "features are float32 whatever the table's numbers are, to halve the memory",
}


@parametrize_with_checks([FilmsOfArrays(min_df=1)], expected_failed_checks=lambda _: NOT_FOR_TABLES)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
