"""The features that models share: made once for equal catalogs, and never those of another catalog."""

import numpy as np
from support.small_runs import CASINO, COLLATERAL, HEAT, film_table, same

from cinematch_lib.models.content import named_features

FILMS = film_table(HEAT, COLLATERAL, CASINO)


def test_equal_catalogs_have_equal_features_whatever_became_of_the_first():
    first, names = named_features(FILMS, 1)
    kept = first.copy()
    first.data[:] = 0
    names[:] = ""
    again, its_names = named_features(FILMS.copy(), 1)
    assert same(again, kept)
    assert "director__Michael Mann" in its_names


def test_another_catalog_or_weight_has_other_features():
    vectors = [np.array([1.0, 0]), np.array([0, 1.0]), None]
    others = [
        (FILMS, {"min_df": 2}),
        (FILMS, {"min_df": 1, "field_weights": {"director": 0.0}}),
        (FILMS.assign(director="Michael Mann"), {"min_df": 1}),
        (FILMS.assign(year=[1995, 2004, 1996]), {"min_df": 1}),
        (FILMS.iloc[::-1].reset_index(drop=True), {"min_df": 1}),
        (FILMS.assign(text_vector=vectors), {"min_df": 1}),
        (FILMS.assign(text_vector=vectors[::-1]), {"min_df": 1}),
        (FILMS, {"min_df": 1}),
    ]
    made = [named_features(films, **options)[0] for films, options in others]
    for number, one in enumerate(made):
        assert not any(same(one, other) for other in made[:number]), number
