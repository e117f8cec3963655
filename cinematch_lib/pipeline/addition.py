"""New films without training: through the estimators and the maps of a run, into a new run that shares its files.

Ratings say nothing about a new film, so nothing is learned anew: its features come from the fitted estimators, its
place among the films from the two towers, and the item-to-item weights stay as they are.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.embeddings import EMBEDDINGS
from cinematch_lib.artifacts.estimators import load
from cinematch_lib.artifacts.film_map import FILM_MAP
from cinematch_lib.artifacts.films_table import FILMS, FilmColumns, MoviesMeta, movies_meta
from cinematch_lib.artifacts.manifest import ADDED, RunInfo
from cinematch_lib.artifacts.runs import FEATURES, META, Run
from cinematch_lib.artifacts.search_index import SEARCH_INDEX, SearchIndex
from cinematch_lib.catalog.additions import keep_additions, not_among
from cinematch_lib.errors import CineMatchError, NothingToDoError
from cinematch_lib.features import load_text_encoder, with_text_vectors
from cinematch_lib.features.film_features import FilmFeatures
from cinematch_lib.features.film_layout import place_films
from cinematch_lib.pipeline.recorded import recorded_parameters

_MADE_ANEW = (FEATURES, FILMS, META, SEARCH_INDEX, EMBEDDINGS, FILM_MAP)
_SIZES = ("max_features", "ngram_max", "min_df", "field_weights")


def add_films(films: pd.DataFrame, artifacts_dir: Path, data_dir: Path) -> tuple[RunInfo, pd.DataFrame]:
    """Make a run that holds the films of the current one and, of `films`, those that it lacks; returns it and these.

    `films` have the columns of `tables.MERGED`. The new run becomes the current one, and the films are kept in
    `data_dir` for runs that are made of the raw data later. Raises NothingToDoError if the run has all of them, and
    CineMatchError if there is no run, or one whose features cannot be computed for further films.
    """
    run = Run.current(artifacts_dir)
    meta = run.read_movies_meta()
    new = not_among(films, _ids(meta))
    if new.empty:
        raise NothingToDoError(f"the run {run.info.run_id} has all {len(films):,} films already")
    features = _transform(run, meta, new, data_dir)
    added = _columns(new, meta)
    joined = MoviesMeta(meta.columns.joined(added), *meta[1:])
    draft = Draft.create(artifacts_dir)
    try:
        for name in run.info.files:
            if name not in _MADE_ANEW:
                draft.share(run, name)
        order = np.argsort(np.concatenate([meta.columns.movie_ids, new["movieId"].to_numpy()]))
        matrix = sparse.vstack([run.read_matrix(FEATURES), features], format="csr", dtype=np.float32)
        draft.write_matrix(FEATURES, sparse.csr_matrix(matrix[order]))
        draft.write_movies_meta(joined)
        with draft.path(SEARCH_INDEX).open("wb") as file:
            _search_index(run, joined.columns, added).write(file)
        if (embeddings := run.read_embeddings()) is not None:
            years = new["year"].to_numpy(dtype=np.float64)
            draft.write_embeddings(embeddings.extended(new["movieId"].to_numpy(), features, years))
        if (film_map := run.read_film_map()) is not None:
            places = place_films(features, run.read_matrix(FEATURES), film_map.places)
            draft.write_film_map(film_map.extended(new["movieId"].to_numpy(), places))
        _record(draft, run, new, len(joined.columns.movie_ids))
        keep_additions(new, data_dir)
        return draft.publish(), new
    except BaseException:
        draft.discard()
        raise


def _ids(meta: MoviesMeta) -> pd.DataFrame:
    columns = meta.columns
    tmdb = pd.Series(columns.tmdb_ids).astype("Int64").where(columns.tmdb_ids > 0)
    return pd.DataFrame({"movieId": columns.movie_ids, "tmdbId": tmdb, "imdbId": list(columns.imdb_ids)})


def _search_index(run: Run, films: FilmColumns, added: FilmColumns) -> SearchIndex:
    """The index of the films: that of the run and that of the films added."""
    earlier = run.read_search_index()
    if earlier is None:
        return SearchIndex.of(films)
    is_new = np.isin(films.movie_ids, added.movie_ids)
    return SearchIndex.merged([(earlier, np.flatnonzero(~is_new)), (SearchIndex.of(added), np.flatnonzero(is_new))])


def _columns(new: pd.DataFrame, meta: MoviesMeta) -> FilmColumns:
    quality = np.zeros(len(new))  # nobody has rated them: they count as average
    return movies_meta(new, quality, meta.features, meta.services_source, meta.attributions).columns


def _transform(run: Run, meta: MoviesMeta, new: pd.DataFrame, data_dir: Path) -> sparse.csr_matrix:
    """The features of the new films by the run's estimators: CSR float32 (films, features)."""
    parts = {}
    for name in ("tfidf_vectorizer", "genre_mlb", "numeric_scaler", "text_components"):
        file = f"{name}.skops"
        if file in run.info.files or name != "text_components":
            parts[name] = load(run.read_bytes(file), run.folder / file)
    given = run.info.facts.get("features", {}).get("parameters", {})
    parameters = {name: given[name] for name in _SIZES if name in given}
    estimator = FilmFeatures.restored(
        parameters,
        parts["tfidf_vectorizer"],
        parts["genre_mlb"],
        parts["numeric_scaler"],
        parts.get("text_components"),
    )
    if estimator.get_feature_names_out().tolist() != list(meta.features):
        raise CineMatchError(
            f"the estimators of the run {run.info.run_id} are not those of its features; make it anew: cinematch run"
        )
    return estimator.transform(_with_vectors(run, new, data_dir) if "text_components" in parts else new)


def _with_vectors(run: Run, new: pd.DataFrame, data_dir: Path) -> pd.DataFrame:
    """The films with the vectors of their texts, by the encoder that the run was made with. Raises CineMatchError."""
    folder = Path(recorded_parameters(run).get("embeddings", ""))
    encoder = load_text_encoder(folder)
    if encoder.files != run.info.facts["features"].get("text_encoder"):
        raise CineMatchError(
            f"the text encoder in {folder} is not the one that {run.info.run_id} was made with; put that one back"
        )
    return with_text_vectors(new, encoder, data_dir)


def _record(draft: Draft, run: Run, new: pd.DataFrame, films: int) -> None:
    for step, facts in run.info.facts.items():
        if step != ADDED:
            draft.record(step, **facts)
    if "features" in run.info.facts:
        draft.record("features", **{**run.info.facts["features"], "films": films})
    before = run.info.facts.get(ADDED, {}).get("films", 0)
    draft.record(ADDED, films=before + len(new), **{"from": run.info.run_id})
