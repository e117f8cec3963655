"""Comparison of text features: TF-IDF, latent semantic analysis and text encoders, for new and for rated films."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from cinematch_lib.evaluation.cold_films import HiddenFilms
from cinematch_lib.evaluation.intervals import Interval, difference, interval
from cinematch_lib.evaluation.metrics import accuracy
from cinematch_lib.features import TextEncoder, with_text_vectors
from cinematch_lib.features.film_features import DEFAULT_WEIGHTS, TEXT_VECTOR
from cinematch_lib.features.text_vectors import assign_vectors, film_texts
from cinematch_lib.models.content import ContentModel, film_features
from cinematch_lib.models.tower_model import TowerModel
from cinematch_lib.storage.resources import megabytes, threads_for, timer

TEXT = ("title", "overview", "keywords", "tags")  # the fields that are compared
BASELINES, ALL = ("TF-IDF", "LSA"), "all features"
_K = 10
_DIMENSIONS = 64  # of latent semantic analysis
MEASURES = {
    "new films, cosine": "cold_cosine",
    "new films, towers": "cold_towers",
    "rated films, cosine": "warm_cosine",
}


@dataclass(frozen=True)
class TextResult:
    """How well films are ranked by one kind of text features.

    nDCG@10 of each user, float64 (users,), indexed by userId: `cold_cosine` and `cold_towers` of films whose ratings
    were hidden, ranked among each other, and `warm_cosine` of held-out likes of the other films. `coverage` is the
    share of the catalog in the lists of `warm_cosine`; `seconds` is the time for vectors, which is short where they are
    cached, and for features; `megabytes` is the size of the features.
    """

    cold_cosine: pd.Series
    cold_towers: pd.Series
    warm_cosine: pd.Series
    coverage: float
    seconds: float
    megabytes: float


def compare_text_features(
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    encoders: Mapping[str, TextEncoder] | None = None,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
) -> dict[str, TextResult]:
    """What each kind of text features finds, alone and together with all other features, by name.

    The kinds are TF-IDF, latent semantic analysis (the singular value decomposition of TF-IDF, Deerwester et al. 1990)
    and the `encoders`. A random fifth of the rated films is hidden, with its tags. The text of a film is the title, the
    overview, the keywords and the tags; vectors are cached in `data_dir` (see `encode_texts`). Raises as
    `evaluate_cold_films` does.
    """
    cold = HiddenFilms.choose(ratings, films, tags, seed)
    catalog = cold.fold.catalog.drop(columns=TEXT_VECTOR, errors="ignore")
    only_text = dict.fromkeys(DEFAULT_WEIGHTS, 0.0) | {name: DEFAULT_WEIGHTS[name] for name in TEXT}
    only_vectors = dict.fromkeys(DEFAULT_WEIGHTS, 0.0) | {TEXT_VECTOR: 1.0}
    found = {BASELINES[0]: _measure(cold, catalog, only_text)}
    with timer() as took:
        with_lsa = assign_vectors(catalog, _latent_semantic_analysis(film_texts(catalog, TEXT), seed))
    found[BASELINES[1]] = _measure(cold, with_lsa, only_vectors, took.seconds)
    with_encoders = {}
    for name, encoder in (encoders or {}).items():
        with timer() as took:
            with_encoders[name] = with_text_vectors(catalog, encoder, data_dir, TEXT)
        found[name] = _measure(cold, with_encoders[name], only_vectors, took.seconds)
    found[ALL] = _measure(cold, catalog, None)
    for name, with_vectors in {BASELINES[1]: with_lsa, **with_encoders}.items():
        found[f"{ALL} and {name}"] = _measure(cold, with_vectors, None)
    return found


def text_table(results: Mapping[str, TextResult]) -> pd.DataFrame:
    """A row for each kind of features: nDCG@10 with 95 % intervals, coverage, seconds and megabytes."""
    rows = {}
    for name, one in results.items():
        row: dict[str, object] = {title: str(interval(getattr(one, field))) for title, field in MEASURES.items()}
        rows[name] = row | {"coverage": one.coverage, "seconds": one.seconds, "megabytes": one.megabytes}
    return pd.DataFrame.from_dict(rows, orient="index")


def text_differences(results: Mapping[str, TextResult], baseline: str) -> pd.DataFrame:
    """nDCG@10 of each kind of features minus that of `baseline`, with 95 % intervals, paired by user."""
    rows: dict[str, dict[str, Interval]] = {}
    for name, one in results.items():
        if name != baseline:
            pairs = {
                title: (getattr(one, field), getattr(results[baseline], field)) for title, field in MEASURES.items()
            }
            rows[name] = {title: difference(*pair) for title, pair in pairs.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _measure(
    cold: HiddenFilms, catalog: pd.DataFrame, weights: Mapping[str, float] | None, seconds: float = 0.0
) -> TextResult:
    split = cold.fold.split
    with threads_for(len(split.train)):
        with timer() as took:
            features = film_features(catalog, field_weights=weights)
        cosine = ContentModel(popularity=0.0, field_weights=weights).fit(split.train, catalog)
        towers = TowerModel(weights).fit(split.train, catalog)
        warm = ContentModel(field_weights=weights).fit(split.train, catalog)
        lists = warm.recommend(split.histories, min(_K, len(catalog)), users=split.users)
        return TextResult(
            cold_cosine=cold.measure(cosine)["ndcg"],
            cold_towers=cold.measure(towers)["ndcg"],
            warm_cosine=accuracy(lists, split.held_out, [_K])[f"ndcg@{_K}"],
            coverage=lists["movieId"].nunique() / len(catalog),
            seconds=seconds + took.seconds,
            megabytes=megabytes(features),
        )


def _latent_semantic_analysis(texts: list[str], seed: int) -> np.ndarray:
    """The first 64 dimensions of the texts' TF-IDF vectors: float32 (texts, dimensions), 0 for an empty text."""
    try:
        words = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2).fit_transform(texts)
    except ValueError:  # no word occurs in two texts
        return np.zeros((len(texts), 1), dtype=np.float32)
    dimensions = min(_DIMENSIONS, words.shape[1] - 1)
    if dimensions < 1:
        return np.zeros((len(texts), 1), dtype=np.float32)
    reduced: np.ndarray = TruncatedSVD(dimensions, random_state=seed).fit_transform(words).astype(np.float32)
    return reduced
