"""Lists for all users of a file of ratings: a Parquet file, made in parts, so that an interrupted job goes on."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cinematch_lib.data.histories import Histories, read_histories
from cinematch_lib.data.ratings import USERS_NUMBERED
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.batch_parts import RECURRING, SCHEMA, Wanted, made_parts
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.storage.files import atomic_write, map_file, sha256, to_json, write_text
from cinematch_lib.storage.locks import folder_lock

_KEY = "job.json"


@dataclass(frozen=True)
class BatchResult:
    """The numbers of users and of recommendations in the file, and what was repaired in the ratings."""

    users: int
    rows: int
    repairs: dict[str, int]


def recommend_to_file(
    recommender: Recommender,
    ratings: Path,
    out: Path,
    k: int,
    filters: Preferences | None = None,
    message: Callable[[str], None] = print,
    users_at_once: int = 2048,
    jobs: int = 1,
    item_numbers: Mapping[str, int] | None = None,
) -> BatchResult:
    """`k` films for each user of a file of ratings, in a Parquet file `userId, movieId, rank, score`.

    `ratings` is a table of `userId, movieId, rating` in any form that a data set's ``ratings.csv`` may have, or of
    `user, item, weight` as in ``interactions.csv``; `item_numbers` are the numbers of the run's items by their names
    (`Run.read_item_numbers`). Users come in the order of their ids; users and items that are text stay text, the users
    in the order in which the file names them. The lists are made in parts of `users_at_once`, kept in a folder next
    to `out` until all are done: the same call after an interruption continues there. `jobs` is the number of processes
    that make parts. Memory holds the ratings (12 bytes each), and in each process the recommender and one part. Raises
    CineMatchError for a file that is no such table, for an `out` that is no Parquet file, while another process writes
    it, and where a process that makes parts is killed.
    """
    if jobs < 1:
        raise CineMatchError(f"jobs must be 1 or more, got {jobs}")
    if out.suffix.lower() != ".parquet":
        raise CineMatchError(f"--out must end with .parquet, got {out}")
    if not ratings.is_file():
        raise CineMatchError(f"--users must be a file of userId, movieId, rating, and there is none at {ratings}")
    parts = out.with_name(f"{out.name}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    with folder_lock(parts, f"another process writes {out}; wait until it is done, or name another file (--out)"):
        wanted, log = Wanted(k, filters), RejectLog()
        _open_parts(parts, _job(recommender, ratings, wanted, users_at_once), message)
        try:
            histories = read_histories(Source(ratings), item_numbers or {}, log)
            users, rows = _write(recommender, histories, parts, wanted, message, users_at_once, jobs)
            _join(parts, out, histories)
        finally:
            if not any(parts.glob("*.parquet")):  # there is nothing to continue with
                shutil.rmtree(parts, ignore_errors=True)
    repairs = {reason: count for of_file in log.repairs.values() for reason, count in of_file.items()}
    repairs.pop(USERS_NUMBERED, None)  # the lists have their names
    return BatchResult(users, rows, repairs)


def _write(
    recommender: Recommender,
    histories: Histories,
    parts: Path,
    wanted: Wanted,
    message: Callable[[str], None],
    users_at_once: int,
    jobs: int,
) -> tuple[int, int]:
    """Make the parts that are missing; the numbers of users and of recommendations in all."""
    users = rows = 0
    files = {
        parts / f"{number:05}.parquet": part for number, part in enumerate(_parts(histories.ratings, users_at_once))
    }
    missing = {file: part for file, part in files.items() if not file.is_file()}
    for file in made_parts(recommender, files, missing, wanted, jobs):
        users += files[file]["userId"].nunique()
        rows += pq.read_metadata(file).num_rows
        message(f"{users:,} users")
    return users, rows


def _job(recommender: Recommender, ratings: Path, wanted: Wanted, users_at_once: int) -> str:
    """What the lists depend on, as text: with equal ones, parts of an earlier call are parts of this one."""
    run = recommender.info.run_id if recommender.info else ""
    filters = {} if wanted.filters is None else wanted.filters.to_dict()
    return to_json(
        {"run": run, "ratings": sha256(map_file(ratings)), "k": wanted.k, "filters": filters, "users": users_at_once}
    )


def _open_parts(parts: Path, job: str, message: Callable[[str], None]) -> None:
    key = parts / _KEY
    if key.is_file() and key.read_text(encoding="utf-8") == job:
        message(f"continuing with the parts in {parts}")
        return
    if others := list(parts.iterdir()):
        message(f"the parts in {parts} are of another run, file or choice; they are made anew")
        for file in others:  # the folder stays, because it is locked
            file.unlink()
    write_text(key, job)


def _parts(table: pd.DataFrame, users: int) -> Iterator[pd.DataFrame]:
    """The ratings of so many users at a time, by the order of their ids."""
    if not table["userId"].is_monotonic_increasing:
        table = table.sort_values("userId", kind="stable", ignore_index=True)
    first = np.flatnonzero(np.diff(table["userId"].to_numpy())) + 1  # of each user but the first
    for start, end in pairwise([0, *first[users - 1 :: users].tolist(), len(table)]):
        yield table.iloc[start:end]


def _join(parts: Path, out: Path, histories: Histories) -> None:
    """Write all parts to `out`, with the names of users and items that have some."""
    users, items = histories.user_names, histories.item_names
    named = {"userId": users is not None, "movieId": items is not None}
    schema = pa.schema([one.with_type(pa.string()) if named.get(one.name) else one for one in SCHEMA])
    with atomic_write(out) as path, pq.ParquetWriter(path, schema, use_dictionary=RECURRING) as writer:
        for file in sorted(parts.glob("*.parquet")):
            part = pq.read_table(file)
            if users is not None:
                of_rows = users.take(part["userId"].to_numpy() - 1)
                part = part.set_column(0, schema.field(0), pa.array(of_rows, pa.string()))
            if items is not None:
                names = [items[number] for number in part["movieId"].to_pylist()]
                part = part.set_column(1, schema.field(1), pa.array(names, pa.string()))
            writer.write_table(part)
    shutil.rmtree(parts)
