"""Seconds that a Gram matrix takes on more workers than are at hand, from measured times of tasks and transfers.

The workers get their shares of the rows through the one connection of this process. For each tile, a worker multiplies
its share; the sums come back through that connection, one after the other, and are added here. So many tiles as in
`cluster.tasks` are under way at a time.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from distributed import Client
from scipy import sparse

from cinematch_lib.cluster.tasks import AHEAD
from cinematch_lib.models.gram import parts_of, tiles_of, triangle

_PROBE = 1 << 26  # bytes sent and fetched to measure the connection


@dataclass(frozen=True)
class Measured:
    """Seconds of one worker for each tile, the bytes of rows and tiles, and seconds a byte to send, fetch and add."""

    seconds: Sequence[float]
    tile_bytes: Sequence[int]
    row_bytes: int
    send: float
    fetch: float
    add: float


def measure(client: Client, X: sparse.csr_matrix, tile_bytes: int) -> Measured:
    """The times of the tiles of X on one worker of the cluster, and of its connection."""
    tiles = tiles_of(X.shape[1], tile_bytes)
    fullest = np.argsort(-np.bincount(X.indices, minlength=X.shape[1]), kind="stable")  # as `gram` does first
    parts = list(parts_of(sparse.csr_matrix(X[:, fullest]), 1))
    seconds = [client.submit(_seconds, parts, tile, pure=False).result() for tile in tiles]
    probe = np.zeros(_PROBE // 4, dtype=np.float32)
    began = time.perf_counter()
    there = client.submit(len, probe, pure=False)
    there.result()
    send = (time.perf_counter() - began) / _PROBE
    held = client.submit(np.zeros, _PROBE // 4, dtype=np.float32, pure=False)
    began = time.perf_counter()
    fetched = held.result()
    fetch = (time.perf_counter() - began) / _PROBE
    began = time.perf_counter()
    fetched + probe
    add = (time.perf_counter() - began) / _PROBE
    sizes = [4 * (tile.stop - tile.start) * tile.stop for tile in tiles]
    return Measured(seconds, sizes, 8 * X.nnz, send, fetch, add)


def simulate(measured: Measured, n_workers: int) -> float:
    """Seconds with so many workers, of which each multiplies in its share of the measured time."""
    sent = measured.row_bytes * measured.send / n_workers
    free_at = [sent * (number + 1) for number in range(n_workers)]  # when a worker has its rows, and later is idle
    connection, gathered = free_at[-1], [0.0] * len(measured.seconds)
    for tile, (seconds, size) in enumerate(zip(measured.seconds, measured.tile_bytes, strict=True)):
        submitted = gathered[tile - AHEAD] if tile >= AHEAD else 0.0
        for number in range(n_workers):
            free_at[number] = max(free_at[number], submitted) + seconds / n_workers
        for number in range(n_workers):
            connection = max(connection, free_at[number]) + size * (measured.fetch + measured.add * (number > 0))
        gathered[tile] = connection
    return connection


def _seconds(parts: Sequence[sparse.csr_matrix], tile: slice) -> float:
    began = time.perf_counter()
    for part in parts:
        triangle(part, tile)
    return time.perf_counter() - began
