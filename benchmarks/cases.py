"""What is measured: each case does its work once and returns what it took, in a process of its own."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cinematch_lib import Preferences, Recommender
    from cinematch_lib.artifacts.embeddings import Embeddings
    from cinematch_lib.artifacts.films_table import MoviesMeta
    from cinematch_lib.artifacts.item_weights import ItemWeights

SEED = 0
LIKED, SHOWN, REQUESTS, PEOPLE = 10, 20, 300, 10_000
RATED, WEIGHTS = 20_000, 240  # films with item-to-item weights, and weights for each on average
HISTORY_LENGTHS, SHARES = (4.0, 16.0, 160.0), (0.25, 0.25, 0.5)  # of the sets of weights, and their share of these
DIMENSIONS = 32  # of the embeddings


def clean(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """Raw tables to ``movies_merged.csv`` and its report, all years."""
    from cinematch_lib.catalog.availability import ServicesSource
    from cinematch_lib.catalog.cleaning import clean

    began = time.perf_counter()
    report = clean(folder, work / "data", metadata_path=metadata, services=ServicesSource("demo"))
    return {"seconds": time.perf_counter() - began, "films": report.kept}


def features(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """The cleaned catalog to a published run, with 500 terms for each text field."""
    from cinematch_lib.artifacts.draft import Draft
    from cinematch_lib.artifacts.films_table import movies_meta
    from cinematch_lib.catalog.cleaning import CleaningReport, read_catalog
    from cinematch_lib.features import build_features

    began = time.perf_counter()
    report, films = CleaningReport.load(work / "data"), read_catalog(work / "data")
    built = build_features(films, max_features=500)
    meta = movies_meta(films, built.quality_prior, built.names, report.services["source"], report.attributions)
    draft = Draft.create(work / "artifacts")
    draft.write_features(built, meta)
    draft.publish()
    return {"seconds": time.perf_counter() - began, "features": len(built.names)}


def load(folder: Path, metadata: Path | None, work: Path, artifacts: str = "artifacts") -> dict[str, float]:
    """A published run verified and loaded, ready to recommend; the import counted in."""
    began = time.perf_counter()
    from cinematch_lib import Recommender

    recommender = Recommender.load(work / artifacts)
    return {"seconds": time.perf_counter() - began, "films": len(recommender)}


def rated(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """The same run published with invented item-to-item weights of 20,000 films, 240 each, and embeddings."""
    import shutil

    from cinematch_lib.artifacts.draft import Draft
    from cinematch_lib.artifacts.runs import Run

    run = Run.current(work / "artifacts")
    meta = run.read_movies_meta()
    weights, embeddings = invented_weights(meta), invented_embeddings(meta)
    began = time.perf_counter()
    draft = Draft.create(work / "rated")
    for file in run.info.files:
        shutil.copyfile(run.folder / file, draft.path(file))
    draft.write_item_weights(weights)
    draft.write_embeddings(embeddings)
    draft.publish()
    return {"seconds": time.perf_counter() - began}


def invented_weights(meta: "MoviesMeta") -> "ItemWeights":
    """Weights of the shape that real ones have, and of no meaning.

    Trained on the ratings of ml-32m-ratings (14,101 films, 2.8 million weights), the films in the order of their likes
    speak for about 1,400 · exp(−rank / 2,000) others; here there are 1.42 times as many weights, and ranks.
    """
    from scipy import sparse

    from cinematch_lib.artifacts.item_weights import ItemWeights

    rng = np.random.default_rng(SEED)
    ids = meta.columns.movie_ids
    best_liked = np.argsort(-meta.columns.quality, kind="stable")[:RATED]
    rank = np.arange(len(best_liked))
    falling = np.exp(-rank / 2840)
    lengths = np.minimum(falling / falling.sum() * WEIGHTS * len(best_liked), len(best_liked) // 2).astype(int)
    rows = np.repeat(best_liked, lengths)
    columns = np.concatenate([rng.choice(best_liked, length, replace=False) for length in lengths])
    values = rng.exponential(0.01, len(rows)).astype(np.float32)
    known = np.zeros(len(ids), dtype=bool)
    known[best_liked] = True
    likes = np.zeros(len(ids), dtype=np.int64)
    likes[best_liked] = 60_000 / (1 + rank / 700) ** 2
    # As of `cold_start_weight` times the weight that those ratings choose, where half of all ratings are likes.
    content_weight = (4 / (1 + 2 * likes)).astype(np.float32)
    number = rng.choice(len(SHARES), len(rows), p=SHARES)
    entries = [(values[number == at], (rows[number == at], columns[number == at])) for at in range(len(SHARES))]
    matrices = tuple(sparse.csr_matrix(one, shape=(len(ids), len(ids))) for one in entries)
    return ItemWeights(ids, matrices, np.array(HISTORY_LENGTHS), known, content_weight, likes)


def invented_embeddings(meta: "MoviesMeta") -> "Embeddings":
    """Embeddings of the shape that real ones have, and of no meaning."""
    from cinematch_lib.artifacts.embeddings import Embeddings, periods_of

    rng = np.random.default_rng(SEED)
    years = meta.columns.years
    periods, names = periods_of(years)
    arrays = [
        rng.normal(0, 0.01, (size, DIMENSIONS)).astype(np.float32)
        for size in (len(years), len(years), len(years), len(meta.features), len(names))
    ]
    ids = meta.columns.movie_ids
    return Embeddings(ids, *arrays, periods.astype(np.int32), np.array(names, dtype=np.int64), mean_likes=80.0)


def load_rated(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """A run with ratings verified and loaded, ready to recommend; the import counted in."""
    return load(folder, metadata, work, "rated")


def first_search(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """The first search after a run was loaded, for a misspelt title."""
    from cinematch_lib import Recommender

    recommender = Recommender.load(work / "artifacts")
    began = time.perf_counter()
    found = recommender.search("the godfahter")
    return {"seconds": time.perf_counter() - began, "found": len(found)}


def recommend_rated(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: 20 films for 10 liked ones, without filters."""
    return _recommend(work, {}, explain=False, artifacts="rated")


