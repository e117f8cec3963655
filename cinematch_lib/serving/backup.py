"""Copies of the store: made while a server writes to it, and known when one lies beside another's log."""

import contextlib
import sqlite3
from pathlib import Path

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving.store import FILE
from cinematch_lib.storage.files import atomic_write
from cinematch_lib.storage.paths import is_address


def back_up(state: str | Path, target: Path) -> int:
    """Copy the store in the folder `state` to the file `target`, which is replaced; returns its size in bytes.

    The copy is of one moment, whatever a server writes meanwhile, and has no log beside it. Only its owner can read it.
    Raises CineMatchError for a store in PostgreSQL, which has tools of its own, and for one that cannot be read.
    """
    if is_address(state):
        raise CineMatchError("a store in PostgreSQL is copied by its own tools: pg_dump --format=custom --file=FILE")
    source = Path(state) / FILE
    if not source.is_file():
        raise CineMatchError(f"{source} was not found; name the folder of the state (--state DIR)")
    try:
        with atomic_write(target) as part:
            part.chmod(0o600)
            with (
                contextlib.closing(sqlite3.connect(source)) as database,
                contextlib.closing(sqlite3.connect(part)) as copy,
            ):
                database.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # see `database.check_log`
                if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                    raise CineMatchError(f"{source} is damaged ({found}); the copy was not kept")
        target.chmod(0o600)
    except sqlite3.Error as error:
        raise CineMatchError(f"{source} could not be copied to {target} ({error}); nothing was changed") from None
    return target.stat().st_size
