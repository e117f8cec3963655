"""The parts of a file of lists, made in one process or in several."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.storage.files import atomic_write

SCHEMA = pa.schema([("userId", pa.int64()), ("movieId", pa.int64()), ("rank", pa.int32()), ("score", pa.float32())])
# Numbers that recur are written as a dictionary and their places there; scores hardly recur.
RECURRING = ["userId", "movieId", "rank"]


@dataclass(frozen=True)
class Wanted:
    """What is wanted of each list."""

    k: int
    filters: Preferences | None


def made_parts(
    recommender: Recommender, files: Iterable[Path], missing: Mapping[Path, pd.DataFrame], wanted: Wanted, jobs: int
) -> Iterator[Path]:
    """The files in their order, each as soon as it is there; those that are missing are made."""
    jobs = min(jobs, len(missing))
    if jobs < 2:
        for file in files:
            if file in missing:
                _make(recommender, file, missing[file], wanted)
            yield file
        return
    others = set(active_children())
    # A fork would share the locks and threads of this process.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start, (recommender, wanted)) as pool:
        making = {file: pool.submit(_make_here, file, part) for file, part in missing.items()}
        try:
            for file in files:
                if file in making:
                    making.pop(file).result()
                yield file
        except BrokenProcessPool as error:
            raise CineMatchError(
                "a process that makes lists was killed, perhaps for want of memory; repeat the same command, if need "
                "be with fewer processes (--jobs 1): it continues with the parts that are there"
            ) from error
        finally:  # after an interruption nobody waits for the parts that are being made
            for process in set(active_children()) - others:
                process.terminate()


def _make(recommender: Recommender, file: Path, part: pd.DataFrame, wanted: Wanted) -> None:
    columns = (part[name].to_numpy() for name in ("userId", "movieId", "rating"))
    lists = recommender.recommend_ratings(*columns, wanted.k, filters=wanted.filters, threads=1)
    with atomic_write(file) as path:
        table = pa.table([pa.array(one) for one in lists], names=SCHEMA.names).cast(SCHEMA)
        pq.write_table(table, path, use_dictionary=RECURRING)


_of_process: list[tuple[Recommender, Wanted]] = []


def _start(recommender: Recommender, wanted: Wanted) -> None:
    """Keep what all parts of a process need. It ends when its parent has been killed, or by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    _of_process.append((recommender, wanted))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _make_here(file: Path, part: pd.DataFrame) -> None:
    recommender, wanted = _of_process[0]
    _make(recommender, file, part, wanted)
