"""What TMDb answered, kept in one SQLite file: each answer is committed at once, with its time.

The file is in WAL mode: a process that is killed loses what it had not yet stored and nothing else. Whoever
writes holds the kernel's lock on the folder, which ends with the process and leaves no file.
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

_SCHEMA = """
CREATE TABLE films (
    tmdb_id INTEGER PRIMARY KEY,
    asked_at REAL NOT NULL,          -- seconds since 1970, when the request went out
    answer BLOB,                     -- JSON, deflated; NULL for a film that TMDb does not have (404)
    stale INTEGER NOT NULL DEFAULT 0 -- 1: TMDb says that it changed since
);
CREATE TABLE imdb (
    imdb_id TEXT PRIMARY KEY,        -- digits
    asked_at REAL NOT NULL,
    tmdb_id INTEGER                  -- NULL where TMDb knows none
);
CREATE TABLE set_aside (             -- requests that stayed unanswered, until they are
    request TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    asked_at REAL NOT NULL
);
CREATE TABLE listed (tmdb_id INTEGER PRIMARY KEY); -- changes of the day of the last check, already acted on
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """An open store; safe to use from many threads. `folder` holds it. Made by `open_store`."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = connection
        self._turn = threading.Lock()

    # --- answers -----------------------------------------------------------------------------------------

    def save_film(self, tmdb_id: int, answer: dict[str, Any] | None, asked_at: float) -> None:
        """A film's answer, None for one that is gone, in place of an older one. Times in seconds since 1970."""
        packed = None if answer is None else zlib.compress(json.dumps(answer, separators=(",", ":")).encode(), 6)
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO films VALUES (?, ?, ?, 0)", (tmdb_id, asked_at, packed))
            db.execute("DELETE FROM set_aside WHERE request = ?", (f"movie/{tmdb_id}",))

    def save_imdb(self, imdb_id: str, tmdb_id: int | None, asked_at: float) -> None:
        """The TMDb id of a film of which only the IMDb id was known, None where there is none."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO imdb VALUES (?, ?, ?)", (imdb_id, asked_at, tmdb_id))
            db.execute("DELETE FROM set_aside WHERE request = ?", (f"find/tt{imdb_id}",))

    def save_failure(self, request: str, reason: str, asked_at: float) -> None:
        """A request such as ``movie/949`` that stayed unanswered."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?)", (request, reason, asked_at))

    def drop_older(self, than: float) -> int:
        """Remove what was asked before `than`, in seconds since 1970; returns how many films that were."""
        with self._transaction() as db:
            db.execute("DELETE FROM imdb WHERE asked_at < ?", (than,))
            found = db.execute("SELECT count(*) FROM films WHERE asked_at < ? AND answer IS NOT NULL", (than,))
            count = found.fetchone()[0]
            db.execute("DELETE FROM films WHERE asked_at < ?", (than,))
        return count

    # --- what is there -----------------------------------------------------------------------------------

    def films(self) -> set[int]:
        """All films that were asked for, whether they were found or are gone."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM films")}

    def fresh_films(self, since: float) -> set[int]:
        """The films that need not be asked for again: asked `since` then, and unchanged as far as is known."""
        return {one for (one,) in self._rows("SELECT tmdb_id FROM films WHERE asked_at >= ? AND NOT stale", since)}

    def gone(self) -> set[int]:
        """The films that TMDb did not have when it was asked."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM films WHERE answer IS NULL")}

    def resolved(self, since: float) -> dict[str, int | None]:
        """The TMDb ids found for IMDb ids, None where there is none, as far as they were asked `since` then."""
        return dict(self._rows("SELECT imdb_id, tmdb_id FROM imdb WHERE asked_at >= ? ORDER BY imdb_id", since))

    def answers(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every film found, by ascending TMDb id."""
        for tmdb_id, packed in self._rows("SELECT tmdb_id, answer FROM films WHERE answer IS NOT NULL ORDER BY 1"):
            yield tmdb_id, json.loads(zlib.decompress(packed))

    def unanswered(self) -> list[tuple[str, str]]:
        """The requests set aside and why, in alphabetical order."""
        return list(self._rows("SELECT request, reason FROM set_aside ORDER BY 1"))

    # --- changes -----------------------------------------------------------------------------------------

    def checked_until(self) -> datetime.date | None:
        """The day (UTC) of the last complete look at what changed; None in a store that is new."""
        value = self.note("checked_until")
        return datetime.date.fromisoformat(value) if value else None

    def listed(self) -> set[int]:
        """The changes of that day which were acted on already."""
        return {tmdb_id for (tmdb_id,) in self._rows("SELECT tmdb_id FROM listed")}

    def mark_changed(self, changed: Iterable[int], today: datetime.date, listed_today: Iterable[int]) -> None:
        """Films that changed will be asked for again; from now on only what changes from `today` on counts."""
        with self._transaction() as db:
            db.executemany("UPDATE films SET stale = 1 WHERE tmdb_id = ?", ((one,) for one in changed))
            if self._note("checked_until") != today.isoformat():
                db.execute("DELETE FROM listed")
            db.executemany("INSERT OR IGNORE INTO listed VALUES (?)", ((one,) for one in listed_today))
            db.execute("INSERT OR REPLACE INTO notes VALUES ('checked_until', ?)", (today.isoformat(),))

    # --- notes and rows ----------------------------------------------------------------------------------

    def note(self, name: str) -> str | None:
        """A note by its name; None where there is none."""
        with self._turn:
            return self._note(name)

    def save_note(self, name: str, value: str) -> None:
        """Write a note down, in place of an older one."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def _note(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _rows(self, query: str, *values: object) -> Iterator[tuple]:
        # Batch by batch, so that a table of any size can be gone through while others write.
        with self._turn:
            cursor = self._db.execute(query, values)
        while True:
            with self._turn:
                rows = cursor.fetchmany(1000)
            if not rows:
                return
            yield from rows

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
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
    """The store in `folder`, made where there is none, for this process alone.

    Raises CineMatchError when another process has it open, or when the file is no store of this version.
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
    """How many films the store in `folder` has answers for, None where there is no store; changes no file.

    What a fetch under way, or a killed one, has not yet moved into the main file is not counted.
    Raises CineMatchError for a file that is no store.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        # immutable: SQLite would lay its -wal and -shm files beside even one that it only reads
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as connection:
            return connection.execute("SELECT count(*) FROM films").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise CineMatchError(
            f"{path} cannot be used ({error}); if it is damaged, remove it to fetch everything anew"
        ) from None


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    try:
        # NORMAL keeps every committed answer when a process dies; only a power cut may take the latest.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
            version = VERSION
    except sqlite3.DatabaseError as error:
        raise CineMatchError(
            f"{path} cannot be used ({error}); if it is damaged, remove it to fetch everything anew"
        ) from None
    if version != VERSION:
        raise CineMatchError(
            f"{path} has the format version {version}, and this CineMatch reads version {VERSION}; take the CineMatch "
            "that wrote it, or remove the file to fetch everything anew"
        )
