"""Offline evaluation: splits, metrics, and comparisons of models on held-out likes.

Films are ranked among all films that the user has not rated, never among a sample of them.
"""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "pandas", "sklearn", "tqdm")

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cinematch_lib import models
from cinematch_lib.evaluation.cold_films import evaluate_cold_films
from cinematch_lib.evaluation.compare import compare_by_time, compare_models
from cinematch_lib.evaluation.intervals import Interval, by_activity, difference, interval
from cinematch_lib.evaluation.list_tables import evaluate_table
from cinematch_lib.evaluation.metrics import (
    accuracy,
    beyond_accuracy,
    commonest,
    coverage,
    miscalibration,
    most_popular,
    recall_by_popularity,
)
from cinematch_lib.evaluation.protocols import make_protocol
from cinematch_lib.evaluation.splits import Split, folds_by_users, split_by_time, split_by_users, split_liang2018
from cinematch_lib.evaluation.table_splits import (
    TableSplit,
    leave_last_out,
    split_table_at_random,
    split_table_by_time,
    split_table_by_users,
)
from cinematch_lib.evaluation.tuning import CANDIDATES, search, tuned_params

__all__ = [
    "CANDIDATES",
    "Interval",
    "Split",
    "TableSplit",
    "accuracy",
    "beyond_accuracy",
    "by_activity",
    "commonest",
    "compare_by_time",
    "compare_models",
    "coverage",
    "difference",
    "evaluate_cold_films",
    "evaluate_table",
    "folds_by_users",
    "interval",
    "leave_last_out",
    "make_protocol",
    "miscalibration",
    "most_popular",
    "recall_by_popularity",
    "recommend_for",
    "search",
    "split_by_time",
    "split_by_users",
    "split_liang2018",
    "split_table_at_random",
    "split_table_by_time",
    "split_table_by_users",
    "tuned_params",
]


def recommend_for(
    name: str,
    train_ratings: pd.DataFrame,
    histories: pd.DataFrame,
    catalog: pd.DataFrame,
    k: int = 20,
    *,
    exclude_seen: bool = True,
    users: Sequence[int] | None = None,
    **params: Any,
) -> pd.DataFrame:
    """Fit the model `name` and recommend `k` films to each user: `userId, movieId, rank, score`.

    `train_ratings` and `histories` have `userId, movieId, rating` and optionally `timestamp`; `catalog` has
    `movieId` and metadata of the films; `params` are the model's hyperparameters. Raises as `models.make`,
    `Model.fit` and `Model.recommend` do.
    """
    model = models.make(name, **params).fit(train_ratings, catalog)
    return model.recommend(histories, k, exclude_seen=exclude_seen, users=users)
