"""What the model of a run is made from, and what it learned, in tables."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.data.movielens import read_ratings
from cinematch_lib.errors import NothingToDoError
from cinematch_lib.features.film_features import film_tags
from cinematch_lib.models import Hybrid
from cinematch_lib.models.interactions import LIKED


def show_progress() -> None:
    """Say on stderr what the models do as they do it; calling it again changes nothing."""
    logger = logging.getLogger("cinematch_lib.models")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())


def ratings_to_learn_from(folder: Path, films: pd.DataFrame) -> pd.DataFrame:
    """The ratings in a data set's folder of the films in the catalog `films`; of several for one film the last.

    Columns `userId, movieId, rating` and, where the file has it, `timestamp`. Raises NothingToDoError where the
    data set has no ratings, or none of these films.
    """
    ratings = read_ratings(folder)
    if ratings is None:
        raise NothingToDoError(
            f"{folder.name} has no ratings.csv, so there is nothing to learn from; films are recommended by "
            "their content"
        )
    here = ratings[ratings["movieId"].isin(films["movieId"])]
    if here.empty:
        raise NothingToDoError(
            f"none of the {len(ratings):,} ratings in {folder.name} is of a film of the catalog, so there is nothing "
            "to learn from; films are recommended by their content"
        )
    return here.drop_duplicates(["userId", "movieId"], keep="last").reset_index(drop=True)


def with_tags(films: pd.DataFrame, tags: pd.DataFrame | None) -> pd.DataFrame:
    """The catalog with what people tagged each film as; as it is where there are no tags."""
    return films if tags is None or tags.empty else films.assign(tags=film_tags(films, tags))


def counted(ratings: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """How much there is to learn from: `what`, `how many`."""
    likes = int((ratings["rating"] >= LIKED).sum())
    rows = [
        ("ratings of films in the catalog", f"{len(ratings):,}"),
        (f"… of them likes ({LIKED:g} stars and more)", f"{likes:,} ({likes / len(ratings):.0%})"),
        ("people", f"{ratings['userId'].nunique():,}"),
        ("films of the catalog with ratings", f"{ratings['movieId'].nunique():,} of {len(films):,}"),
        ("… with fewer than 5", f"{int((ratings['movieId'].value_counts() < 5).sum()):,}"),
    ]
    return pd.DataFrame(rows, columns=["what", "how many"])


def trials(hybrid: Hybrid) -> pd.DataFrame:
    """The values that a fitted hybrid tried and what they scored on the users it held out, the best first."""
    table = pd.DataFrame(hybrid.tried)
    if table.empty:
        return table
    table["mean"] = (table["ndcg@10"] + table["recall@20"]) / 2
    return table.drop(columns="cold", errors="ignore").sort_values("mean", ascending=False, ignore_index=True)


def neighbours(
    weights: ItemWeights, films: pd.DataFrame, movies: Sequence[int], k: int = 8
) -> Mapping[str, Sequence[tuple[str, float]]]:
    """For each of `movies` the `k` films that a like of it speaks for most: "Title (year)", and by how much."""
    labels = films.set_index("movieId")
    labels = labels["title"] + labels["year"].map(" ({})".format)
    found = {}
    for movie in movies:
        _, rows, values = weights.spoken([int(weights.movie_ids.searchsorted(movie))])
        order = (-values).argsort(kind="stable")[:k]
        found[labels[movie]] = [(labels[weights.movie_ids[rows[at]]], float(values[at])) for at in order]
    return found