def recommend_rated_filtered(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: 20 films for 10 liked ones, with filters of genre, service and running time."""
    return _recommend(work, _filters(work), explain=False, artifacts="rated")


def recommend_rated_explained(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: the same, with the explanation of each of the 20 in words."""
    return _recommend(work, _filters(work), explain=True, artifacts="rated")


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


def _recommend(
    work: Path, filters: dict[str, object], *, explain: bool, artifacts: str = "artifacts"
) -> dict[str, float]:
    from cinematch_lib import Preferences, Recommender

    recommender = Recommender.load(work / artifacts)
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


def recommend_one_by_one(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: 20 films for each of 10,000 people, one call each."""
    recommender, people = _people(work)
    began = time.perf_counter()
    found = [recommender.recommend(one, SHOWN) for one in people]
    return {"seconds": time.perf_counter() - began, "fewest": min(map(len, found))}


def recommend_many(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: the same with a single call of `recommend_many`."""
    recommender, people = _people(work)
    began = time.perf_counter()
    found = recommender.recommend_many(people, SHOWN)
    return {"seconds": time.perf_counter() - began, "fewest": min(map(len, found))}


def recommend_ratings(folder: Path, metadata: Path | None, work: Path) -> dict[str, float]:
    """With ratings: 100 films for each of 10,000 people with 10 ratings, with one call of `recommend_ratings`."""
    recommender, people = _people(work)
    films = np.array([one.liked for one in people])
    users = np.repeat(np.arange(len(films)), films.shape[1])
    stars = np.random.default_rng(SEED).choice([1.0, 2.5, 3.0, 4.0, 5.0], films.size)
    began = time.perf_counter()
    found = recommender.recommend_ratings(users, films.ravel(), stars, 100)
    return {"seconds": time.perf_counter() - began, "fewest": int(np.bincount(found.userId).min())}


def _people(work: Path) -> tuple["Recommender", list["Preferences"]]:
    """A recommender, and the preferences of 10,000 people who like 10 of the 2,000 most popular films."""
    from cinematch_lib import Preferences, Recommender

    recommender = Recommender.load(work / "rated")
    known = np.array([one.movie_id for one in recommender.recommend(k=min(2000, len(recommender)))])
    rng = np.random.default_rng(SEED)
    chosen = [rng.choice(known, LIKED, replace=False).tolist() for _ in range(PEOPLE)]
    return recommender, [Preferences(liked_movie_ids=liked) for liked in chosen]


CASES: dict[str, Callable[[Path, Path | None, Path], dict[str, float]]] = {
    "clean": clean,
    "features": features,
    "load": load,
    "first_search": first_search,
    "recommend": recommend,
    "recommend_filtered": recommend_filtered,
    "recommend_explained": recommend_explained,
    "rated": rated,
    "load_rated": load_rated,
    "recommend_rated": recommend_rated,
    "recommend_rated_filtered": recommend_rated_filtered,
    "recommend_rated_explained": recommend_rated_explained,
    "recommend_one_by_one": recommend_one_by_one,
    "recommend_many": recommend_many,
    "recommend_ratings": recommend_ratings,
}
