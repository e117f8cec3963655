"""Functions mapped over items, and sums over parts that stay on the workers."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cinematch_lib.cluster import connection
from cinematch_lib.errors import CineMatchError

if TYPE_CHECKING:
    from distributed import Future

Item = TypeVar("Item")
Result = TypeVar("Result")
Tile = TypeVar("Tile")
AHEAD = 2  # tasks for each worker, and tiles, that are submitted ahead of the one waited for
_LOOK_SECONDS = 5  # after which it is looked whether there still are workers
_LOG = logging.getLogger(__name__)


def map_items(function: Callable[..., Result], items: Iterable[Any], *shared: "Future") -> Iterator[Result]:
    """`function` of each item, in order: on the cluster if there is one, else one after another in this process.

    On a cluster, `function` and items are sent to a worker, and sent again if the worker is lost; what is `held` by the
    workers may be passed before each item. Raises what `function` raises, and CineMatchError if the cluster is lost.
    """
    if not connection.is_used():
        yield from map(function, items)
        return
    client = connection.client()
    remaining = iter(items)
    ahead = AHEAD * len(connection.present_workers(client))
    pending = deque(client.submit(function, *shared, one, pure=False) for one in islice(remaining, ahead))
    while pending:
        yield _result(pending.popleft())
        pending.extend(client.submit(function, *shared, one, pure=False) for one in islice(remaining, 1))


def held(thing: object) -> "Future":
    """A thing that is sent to the cluster once, and copied among the workers that need it, for `map_items`.

    It is kept as long as what is returned.
    """
    return connection.client().submit(_itself, thing, pure=False)


def sum_tiles(
    function: Callable[[Any, Tile], np.ndarray], parts: Iterable[Any], tiles: Sequence[Tile], what: str
) -> Iterator[np.ndarray]:
    """For each tile, the sum of ``function(part, tile)`` over all parts, on the cluster.

    The parts are spread over the workers once. For each tile, every worker adds up those of its parts, and the sums
    of the workers are added here, in a fixed order: with the same number of workers the results are the same bytes.
    What a lost worker held is sent to another one. Progress is logged as of `what`.
    """
    client = connection.client()
    groups: list[list[Any]] = [[] for _ in connection.present_workers(client)]
    for number, part in enumerate(parts):
        groups[number % len(groups)].append(part)
    # Not bound to workers by address: where all of these were lost, Dask would not give the tasks to new ones.
    kept = [held(group) for group in groups if group]
    del groups

    def submit(tile: Tile) -> "list[Future]":
        return [client.submit(_accumulate, function, tile, group, pure=False) for group in kept]

    pending, waiting = deque(submit(tile) for tile in tiles[:AHEAD]), iter(tiles[AHEAD:])
    for number in range(1, len(tiles) + 1):
        _LOG.info("%s: part %d of %d on %d workers", what, number, len(tiles), len(kept))
        futures = pending.popleft()
        total = _result(futures[0])
        for future in futures[1:]:
            total = total + _result(future)
        del futures
        pending.extend(submit(tile) for tile in islice(waiting, 1))
        yield total


def _itself(part: Item) -> Item:
    return part


def _accumulate(function: Callable[[Any, Tile], np.ndarray], tile: Tile, parts: Sequence[Any]) -> np.ndarray:
    total = function(parts[0], tile)
    for part in parts[1:]:
        total += function(part, tile)
    return total


def _result(future: "Future") -> Any:
    """The result of a task. Raises what the task raised, and CineMatchError if the cluster is lost."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    client, looks_without = future.client, 0
    while True:
        try:
            return future.result(timeout=_LOOK_SECONDS)
        except TimeoutError:
            looks_without = 0 if connection.workers(client) else looks_without + 1
            if looks_without * _LOOK_SECONDS >= connection.WITHOUT_WORKERS:
                raise connection.no_workers(client) from None
        except KilledWorker as error:
            raise CineMatchError(
                f"a task ended its worker {error.allowed_failures + 1} times, most likely for want of memory; give "
                "the workers more (--memory), or take fewer films (max_films)"
            ) from None
        except (FutureCancelledError, CommClosedError):
            raise CineMatchError(
                f"the scheduler at {client.scheduler.address} was lost; start it again, and run the step again"
            ) from None
