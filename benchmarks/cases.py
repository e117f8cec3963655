"""What is measured: each case does its work once and returns what it took, in a process of its own."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SEED = 0
LIKED, SHOWN, REQUESTS = 10, 20, 300


def clean(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """Raw tables to ``movies_merged.csv`` and its report, all years."""
    from cinematch_lib.availability import ServicesSource
    from cinematch_lib.cleaning import clean

    began = time.perf_counter()
    report = clean(folder, work / "data", metadata_path=metadata, services=ServicesSource("demo"))
    return {"seconds": time.perf_counter() - began, "films": report.kept}


def features(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """The cleaned catalog to a published run, with 500 terms for each text field."""
    from cinematch_lib.artifacts import Draft
    from cinematch_lib.cleaning import CleaningReport, read_catalog
    from cinematch_lib.features import FilmFeatures
    from cinematch_lib.liking import general_liking
    from cinematch_lib.meta import movies_meta

    began = time.perf_counter()
    report, films = CleaningReport.load(work / "data"), read_catalog(work / "data")
    model = FilmFeatures(max_features=500)
    matrix = model.fit_transform(films)
    meta = movies_meta(
        films,
        general_liking(films, None),
        model.get_feature_names_out(),
        report.services["source"],
        report.attributions,
    )
    draft = Draft.begin(work / "artifacts")
    draft.write_features(matrix, model, meta)
    draft.publish()
    return {"seconds": time.perf_counter() - began, "features": matrix.shape[1]}


def load(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """A published run verified and loaded, ready to recommend; the import counted in."""
    began = time.perf_counter()
    from cinematch_lib import Recommender

    recommender = Recommender.load(work / "artifacts")
    return {"seconds": time.perf_counter() - began, "films": len(recommender)}


def recommend(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """20 films for 10 liked ones, without filters."""
    return _recommend(work, {}, explain=False)


def recommend_filtered(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """20 films for 10 liked ones, with filters of genre, service and running time."""
    return _recommend(work, _filters(work), explain=False)


def recommend_explained(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """The same, with the explanation of each of the 20 in words."""
    return _recommend(work, _filters(work), explain=True)


def _filters(work: Path) -> dict[str, object]:
    return {"preferred_genres": ["drama", "comedy"], "services": ["Netflix"], "runtime_min": 80, "runtime_max": 150}


def _recommend(work: Path, filters: dict[str, object], *, explain: bool) -> dict[str, float]:
    from cinematch_lib import Preferences, Recommender

    recommender = Recommender.load(work / "artifacts")
    known = np.array([one.movie_id for one in recommender.recommend(k=min(2000, len(recommender)))])
    rng = np.random.default_rng(SEED)
    times, fewest = [], SHOWN
    for _ in range(REQUESTS):
        liked = rng.choice(known, LIKED, replace=False).tolist()
        began = time.perf_counter()
        found = recommender.recommend(Preferences(liked_movie_ids=liked, **filters), SHOWN)
        if explain:
            for one in found:
                one.explanation  # noqa: B018 - asking for it works it out
        times.append(time.perf_counter() - began)
        fewest = min(fewest, len(found))
    return {"seconds": float(np.median(times)), "p99": float(np.quantile(times, 0.99)), "fewest": fewest}


CASES: dict[str, Callable[[Path, Path | None, Path], dict[str, float]]] = {
    "clean": clean,
    "features": features,
    "load": load,
    "recommend": recommend,
    "recommend_filtered": recommend_filtered,
    "recommend_explained": recommend_explained,
}
