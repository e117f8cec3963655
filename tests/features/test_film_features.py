import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.film_features import names
from support.small_runs import HEAT, NOBODY_KNOWS, film_table, same

from cinematch_lib.errors import CineMatchError
from cinematch_lib.features.film_features import DEFAULT_WEIGHTS, FIELDS, FilmFeatures, with_tags


def value(features, matrix, row, name):
    return matrix[row, names(features).index(name)]


# --- what the rows are -------------------------------------------------------------------------------


def test_rows_have_length_one(films):
    matrix = FilmFeatures(min_df=1).fit_transform(films)
    assert isinstance(matrix, sparse.csr_matrix)
    assert (matrix.dtype, matrix.has_sorted_indices, matrix.has_canonical_format) == (np.float32, True, True)
    np.testing.assert_allclose(sparse.linalg.norm(matrix, axis=1), 1, rtol=1e-6)
    assert (matrix.data != 0).all()


def test_a_name_is_one_term_and_keeps_its_case(films):
    features = FilmFeatures(min_df=1).fit(films)
    assert {"cast_top__Robert De Niro", "director__Michael Mann", "keywords__los angeles"} <= set(names(features))
    assert not any(name == "cast_top__Robert" or name == "cast_top__robert de niro" for name in names(features))


def test_a_term_must_be_in_min_df_films(films):
    features = FilmFeatures(min_df=2).fit(films)
    assert [name for name in names(features) if name.startswith(("keywords", "cast", "director"))] == [
        "keywords__los angeles",
        "keywords__unknown",
        "cast_top__Robert De Niro",
        "cast_top__unknown",
        "director__Michael Mann",
        "director__unknown",
    ]


def test_max_features_counts_for_each_field(films):
    features = FilmFeatures(min_df=1, max_features=1).fit(films)
    assert {"cast_top__Robert De Niro", "keywords__los angeles", "overview__thief"} <= set(names(features))
    counts = pd.Series(names(features)).str.split("__").str[0].value_counts()
    assert counts[["overview", "keywords", "cast_top", "director"]].tolist() == [2, 2, 2, 2]  # with the unknown
    assert FilmFeatures(min_df=1, max_features=None).fit(films).n_features_in_ == len(films.columns)


def test_ngram_max_joins_words_of_the_overview_alone(films):
    two = names(FilmFeatures(min_df=1, ngram_max=2).fit(films))
    assert "overview__careful thief" in two
    assert not any(name.startswith("keywords__heist los") for name in two)
    assert "overview__careful thief" not in names(FilmFeatures(min_df=1).fit(films))


def test_what_is_unknown_has_a_column_of_its_own(films):
    features = FilmFeatures(min_df=1)
    matrix = features.fit_transform(films)
    unknown = {
        field: [value(features, matrix, row, f"{field}__unknown") > 0 for row in range(4)]
        for field in set(FIELDS) - {"tags", "text_vector"}
    }
    assert unknown == {
        "title": [False, False, False, False],
        "overview": [False, False, True, True],  # an overview that is the title says nothing
        "keywords": [False, False, True, True],
        "cast_top": [False, False, False, True],
        "director": [False, False, False, True],
        "genres": [False, False, False, True],
        "year": [False, False, False, True],
        "runtime": [False, False, True, True],
    }


def test_weights_are_what_each_field_counts(films):
    features = FilmFeatures(min_df=1, field_weights={"genres": 2, "director": np.float32(0.5)})
    matrix = features.fit_transform(films).toarray()
    fields = np.array([name.split("__")[0] for name in names(features)])
    lengths = {
        field: np.linalg.norm(matrix[0, fields == field]) for field in FIELDS if f"{field}__unknown" in names(features)
    }
    weights = features.weights()
    for field, length in lengths.items():
        assert length / lengths["genres"] == pytest.approx(weights[field] / 2, rel=1e-5)
    assert weights == {**DEFAULT_WEIGHTS, "genres": 2, "director": 0.5}


def test_a_field_of_weight_zero_drops_out(films):
    without = FilmFeatures(min_df=1, field_weights={"overview": 0, "year": 0})
    matrix = without.fit_transform(films)
    used = {names(without)[column].split("__")[0] for column in matrix.indices}
    assert used == {"title", "keywords", "cast_top", "director", "genres", "runtime"}
    np.testing.assert_allclose(sparse.linalg.norm(matrix, axis=1), 1, rtol=1e-6)


def test_all_weights_zero_leave_rows_of_nothing(films):
    matrix = FilmFeatures(field_weights=dict.fromkeys(FIELDS, 0)).fit_transform(films)
    assert matrix.nnz == 0
    assert matrix.shape[0] == 4


def test_near_years_are_alike_and_far_ones_are_not():
    films = film_table(*({"year": year} for year in (1995, 1995, 1996, 2010, 1930)))
    matrix = FilmFeatures(field_weights=dict.fromkeys(set(FIELDS) - {"year"}, 0)).fit_transform(films)
    likeness = (matrix @ matrix.T).toarray()[0]
    assert likeness[:2] == pytest.approx([1, 1])
    assert 1 > likeness[2] > 0.99
    assert likeness[2] > likeness[3] > likeness[4]


@pytest.mark.parametrize("empty", ["overview", "keywords", "cast_top", "director", "genres"])
def test_a_field_that_is_empty_for_all_films_is_no_trouble(films, empty):
    films[empty] = ""
    features = FilmFeatures(min_df=1)
    matrix = features.fit_transform(films)
    assert same(features.transform(films), matrix)
    np.testing.assert_allclose(sparse.linalg.norm(matrix, axis=1), 1, rtol=1e-6)
    assert not any(name.startswith(f"{empty}__") and name != f"{empty}__unknown" for name in names(features))


