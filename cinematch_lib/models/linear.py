"""What a recommender serves of a model that is linear over items: its largest item-to-item weights."""

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import cold_start_weight
from cinematch_lib.models.gram import column_squares
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.pruning import WEIGHTS_PER_FILM, largest_weights
from cinematch_lib.models.short_histories import blocks_of
from cinematch_lib.models.tower_tuning import CONTENT_WEIGHT
from cinematch_lib.recommender.rating_weights import rating_weight

WELL_RATED_LIKES = 8  # a liked film with fewer is also represented by its content in full
TYPICAL_USERS = 64  # training users over whom a typical sum of weights is averaged
PRIOR_WEIGHT = 1.2
_FEW_USERS = 300  # popularity counts half as much again after learning from so many, and twice as much from very few
_LASTING_SHARE, _SEVERAL_USERS = 0.28, 3000  # of its lasting part; the users after learning from whom it counts half


def item_weights(
    model: Model, ratings: pd.DataFrame, weights_per_film: int = WEIGHTS_PER_FILM, seed: int = 0
) -> ItemWeights:
    """The largest weights of a fitted model's `item_matrix`, and what else the score of a recommender needs.

    Parameters
    ----------
    model : fitted on `ratings`.
    ratings : `userId, movieId, rating`; their counts decide how much content and popularity weigh beside the weights.
    weights_per_film : so many are kept for each film on average, the largest by |B_ji| times the norm of the column of
        film j in the matrix of rating weights.
    seed : of the choice of users over whom a typical sum is averaged.

    Raises CineMatchError for a model without an `item_matrix`, or with one of another shape.

    """
    if weights_per_film < 1:
        raise CineMatchError(f"weights_per_film must be 1 or more, got {weights_per_film!r}")
    B = _checked_matrix(model)
    train = Interactions.from_ratings(ratings, model.films)
    X = train.map_ratings(rating_weight)
    norms = np.sqrt(column_squares(X))
    blocks = ((block, _targets(B, block)) for block in blocks_of(B.shape[0]))
    pruned = largest_weights(blocks, norms, weights_per_film * B.shape[0])
    users = np.sort(np.random.default_rng(seed).permutation(train.full_users)[:TYPICAL_USERS])
    highest = (X[users] @ pruned).toarray().max(axis=1, initial=0)
    return ItemWeights(
        model.films,
        (pruned,),
        np.array([max(train.ratings.nnz / max(len(train), 1), 1.0)]),
        (model.like_counts >= WELL_RATED_LIKES) & (np.diff(pruned.indptr) > 0),
        np.float32(CONTENT_WEIGHT) * cold_start_weight(train.rating_counts),
        model.like_counts.astype(np.int64),
        float(highest.mean()) if highest.any() else 1.0,
        *popularity_priors(PRIOR_WEIGHT, len(train.full_users)),
        CONTENT_WEIGHT,
    )


def popularity_priors(prior_weight: float, users: int) -> tuple[float, float]:
    """π and ρ, the scales of the popularity prior and of its lasting part after learning from so many users.

    They are `prior_weight` · (1 + 300 / (`users` + 300)) and 0.28 · `prior_weight` / (1 + (`users` / 3000)³), since
    item-to-item weights that were learned from few users tell less of what somebody with few likes will like.

    >>> popularity_priors(1.0, 3_000)[1], popularity_priors(2.0, 300)[0]
    (0.14, 3.0)
    """
    first = prior_weight * (1 + _FEW_USERS / (users + _FEW_USERS))
    return first, _LASTING_SHARE * prior_weight / (1 + (users / _SEVERAL_USERS) ** 3)


def _checked_matrix(model: Model) -> np.ndarray | sparse.csc_matrix:
    matrix, name, films = model.item_matrix(), type(model).__name__, len(model.films)
    if matrix is None:
        raise CineMatchError(
            f"{name} has no item_matrix, and only models that are linear over items are served; compare it with others "
            "by -p models, and serve another one"
        )
    if matrix.shape != (films, films):
        raise CineMatchError(f"item_matrix of {name} must have the shape {(films, films)}, got {matrix.shape}")
    return sparse.csc_matrix(matrix) if sparse.issparse(matrix) else np.asarray(matrix)


def _targets(B: np.ndarray | sparse.csc_matrix, block: slice) -> np.ndarray:
    """The weights towards the films in `block`, without those of a film for itself: float32 (block, films)."""
    columns = B[:, block]
    weights = np.array((columns.toarray() if sparse.issparse(columns) else columns).T, dtype=np.float32)
    weights[np.arange(len(weights)), np.arange(block.start, block.stop)] = 0
    return weights
