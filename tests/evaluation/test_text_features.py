"""The comparison of text features, where the text says what users like and the words of two films never agree."""

import numpy as np
import pandas as pd
import pytest
from support.encoder_files import static_encoder
from support.tastes import films_by_taste, ratings_by_taste

from cinematch_lib.data.tables import MERGED_DTYPES
from cinematch_lib.evaluation import difference
from cinematch_lib.evaluation.text_features import compare_text_features, text_differences, text_table
from cinematch_lib.features import load_text_encoder
from cinematch_lib.plots import text_features as plots

STORIES = (("heist", "thief", "cop"), ("robot", "space"), ("love",))  # close to each other in the encoder's table


def catalog_with(stories):
    films = films_by_taste()
    rest = {name: "" if dtype == "str" else None for name, dtype in MERGED_DTYPES.items() if name not in films}
    return films.assign(**rest | {"title": "", "overview": stories}).astype(MERGED_DTYPES)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return load_text_encoder(static_encoder(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def stories():
    genres, rng = films_by_taste()["genres"], np.random.default_rng(0)
    tastes = {genre: number % len(STORIES) for number, genre in enumerate(sorted(set(genres)))}
    return [str(rng.choice(STORIES[tastes[genre]])) for genre in genres]


@pytest.fixture(scope="module")
def results(encoder, stories):
    return compare_text_features(ratings_by_taste(), catalog_with(stories), None, {"tiny": encoder})


def test_each_kind_of_features_is_measured_alone_and_with_all_others(results):
    alone = ["TF-IDF", "LSA", "tiny"]
    assert list(results) == [*alone, "all features", "all features and LSA", "all features and tiny"]
    table = text_table(results)
    assert table.index.tolist() == list(results)
    assert table.columns[:3].tolist() == ["new films, cosine", "new films, towers", "rated films, cosine"]
    assert table.loc["tiny", "new films, cosine"].startswith(f"{results['tiny'].cold_cosine.mean():.4f} [")
    assert (table["megabytes"] > 0).all()
    assert table["coverage"].between(0, 1, inclusive="right").all()


def test_texts_that_tell_what_people_like_find_more_than_the_same_texts_of_other_films(results, encoder, stories):
    others = np.random.default_rng(1).permutation(stories).tolist()
    shuffled = compare_text_features(ratings_by_taste(), catalog_with(others), None, {"tiny": encoder})
    for name in ("TF-IDF", "LSA", "tiny"):
        found = difference(results[name].cold_cosine, shuffled[name].cold_cosine)
        assert found.low > 0, name


def test_differences_are_paired_by_user(results):
    found = text_differences(results, "LSA").loc["tiny", "rated films, cosine"]
    assert found.mean == pytest.approx((results["tiny"].warm_cosine - results["LSA"].warm_cosine).mean())


def test_films_without_any_text_are_compared_all_the_same():
    found = compare_text_features(ratings_by_taste(), catalog_with(""))
    assert found["all features"].cold_cosine.mean() > found["LSA"].cold_cosine.mean()
    pd.testing.assert_series_equal(found["all features"].cold_cosine, found["all features and LSA"].cold_cosine)


def test_the_figure_has_a_row_for_each_kind(results):
    figure = plots.text_features(results)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(results)
    assert len(figure.axes) == 3