def test_films_of_which_nothing_is_known_are_no_trouble():
    films = film_table(NOBODY_KNOWS, NOBODY_KNOWS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matrix = FilmFeatures().fit_transform(films)
    assert matrix.toarray()[0] == pytest.approx(matrix.toarray()[1])


def test_missing_text_is_empty_text(films):
    holes = films.astype(dict.fromkeys(("overview", "cast_top", "keywords"), "object"))
    holes.loc[3, ["overview", "cast_top", "keywords"]] = [None, np.nan, pd.NA]
    assert same(FilmFeatures(min_df=1).fit_transform(holes), FilmFeatures(min_df=1).fit_transform(films))
    nowhere = films.assign(keywords=np.nan)
    assert same(
        FilmFeatures(min_df=1).fit_transform(nowhere), FilmFeatures(min_df=1).fit_transform(films.assign(keywords=""))
    )


def test_genres_and_names_that_fit_did_not_meet_are_passed_over(films):
    features = FilmFeatures(min_df=1).fit(films)
    new = film_table(HEAT | {"genres": "crime|space opera", "cast_top": "Nobody Known"})
    row = features.transform(new)
    assert value(features, row, 0, "genres__crime") > 0
    assert value(features, row, 0, "cast_top__unknown") > 0
    np.testing.assert_allclose(sparse.linalg.norm(row, axis=1), 1, rtol=1e-6)


# --- tags --------------------------------------------------------------------------------------------


def test_tags_are_a_field_where_the_table_has_them(films):
    tagged = films.assign(tags=["heist|heist|L.A.", "", None, "heist"])
    features = FilmFeatures(min_df=1)
    matrix = features.fit_transform(tagged)
    assert {"tags__heist", "tags__l.a.", "tags__unknown"} <= set(names(features))
    assert value(features, matrix, 1, "tags__unknown") > 0


def test_with_tags_joins_what_people_said_of_each_film():
    films = pd.DataFrame({"movieId": [6, 1, 50]}, index=[9, 8, 7])
    said = [("6", " Heist "), ("6", "heist"), ("1", "pixar|toys"), ("1", "  "), ("999", "elsewhere"), ("x", "broken")]
    tags = pd.DataFrame(said, columns=["movieId", "tag"])
    assert with_tags(films, tags)["tags"].to_dict() == {9: "heist|heist", 8: "pixar/toys", 7: ""}


# --- messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ngram_max": 0}, "ngram_max must be a whole number from 1 up, got 0"),
        ({"min_df": 0}, "min_df must be a whole number from 1 up, got 0"),
        ({"max_features": 0}, "max_features must be a whole number from 1 up, got 0"),
        ({"max_features": -5}, "max_features must be a whole number from 1 up, got -5"),
        ({"ngram_max": None}, "ngram_max must be a whole number from 1 up, got None"),
        ({"ngram_max": 1.5}, "ngram_max must be a whole number from 1 up, got 1.5"),
        ({"min_df": "2"}, "min_df must be a whole number from 1 up, got '2'"),
        ({"min_df": True}, "min_df must be a whole number from 1 up, got True"),
        (
            {"field_weights": {"genre": 1}},
            f"field_weights may name {', '.join(FIELDS)}, got 'genre'",
        ),
        ({"field_weights": {"genres": -1}}, "field_weights['genres'] must be a number from 0 up, got -1"),
        ({"field_weights": {"genres": "1"}}, "field_weights['genres'] must be a number from 0 up, got '1'"),
        ({"field_weights": {"year": float("nan")}}, "field_weights['year'] must be a number from 0 up, got nan"),
        ({"field_weights": ["genres"]}, "field_weights must be a mapping such as {\"genres\": 0.5}, got ['genres']"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_rule(films, parameters, message):
    with pytest.raises(CineMatchError) as raised:
        FilmFeatures(**parameters).fit(films)
    assert str(raised.value) == message


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_columns_that_lack_are_named(films, method):
    with pytest.raises(CineMatchError, match="films lack the columns keywords, year; they have movieId, tmdbId"):
        getattr(FilmFeatures(), method)(films.drop(columns=["keywords", "year"]))


def test_no_films_are_refused(films):
    with pytest.raises(CineMatchError, match="there are no films to make features of, got a table of 0 rows"):
        FilmFeatures().fit(films.head(0))


@pytest.mark.parametrize(("wrong", "kind"), [([["Heat"]], "list"), (np.zeros((2, 2)), "ndarray"), (None, "NoneType")])
def test_what_is_no_table_is_refused(wrong, kind):
    with pytest.raises(
        TypeError, match=f"films must be a pandas DataFrame with the columns overview, .*, got a {kind}"
    ):
        FilmFeatures().fit(wrong)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("genres", [1, 2, 3, 4], "the films' column genres must be text, got integer"),
        ("overview", ["a", 2, "c", "d"], "the films' column overview must be text, got mixed"),
        ("year", ["1995", "about 2004", "", ""], "the films' column year must be numbers, missing where unknown"),
        ("runtime", [1.0, np.inf, 2, 3], "the films' column runtime must be finite numbers, missing where unknown"),
    ],
)
def test_a_column_of_the_wrong_kind_is_named(films, column, values, message):
    films[column] = pd.Series(values, dtype=None if column == "runtime" else "object")
    with pytest.raises(CineMatchError, match=message):
        FilmFeatures().fit(films)
