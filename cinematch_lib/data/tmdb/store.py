"""TMDb's responses in one SQLite file; each response is committed at once, with the time of its request.

The file is in WAL mode, so a killed process loses only the responses that it had not yet stored. One process at
a time opens the store, under the lock of its folder.
"""

import contextlib
import datetime
import json
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.locks import folder_lock
from cinematch_lib.storage.sqlite import transaction

FILE = "tmdb.sqlite"
VERSION = 1
_REMEDY = "; if it is damaged, remove it to fetch everything anew"

_SCHEMA = """
CREATE TABLE films (
    tmdb_id INTEGER PRIMARY KEY,
    asked_at REAL NOT NULL,          -- time of the request, seconds since 1970
    answer BLOB,                     -- compressed JSON; NULL for a film that TMDb does not have (404)
    stale INTEGER NOT NULL DEFAULT 0 -- 1: changed at TMDb since
);
CREATE TABLE imdb (
    imdb_id TEXT PRIMARY KEY,        -- digits
    asked_at REAL NOT NULL,
    tmdb_id INTEGER                  -- NULL if TMDb has none
);
CREATE TABLE listed (tmdb_id INTEGER PRIMARY KEY); -- changes of the day of the last check, already processed
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """An open store in `folder`, made by `open_store`; safe to use from many threads. Times are seconds since 1970."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = connection
        self._lock = threading.Lock()

    def save_film(self, tmdb_id: int, answer: dict[str, Any] | None, asked_at: float) -> None:
        """Store the answer for a film, None for a film that TMDb does not have, in place of an older one."""
        packed = None if answer is None else zlib.compress(json.dumps(answer, separators=(",", ":")).encode(), 6)
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO films VALUES (?, ?, ?, 0)", (tmdb_id, asked_at, packed))

    def save_imdb(self, imdb_id: str, tmdb_id: int | None, asked_at: float) -> None:
        """Store the TMDb id that was found for an IMDb id; None if TMDb has none."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO imdb VALUES (?, ?, ?)", (imdb_id, asked_at, tmdb_id))

    def drop_older(self, than: float) -> int:
        """Remove all responses to requests before `than`; returns the number of films removed."""
        with self._transaction() as db:
            db.execute("DELETE FROM imdb WHERE asked_at < ?", (than,))
            found = db.execute("SELECT count(*) FROM films WHERE asked_at < ? AND answer IS NOT NULL", (than,))
            count = found.fetchone()[0]
            db.execute("DELETE FROM films WHERE asked_at < ?", (than,))
        return int(count)

    def films(self) -> set[int]:
        """The TMDb ids of all films requested so far, whether TMDb has them or not."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM films")}

    def fresh_films(self, since: float) -> set[int]:
        """The films that need not be requested again: requested `since` then, and not known to have changed."""
        return {one for (one,) in self._rows("SELECT tmdb_id FROM films WHERE asked_at >= ? AND NOT stale", since)}

    def gone(self) -> set[int]:
        """The films that TMDb did not have."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM films WHERE answer IS NULL")}

    def resolved(self, since: float) -> dict[str, int | None]:
        """The TMDb id, or None, for each IMDb id requested `since` then."""
        return dict(self._rows("SELECT imdb_id, tmdb_id FROM imdb WHERE asked_at >= ? ORDER BY imdb_id", since))

    def answers(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The answers for all films that TMDb has, by ascending TMDb id."""
        for tmdb_id, packed in self._rows("SELECT tmdb_id, answer FROM films WHERE answer IS NOT NULL ORDER BY 1"):
            yield tmdb_id, json.loads(zlib.decompress(packed))

    def checked_until(self) -> datetime.date | None:
        """The day (UTC) of the last complete check for changes; None in a new store."""
        value = self.note("checked_until")
        return datetime.date.fromisoformat(value) if value else None

    def listed(self) -> set[int]:
        """The changes of that day that were already processed."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM listed")}

    def mark_changed(self, changed: Iterable[int], today: datetime.date, listed_today: Iterable[int]) -> None:
        """Mark films as changed, so that they are requested again, and `today` as the day of the last check."""
        with self._transaction() as db:
            db.executemany("UPDATE films SET stale = 1 WHERE tmdb_id = ?", ((one,) for one in changed))
            if self._note("checked_until") != today.isoformat():
                db.execute("DELETE FROM listed")
            db.executemany("INSERT OR IGNORE INTO listed VALUES (?)", ((one,) for one in listed_today))
            db.execute("INSERT OR REPLACE INTO notes VALUES ('checked_until', ?)", (today.isoformat(),))

    def note(self, name: str) -> str | None:
        """The note of this name; None if there is none."""
        with self._lock:
            return self._note(name)

    def save_note(self, name: str, value: str) -> None:
        """Store a note in place of an older one of this name."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def _note(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        # In batches, so that other threads can write while a large table is read.
        with self._lock:
            cursor = self._db.execute(query, values)
        while True:
            with self._lock:
                rows = cursor.fetchmany(1000)
            if not rows:
                return
            yield from rows

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with transaction(self._db) as db:
                    yield db
            except sqlite3.DatabaseError as error:
                raise CineMatchError(
                    f"{self.folder / FILE} could not be written ({error}); free some room or mend that, then run it "
                    "again: what came before is kept"
                ) from None


@contextlib.contextmanager
def open_store(folder: Path) -> Iterator[Store]:
    """Open the store in `folder`, creating it if need be, for this process alone.

    Raises CineMatchError if another process has it open, or if the file is no store of this version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    busy = f"another process is fetching from TMDb into {folder}; wait until it is done, or choose another raw_dir"
    with folder_lock(folder, busy):
        path = folder / FILE
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _set_up(connection, path)
            yield Store(folder, connection)
        finally:
            connection.close()


def films_stored(folder: Path) -> int | None:
    """The number of films in the store in `folder`, None without a store; no file is changed.

    Films still in the write-ahead log of a running or killed fetch are not counted. Raises CineMatchError for a
    file that is no store.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        # immutable: otherwise SQLite creates -wal and -shm files even for reading
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM films").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise CineMatchError(f"{path} cannot be used ({error}){_REMEDY}") from None


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    try:
        # NORMAL: commits survive the death of the process; a power failure may lose the latest.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
            version = VERSION
    except sqlite3.DatabaseError as error:
        raise CineMatchError(f"{path} cannot be used ({error}){_REMEDY}") from None
    if version != VERSION:
        raise CineMatchError(
            f"{path} has the format version {version}, and this CineMatch reads version {VERSION}; take the CineMatch "
            "that wrote it, or remove the file to fetch everything anew"
        )
