"""Recommenders from little film tables in memory, and the embedded sample's, built once for all."""

import functools
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cinematch_lib import Recommender
from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.runs import FEATURES, Run
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import clean, load_catalog, read_catalog
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.data import fetch, movielens
from cinematch_lib.data.tables import MERGED_DTYPES
from cinematch_lib.features import build_features
from cinematch_lib.models import fit_embeddings, make
from support.once import once_for_all


def film_table(*films):
    """Films as in movies_merged.csv; each is a dict of the columns that matter, the rest is unknown."""
    rows = []
    for at, film in enumerate(films, start=1):
        row = {name: "" if dtype == "str" else None for name, dtype in MERGED_DTYPES.items()}
        row |= {"movieId": at, "title": f"Film {at}", "year": 2000} | film
        rows.append(row | {"overview": row["overview"] or row["title"]})
    return pd.DataFrame(rows).astype(MERGED_DTYPES)


def recommender_of(*films, quality=None, services_source="file", weights=None, said=None, table=None, **features):
    """A recommender of such films; `quality` is how well liked each is, nothing known of it where left out.

    `said` are item-to-item weights, a row of numbers for each film, how much content counts beside them, and how
    many like each film.
    """
    table = film_table(*films) if table is None else table
    built = build_features(table, **{"min_df": 1, **features})
    prior = built.quality_prior if quality is None else quality
    meta = movies_meta(table, prior, built.names, services_source, ["MovieLens"])
    return Recommender(built.matrix, meta, weights, said and item_weights(*said, movie_ids=table["movieId"]))


def item_weights(rows, cold=0.0, likes=0, movie_ids=None):
    """Weights given as a table of numbers; films that say nothing are not known by their ratings."""
    table = np.array(rows, dtype=np.float32)
    ids = np.arange(1, len(table) + 1) if movie_ids is None else np.array(movie_ids, dtype=np.int64)
    of_content = np.zeros(len(table), dtype=np.float32) + np.array(cold, dtype=np.float32)
    likes = np.zeros(len(table), dtype=np.int64) + np.array(likes, dtype=np.int64)
    return ItemWeights(ids, (sparse.csr_matrix(table),), np.ones(1), (table != 0).any(axis=1), of_content, likes)


def genre_films(*genres, **columns):
    """Films of which only the genres matter: these and `columns`, each a list as long."""
    return [{"genres": one} | {name: of[at] for name, of in columns.items()} for at, one in enumerate(genres)]


HEAT = {
    "title": "Heat",
    "year": 1995,
    "runtime": 170,
    "genres": "action|crime",
    "overview": "A detective hunts a careful thief",
    "keywords": "heist|Los Angeles",
    "cast_top": "Al Pacino|Robert De Niro",
    "director": "Michael Mann",
}
COLLATERAL = {
    "title": "Collateral",
    "year": 2004,
    "runtime": 120,
    "genres": "crime|thriller",
    "overview": "A thief of lives hires a taxi",
    "keywords": "taxi|los angeles",
    "cast_top": "Tom Cruise",
    "director": "Michael Mann",
}
CASINO = {
    "title": "Casino",
    "year": 1995,
    "runtime": None,
    "genres": "crime|drama",
    "cast_top": "Robert De Niro|Sharon Stone",
    "director": "Martin Scorsese",
}
NOBODY_KNOWS = {"title": "Lost", "year": None, "genres": ""}


ONLY_GENRES = {
    "field_weights": dict.fromkeys(("title", "overview", "keywords", "cast_top", "director", "year", "runtime"), 0)
}


def sample_artifacts(tmp_path_factory):
    """The artifacts folder of a run made of the whole embedded sample, with demonstration services."""
    return once_for_all(tmp_path_factory, "whole-sample", _make_sample_run) / "artifacts"


def filtered_artifacts(tmp_path_factory):
    """The artifacts folder of a run of the sample's films from 1980 on, which tells of those that it left out."""
    return once_for_all(tmp_path_factory, "filtered-sample", partial(_make_sample_run, min_year=1980)) / "artifacts"


def _make_sample_run(folder, min_year=None):
    raw = fetch("sample", folder / "raw")
    clean(
        raw,
        folder / "data",
        metadata_path=raw / "tmdb_metadata.csv",
        filters=Filters(min_year=min_year),
        services=ServicesSource("demo"),
    )
    catalog = load_catalog(folder / "raw", folder / "data")
    built = build_features(catalog.films, catalog.ratings)
    meta = movies_meta(catalog.films, built.quality_prior, built.names, "demo", ["MovieLens"])
    draft = Draft.create(folder / "artifacts")
    draft.write_cleaning(catalog)
    draft.write_features(built, meta)
    draft.publish()


def sample_recommender(tmp_path_factory):
    """The recommender loaded from that run."""
    return _load(sample_artifacts(tmp_path_factory))


_load = functools.cache(Recommender.load)


def sample_weights(folder):
    """Item-to-item weights of the most rated of the sample's films, with values near those it would choose."""
    fixed = {
        "regularization": 130.0,
        "dropout": 0.15,
        "session_weight": 0.0,
        "year_weight": 0.0,
        "content_weight": 1.4,
    }
    model = make("hybrid", **fixed, max_films=2000)
    return model.fit(movielens.read_ratings(folder / "raw" / "sample"), read_catalog(folder / "data")).item_weights(100)


def sample_embeddings(folder, matrix, names):
    """The embeddings of the sample's films."""
    films = read_catalog(folder / "data")
    return fit_embeddings(movielens.read_ratings(folder / "raw" / "sample"), films, matrix, names)


def rated_artifacts(tmp_path_factory):
    """The artifacts folder of a run as `sample_artifacts` has it, with what the sample's ratings say."""
    artifacts = sample_artifacts(tmp_path_factory)
    return once_for_all(tmp_path_factory, "rated-sample", lambda folder: _add_weights(artifacts, folder)) / "artifacts"


def _add_weights(artifacts, folder):
    draft = Draft.create(folder / "artifacts")
    run = Run.current(artifacts)
    draft.write_matrix(FEATURES, run.read_matrix(FEATURES))
    draft.write_movies_meta(run.read_movies_meta())
    draft.write_item_weights(sample_weights(artifacts.parent))
    draft.write_embeddings(sample_embeddings(artifacts.parent, *draft.read_features()))
    draft.publish()


def rated_recommender(tmp_path_factory):
    """The recommender loaded from that run."""
    return _load(rated_artifacts(tmp_path_factory))


def same(one, other):
    """Whether two sparse matrices are the same to the last bit."""
    return (
        one.shape == other.shape
        and one.data.tobytes() == other.data.tobytes()
        and one.indices.tobytes() == other.indices.tobytes()
        and one.indptr.tobytes() == other.indptr.tobytes()
    )


def ids(found):
    """The ids of recommendations, in their order."""
    return [one.movie_id for one in found]


def check_reasons(found):
    """That the reasons of every recommendation add up to its score, and their features to them."""
    for one in found:
        assert sum(reason.value for reason in one.reasons) == pytest.approx(one.score, abs=1e-5)
        shares = [reason.share for reason in one.reasons if reason.value > 0]
        assert not shares or sum(shares) == pytest.approx(1)
        for reason in one.reasons:
            if reason.features:
                assert sum(feature.value for feature in reason.features) == pytest.approx(reason.value, abs=1e-6)


def check_order(found):
    """That ranks count from one and scores do not rise."""
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert all(one.score >= after.score for one, after in pairwise(found))
