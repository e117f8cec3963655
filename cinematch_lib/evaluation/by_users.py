"""Lists for many users: on a cluster by blocks of users, with what makes the lists sent to the workers once."""

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from cinematch_lib.cluster import connection
from cinematch_lib.cluster.tasks import held, map_items
from cinematch_lib.recommender.film_tiles import BLOCK
from cinematch_lib.storage.resources import megabytes

_SHARE = 1 / 4  # of a worker's memory, the most that a model may take: a second one and the scores need room too
_HELD: "WeakKeyDictionary[object, Any]" = WeakKeyDictionary()


def lists_by_users(
    function: Callable[..., pd.DataFrame], source: object, users: np.ndarray, *tables: pd.DataFrame | None
) -> pd.DataFrame:
    """``function(source, users, *tables)``: lists for `users` by a model or a recommender, which is not changed later.

    `tables` have `userId`, and those rows count that are of `users`. On a cluster, workers make the lists, unless the
    source is of a class of one's own, which workers may lack, or takes more than a quarter of a worker's memory. So
    `function` must be one of a module, and must treat each user alone. Raises as `function` does.
    """
    if not _is_sent(source, len(users)):
        return function(source, users, *tables)
    kept = _HELD.get(source)
    if kept is None or kept.client is not connection.client():
        kept = _HELD[source] = held(source)
    blocks = [users[start : start + BLOCK] for start in range(0, len(users), BLOCK)]
    items = ((block, [None if one is None else one[one["userId"].isin(block)] for one in tables]) for block in blocks)
    return pd.concat(map_items(partial(_of_block, function), items, kept), ignore_index=True)


def _is_sent(source: object, n_users: int) -> bool:
    if not connection.is_used() or n_users <= BLOCK or not type(source).__module__.startswith("cinematch_lib."):
        return False
    return 1e6 * megabytes(source) <= _SHARE * connection.worker_memory()


def _of_block(
    function: Callable[..., pd.DataFrame], source: object, item: tuple[np.ndarray, list[pd.DataFrame | None]]
) -> pd.DataFrame:
    users, tables = item
    return function(source, users, *tables)
