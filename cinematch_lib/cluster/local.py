"""The cluster of a command: workers on this machine, or a scheduler elsewhere, for as long as the command runs."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator

from cinematch_lib.cluster.connection import SCHEDULER, connect, workers
from cinematch_lib.errors import CineMatchError, require_extra

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_LEAST_MEMORY = 0.5e9  # bytes of a worker; the libraries alone take a third of that


@contextlib.contextmanager
def using(
    scheduler: str | None, n_workers: int | None, memory: str | None, message: Callable[[str], None]
) -> Iterator[None]:
    """A block in which the steps work with the scheduler at an address, or with so many workers on this machine.

    `memory` is that of each worker, such as ``3GB``; by default they share three quarters of what is free. Without
    `scheduler` and `n_workers`, nothing changes. Workers started here end with the block. Raises CineMatchError for
    arguments that exclude each other or exceed the machine, and as `connect` does.
    """
    if scheduler is None and n_workers is None:
        if memory is not None:
            raise CineMatchError(f"--memory is that of each worker, and needs --workers N; got --memory {memory} alone")
        yield
        return
    if scheduler is not None and (n_workers is not None or memory is not None):
        raise CineMatchError(
            "--scheduler names a cluster that has its workers already; give it without --workers and --memory"
        )
    require_extra("cluster", "dask", "distributed")
    with _address(scheduler, n_workers, memory) as address:
        client = connect(address)
        try:
            found = list(workers(client).values())
            least = min(one["memory_limit"] or float("inf") for one in found) / 1e9
            message(f"{len(found)} workers of {least:.1f} GB or more at {address}; dashboard: {client.dashboard_link}")
        finally:
            client.close()
        before = os.environ.get(SCHEDULER)
        os.environ[SCHEDULER] = address
        try:
            yield
        finally:
            if before is None:
                del os.environ[SCHEDULER]
            else:
                os.environ[SCHEDULER] = before


@contextlib.contextmanager
def _address(scheduler: str | None, n_workers: int | None, memory: str | None) -> Iterator[str]:
    if scheduler is not None:
        yield scheduler
        return
    limit = _memory_limit(n_workers or 0, memory)
    import dask
    from distributed import LocalCluster

    # Dask would set the number of threads of linear algebra in this process too, for all the steps that it starts;
    # `cluster.worker` does it in the workers. Workers that end with the command are no warning.
    with (
        dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": None for name in _THREADS}),
        tempfile.TemporaryDirectory(prefix="cinematch-workers-") as scratch,
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            memory_limit=limit,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            local_directory=scratch,
            preload=["cinematch_lib.cluster.worker"],
            env=dict.fromkeys(_THREADS, "1"),
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address


def _memory_limit(n_workers: int, memory: str | None) -> int:
    """The bytes of each worker. Raises CineMatchError if they are too few, or more than the machine has free."""
    from dask.utils import parse_bytes

    from cinematch_lib.storage.memory import free_memory

    if n_workers < 1:
        raise CineMatchError(f"--workers must be 1 or more, got {n_workers}")
    free, where = free_memory()
    if memory is None:
        return int(0.75 * free / n_workers)
    try:
        limit = int(parse_bytes(memory))
    except ValueError:
        raise CineMatchError(f"--memory must be a size such as 3GB or 800MB, got {memory!r}") from None
    if limit < _LEAST_MEMORY:
        raise CineMatchError(f"--memory must be {_LEAST_MEMORY / 1e6:.0f} MB or more, got {memory!r}")
    if n_workers * limit > free:
        raise CineMatchError(
            f"{n_workers} workers with {limit / 1e9:.1f} GB each need {n_workers * limit / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free{where}; lower --workers or --memory"
        )
    return limit
