"""What a database of the store offers, and the SQLite file: opened, checked, migrated, trusted while it keeps its name.

The file is in WAL mode, with one connection that writes and one that reads. A write is on the disk before it is
acknowledged.
"""

import contextlib
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving import schema
from cinematch_lib.storage.sqlite import transaction

_BUSY_SECONDS = 5  # until a change is refused because others hold the store

_BUSY = f"the store is in use by others, and the change was not saved within {_BUSY_SECONDS} s; try again later"


class StoreError(CineMatchError):
    """The store could not be read or written: a full disk, a damaged file, another process that holds it."""


class Transaction(Protocol):
    """An open write transaction; values stand in a statement as ``?``."""

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Any:
        """The cursor of the statement, with `fetchone`, `fetchall` and `rowcount`."""


class Database(Protocol):
    """What keeps the tables of the store: a SQLite file, or PostgreSQL. Thread-safe."""

    def open(self) -> None:
        """Open the database again after `close`; no effect on an open one. Raises StoreError."""

    def close(self) -> None:
        """Close the database; all acknowledged writes are in it."""

    @property
    def problem(self) -> str | None:
        """Why the database cannot be trusted now; None if it can."""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises StoreError."""

    def transaction(self, key: str) -> AbstractContextManager[Transaction]:
        """One write transaction, acknowledged when the block ends; those of one `key` run one after the other.

        Raises StoreError.
        """

    def forget(self) -> None:
        """Overwrite deleted text where the database can."""


class SqliteDatabase:
    """The file `path`, created if missing. Thread-safe. Raises StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        self._is_open = False
        self._failure: str | None = None  # of the last read or write
        self.open()

    def open(self) -> None:
        """Open the store again after `close`; no effect on an open one. Raises StoreError."""
        with self._write_lock, self._read_lock, contextlib.ExitStack() as on_error:
            if self._is_open:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if self.path.is_symlink():
                    raise StoreError(
                        f"{self.path} is a symbolic link, and the store must be a file with its log beside it; "
                        "name the folder of the file that it leads to with --state, or link the folder instead"
                    )
                if self.path.exists() and not self.path.stat().st_size:
                    raise StoreError(f"{self.path} is empty; restore a copy, or remove it to start without any data")
                check_log(self.path)
                _keep_private(self.path)
                self._writer = _connect(self.path)
                on_error.callback(self._writer.close)
                _check_content(self._writer)
                _keep_private(self.path)  # if it was just created
                self._migrate()
                self._reader = _connect(self.path)
                self._reader.execute("SELECT count(*) FROM users").fetchone()  # opens the write-ahead log
                self._identity, self._least_size = self._files(), self.path.stat().st_size
            except (OSError, sqlite3.Error) as error:
                raise StoreError(
                    f"{self.path} cannot be used ({error}); repair it, restore a copy, or name another state folder"
                ) from None
            on_error.pop_all()
            self._is_open = True

    def close(self) -> None:
        """Close the store; all acknowledged writes are in the file."""
        with self._write_lock, self._read_lock:
            self._is_open = False
            self._reader.close()
            self._writer.close()

    @property
    def problem(self) -> str | None:
        """Why the store cannot be trusted now; None if it can."""
        try:
            self._check_identity()
            with self._read_lock:
                for table in schema.TABLES:
                    self._reader.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        except (sqlite3.Error, StoreError) as error:
            return str(error)
        return self._failure

    def _files(self) -> list[tuple[int, int]]:
        """What identifies the database file and its write-ahead log. Raises OSError."""
        found = [Path(f"{self.path}{ending}").stat() for ending in ("", "-wal")]
        return [(one.st_dev, one.st_ino) for one in found]

    def _check_identity(self) -> None:
        """Raise StoreError unless the files of these names are those that are open, and none was cut."""
        try:
            if self._files() == self._identity and self.path.stat().st_size >= self._least_size:
                return
        except OSError:
            pass
        raise StoreError(
            f"{self.path} was removed, moved or replaced, and nothing is saved; put it back, then restart the server"
        )

    def rows(self, query: str, *values: object) -> list[tuple]:
        """The rows of a query. Raises StoreError."""
        self._check_identity()
        with self._read_lock:
            try:
                return self._reader.execute(query, values).fetchall()
            except sqlite3.Error as error:
                self._failure = f"the stored data could not be read ({error})"
                raise StoreError(f"{self._failure}; try again later") from None

    def forget(self) -> None:
        """Empty the write-ahead log, in which deleted text would stay readable."""
        with self._write_lock:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def transaction(self, key: str) -> Iterator[sqlite3.Connection]:
        """One write transaction, acknowledged when the block ends. Raises StoreError within _BUSY_SECONDS.

        A SQLite file has one writer, whatever the `key`.
        """
        deadline = time.monotonic() + _BUSY_SECONDS
        if not self._write_lock.acquire(timeout=_BUSY_SECONDS):
            raise StoreError(_BUSY)
        try:
            remaining = max(0, round(1000 * (deadline - time.monotonic())))
            self._writer.execute(f"PRAGMA busy_timeout = {remaining}")
            with transaction(self._writer) as db:
                yield db
                self._check_identity()
            self._check_identity()  # nothing is acknowledged that went into a file without a name
            self._failure = None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise StoreError(_BUSY) from None
            self._failure = f"the change could not be saved ({error})"
            raise StoreError(f"{self._failure}; try again later") from None
        finally:
            self._write_lock.release()

    def _migrate(self) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        with transaction(self._writer) as db:  # if two servers start at once, one of them creates the tables
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(schema.SQLITE):
                raise StoreError(
                    f"{self.path} has the format version {version}, and this CineMatch knows {len(schema.SQLITE)}; "
                    "use the CineMatch that wrote it, or name another state folder"
                )
            for number, script in enumerate(schema.SQLITE[version:], start=version + 1):
                for statement in filter(str.strip, script.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number}")


def _keep_private(path: Path) -> None:
    """Let only the owner read the file and its logs; those that SQLite makes get the mode of the file."""
    for one in (path, *(Path(f"{path}{ending}") for ending in ("-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError):
            one.chmod(0o600)


def check_log(path: Path) -> None:
    """Raise StoreError if a copy by `backup` lies beside the write-ahead log of another file, which would be replayed.

    Such a copy says in its header (bytes 18 and 19) that it has no log; a file that has one says so before the log is
    made.
    """
    log = Path(f"{path}-wal")
    if not path.exists() or not log.exists() or not log.stat().st_size:
        return
    with path.open("rb") as file:
        header = file.read(20)
    if header[18:20] == b"\x01\x01":
        raise StoreError(
            f"{path} was put back beside the log of another state; remove {path.name}-wal and {path.name}-shm there, "
            "then start again"
        )


def _check_content(db: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where pages are damaged, or tables of a store with a version are missing."""
    (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(f"damaged: {result}")
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if lacking := sorted(name for name, since in schema.TABLES.items() if since <= version and name not in tables):
        raise sqlite3.DatabaseError(f"the table {lacking[0]} is missing")


def _canonical(name: str) -> str:
    return "/".join(filter(None, unicodedata.normalize("NFC", name).split("/")))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
    db.create_function("canonical", 1, _canonical, deterministic=True)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")  # an acknowledged write survives a power cut
    db.execute("PRAGMA secure_delete = ON")  # deleted data is overwritten
    return db
