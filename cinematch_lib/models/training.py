"""Training the model of a run: its input, its progress, and what it learned, as tables."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.embeddings import Embeddings
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.data.tables import film_labels
from cinematch_lib.errors import NothingToDoError
from cinematch_lib.models.base import Model
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.interactions import LIKED, Interactions
from cinematch_lib.models.linear import item_weights
from cinematch_lib.models.pruning import WEIGHTS_PER_FILM
from cinematch_lib.models.registry import make
from cinematch_lib.models.towers import fit_towers, release_years
from cinematch_lib.recommender.similarity import known_features
from cinematch_lib.storage.resources import megabytes, threads_for, timer


@dataclass(frozen=True)
class TrainingResult:
    """A fitted model, the `weights` to serve, and the `cost` in seconds and megabytes."""

    model: Model
    weights: ItemWeights
    cost: Mapping[str, float]

    @property
    def n_films(self) -> int:
        """The number of films that have a weight."""
        return int((self.weights.matrix.getnnz(axis=0) > 0).sum())


def train(
    ratings: pd.DataFrame,
    catalog: pd.DataFrame,
    weights_per_film: int = WEIGHTS_PER_FILM,
    *,
    model: str = "hybrid",
    gram_file: Path | None = None,
    **params: Any,
) -> TrainingResult:
    """Fit the model of that name with `params` and keep its largest weights; progress is printed to stderr.

    A hybrid keeps its Gram matrices in `gram_file`, if one is named, and takes those that are there (see `kept_gram`).

    Raises as `registry.make`, `Model.fit` and `served_weights` do.
    """
    show_progress()
    with timer() as fitting, threads_for(len(ratings)):
        fitted = make(model, **params)
        if isinstance(fitted, Hybrid):
            fitted.gram_file = gram_file
        fitted.fit(ratings, catalog)
    with timer() as pruning:
        weights = served_weights(fitted, ratings, weights_per_film)
    cost = {"fit seconds": round(fitting.seconds, 2), "prune seconds": round(pruning.seconds, 2)}
    cost |= {"model megabytes": round(megabytes(fitted), 1), "served megabytes": round(megabytes(weights), 1)}
    return TrainingResult(fitted, weights, cost)


def served_weights(model: Model, ratings: pd.DataFrame, weights_per_film: int) -> ItemWeights:
    """What a recommender serves of a model fitted on `ratings`.

    Raises CineMatchError for a model that is not linear over items.
    """
    if isinstance(model, Hybrid):
        return model.item_weights(weights_per_film)
    return item_weights(model, ratings, weights_per_film)


def best_params(model: Model) -> dict[str, Any]:
    """The hyperparameters that a fitted model used, given or tuned by itself."""
    return dict(getattr(model, "best_params", model.parameters()))


def fit_embeddings(
    ratings: pd.DataFrame, films: pd.DataFrame, features: sparse.csr_matrix, names: Sequence[str], seed: int = 0
) -> Embeddings | None:
    """The embeddings to serve, of the run's `features`, CSR float32 (films, features); see `towers.fit_towers`.

    Rows of `features` are in the order of `films`, by movieId; `names` are the columns' names.
    """
    films = films.sort_values("movieId", ignore_index=True)
    ids = films["movieId"].to_numpy(dtype=np.int64)
    likes = Interactions.from_ratings(ratings, ids).likes
    return fit_towers(likes, known_features(features, names), release_years(films), ids, seed)


def show_progress() -> None:
    """Print the models' log to stderr; calling it again changes nothing."""
    logger = logging.getLogger("cinematch_lib.models")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())


def training_ratings(ratings: pd.DataFrame | None, films: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The ratings of the films in the catalog `films`; of several by a user for one film the last.

    `ratings` is the table of ratings.csv, None if there is none. Raises NothingToDoError if the `dataset` has no
    ratings, or none of these films.
    """
    if ratings is None:
        raise NothingToDoError(
            f"{dataset} has no ratings.csv, so there is nothing to learn from; films are recommended by their content"
        )
    in_catalog = ratings[ratings["movieId"].isin(films["movieId"])]
    if in_catalog.empty:
        raise NothingToDoError(
            f"none of the {len(ratings):,} ratings in {dataset} is of a film of the catalog, so there is nothing "
            "to learn from; films are recommended by their content"
        )
    return in_catalog.drop_duplicates(["userId", "movieId"], keep="last").reset_index(drop=True)


def ratings_by_year(ratings: pd.DataFrame) -> dict[str, int]:
    """The number of ratings by the year in which they were given; empty without times."""
    if "timestamp" not in ratings:
        return {}
    years = pd.to_datetime(ratings["timestamp"], unit="s").dt.year.value_counts().sort_index()
    return {str(year): int(count) for year, count in years.items()}


def ratings_summary(ratings: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """Counts of the training data: columns `what`, `count`."""
    likes = int((ratings["rating"] >= LIKED).sum())
    rows = [
        ("ratings of films in the catalog", f"{len(ratings):,}"),
        (f"… that are likes ({LIKED:g} stars or more)", f"{likes:,} ({likes / len(ratings):.0%})"),
        ("users", f"{ratings['userId'].nunique():,}"),
        ("films of the catalog with ratings", f"{ratings['movieId'].nunique():,} of {len(films):,}"),
        ("… with fewer than 5", f"{int((ratings['movieId'].value_counts() < 5).sum()):,}"),
    ]
    return pd.DataFrame(rows, columns=["what", "count"])


def trials_table(model: Model) -> pd.DataFrame:
    """The trials of a fitted hybrid, the best first: hyperparameters, metrics, and the objective as `mean`.

    Empty for other models, which do not tune themselves.
    """
    table = pd.DataFrame(getattr(model, "trials", []))
    if table.empty:
        return table
    table["mean"] = (table["ndcg@10"] + table["recall@20"]) / 2
    return table.drop(columns="content_weight").sort_values("mean", ascending=False, ignore_index=True)


def neighbours(
    weights: ItemWeights, films: pd.DataFrame, movies: Sequence[int], k: int = 8
) -> Mapping[str, Sequence[tuple[str, float]]]:
    """For each film in `movies`, the `k` largest weights B_ji in its row j: pairs of "Title (year)" and weight."""
    labels = film_labels(films.set_index("movieId"))
    found = {}
    for movie in movies:
        _, rows, values = weights.rows([int(weights.movie_ids.searchsorted(movie))])
        order = (-values).argsort(kind="stable")[:k]
        found[labels[movie]] = [(labels[weights.movie_ids[rows[at]]], float(values[at])) for at in order]
    return found
