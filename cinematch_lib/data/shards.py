"""Ratings in shards: a folder ``ratings`` of Parquet or CSV files, each with all ratings of some users.

A file ``ratings.url`` names such a folder elsewhere (`shard_files`). Shards are read on the cluster if there is one,
else one after another. Those that `write_shards` wrote hold what the file of ratings beside them holds, row by row, and
belong to it: another one in its place is refused.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.cluster.tasks import map_items
from cinematch_lib.data.download import md5_of
from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.layouts import INTERACTIONS, look
from cinematch_lib.data.shard_files import copied, md5_at, shard_name, url_in
from cinematch_lib.data.sources import Source
from cinematch_lib.data.tables import RATINGS, TableSchema
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import recover, replace_dir, staging_dir, to_json
from cinematch_lib.storage.locks import folder_lock

SHARDS = "ratings"  # the folder in that of the data set
_ORIGIN = "_origin.json"  # in the folder: the file that the shards hold the rows of, and its MD5


def write_shards(folder: Path, n_shards: int) -> list[Path]:
    """Write the ratings of the data set in `folder` as `n_shards` Parquet files of about the same size, by user.

    Rows keep their order if the users are in ascending order, as in MovieLens's files; else they are sorted by user,
    and those of a user keep their order. With fewer users there are fewer shards. Shards of the same file and number
    are left as they are; with `n_shards` 0, whatever is there. Returns the files. Raises CineMatchError for a negative
    number, and if there is no file of ratings or it cannot be read.
    """
    if n_shards < 0:
        raise CineMatchError(f"shards must be 0 (none are written) or more, got {n_shards}")
    target = Path(folder) / SHARDS
    if not n_shards:
        return Source(target).files if target.is_dir() else []
    source = _file_of_ratings(Path(folder))
    origin = {"file": source.path.name, "md5": md5_of(source.path), "shards": n_shards}
    with folder_lock(target.parent):
        recover(target)
        if _origin(target) != origin:
            with staging_dir(target) as staging:
                _write(read_table(source, RATINGS, loose=True), n_shards, staging / SHARDS)
                (staging / SHARDS / _ORIGIN).write_text(to_json(origin), encoding="utf-8")
                replace_dir(staging / SHARDS, target)
    return Source(target).files


def check_shards(folder: Path) -> None:
    """Raise CineMatchError if the shards in `folder` were written from another file of ratings than lies there now."""
    target = Path(folder) / SHARDS
    origin = _origin(target)
    file = target.parent / str(origin.get("file"))
    if origin and file.is_file() and md5_of(file) != origin.get("md5"):
        raise CineMatchError(
            f"the shards in {target} were written from another {file.name} than the one that lies there; write them "
            f"again (cinematch run -p shards {origin.get('shards')}), or remove one of the two"
        )


def md5_of_shards(source: Source) -> str:
    """The MD5 of the names and MD5s of shards at a URL; they are hashed on the cluster if there is one."""
    urls = [one for one in source.shards if isinstance(one, str)]
    lines = [f"{digest}  {shard_name(url)}\n" for url, digest in zip(urls, map_items(md5_at, urls), strict=True)]
    return hashlib.md5("".join(lines).encode(), usedforsecurity=False).hexdigest()


def read_rows(source: Source, schema: TableSchema) -> pd.DataFrame:
    """The rows of a file or of all shards, loosely as `formats.read_table` reads them.

    A column that is text in one shard is text in all. Raises as `read_table` does, and CineMatchError for shards with
    different columns.
    """
    if not (shards := source.shards):
        return read_table(source, schema, loose=True)
    tables = list(map_items(partial(_read_shard, schema), shards))
    for shard, table in zip(shards, tables, strict=True):
        if list(table) != list(tables[0]):
            raise CineMatchError(
                f"{_place(shard)} has the columns {', '.join(table.columns)}, and {_name(shards[0])} has "
                f"{', '.join(tables[0].columns)}; give all shards the same ones"
            )
    for name in map(str, tables[0]):
        if len({str(table[name].dtype) for table in tables}) > 1:
            tables = [table.astype({name: "str"}) for table in tables]
    return pd.concat(tables, ignore_index=True)


def row_place(source: Source, rows: int, row: int) -> tuple[Path | str, int]:
    """The file or the URL, and the line in it, of a row of the `rows` rows of a file or of shards."""
    for shard in source.shards:
        rows = len(_read_shard(RATINGS, shard))
        if row < rows:
            with _at_hand(shard) as file:
                return _place(shard), int(row_lines(file, rows)[row])
        row -= rows
    return source.path, int(row_lines(source, rows)[row])


def rows_lines(source: Source, rows: int) -> np.ndarray:
    """The lines of all rows, int64 (rows,), as `formats.row_lines` has them; rows of shards are counted from 1."""
    return np.arange(1, rows + 1) if source.is_sharded else row_lines(source, rows)


def _read_shard(schema: TableSchema, shard: Source | str) -> pd.DataFrame:
    with _at_hand(shard) as file:
        return read_table(file, schema, loose=True)


@contextlib.contextmanager
def _at_hand(shard: Source | str) -> Iterator[Source]:
    if isinstance(shard, Source):
        yield shard
        return
    with copied(shard) as file:
        yield Source(file)


def _name(shard: Source | str) -> str:
    return shard.path.name if isinstance(shard, Source) else shard_name(shard)


def _place(shard: Source | str) -> Path | str:
    return shard.path if isinstance(shard, Source) else shard


def _file_of_ratings(folder: Path) -> Source:
    found = look(folder)
    source = None if found is None else found.file_of("ratings")
    if found is not None and found.layout.title == INTERACTIONS:
        raise CineMatchError(f"shards are of stars, and {folder} has weights; set shards to 0")
    if source is not None and source.is_remote:
        raise CineMatchError(
            f"the ratings of {folder} are in shards already, at {url_in(source.path)}; set shards to 0"
        )
    if source is None:
        raise CineMatchError(f"{folder} has no file of ratings to write shards from; set shards to 0")
    return source


def _origin(target: Path) -> dict[str, Any]:
    path = target / _ORIGIN
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _write(ratings: pd.DataFrame, n_shards: int, into: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    into.mkdir()
    users = ratings["userId"].to_numpy()
    if users.dtype == object or ratings["userId"].dtype == "str":
        users = pd.factorize(ratings["userId"])[0]
    if (np.diff(users) < 0).any():
        order = np.argsort(users, kind="stable")
        ratings, users = ratings.iloc[order], users[order]
    first = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])  # row of each user
    wanted = np.arange(1, n_shards) * len(users) // n_shards
    cuts = np.unique(np.r_[0, first[np.minimum(np.searchsorted(first, wanted), len(first) - 1)], len(users)])
    for number, (start, stop) in enumerate(pairwise(cuts.tolist())):
        table = pa.Table.from_pandas(ratings.iloc[start:stop], preserve_index=False)
        pyarrow.parquet.write_table(table.replace_schema_metadata(), into / f"{number:05d}.parquet")
