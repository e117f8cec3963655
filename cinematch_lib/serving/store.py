"""What people told the server, in one SQLite file: watchlists and feedback.

The file is in WAL mode, with one connection that writes and one that reads. A write is on the disk before it is
acknowledged. Films are kept as they were when they were put on a list, since a later run may not have them.
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cinematch_lib.errors import CineMatchError

FILE = "cinematch.sqlite"
MOST_ON_A_LIST = 10_000
_BUSY_SECONDS = 5

# One script a version; user_version says how many of them were applied. Those that were published stay as they are.
_MIGRATIONS = (
    """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
    CREATE TABLE watchlist (
        user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id INTEGER NOT NULL,
        film TEXT NOT NULL,              -- JSON, as it was shown when it was added
        added TEXT NOT NULL,             -- ISO 8601, UTC
        watched INTEGER NOT NULL DEFAULT 0,
        UNIQUE (user, movie_id)
    );
    CREATE TABLE feedback (
        user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('like', 'dislike', 'not_interested')),
        title TEXT NOT NULL,
        year INTEGER NOT NULL,
        given TEXT NOT NULL,             -- ISO 8601, UTC
        UNIQUE (user, movie_id)
    );
    """,
)


class StoreError(CineMatchError):
    """The store could not be read or written: a full disk, a damaged file, another process that holds it."""


class ListFullError(CineMatchError):
    """A user's list holds as many films as a list may."""


@dataclass(frozen=True)
class Saved:
    """A film on a watchlist: as it was when it was added, when that was, and whether it was watched since."""

    film: Mapping[str, Any]
    added: str
    watched: bool


@dataclass(frozen=True)
class Opinion:
    """What a user said of a film: ``like``, ``dislike`` or ``not_interested``."""

    movie_id: int
    title: str
    year: int
    kind: str
    given: str


class Store:
    """The open store in `folder`, made where there is none; safe to use from many threads. Raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._open = False
        self.open()

    def open(self) -> None:
        """Open it again after it was closed; an open one stays as it is. Raises StoreError."""
        with self._writing, self._reading, contextlib.ExitStack() as undo:
            if self._open:
                return
            remedy = "mend that, put back a copy of it, or name another state folder"
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = _connected(self.path)
                undo.callback(self._writer.close)
                self._set_up()
                self._reader = _connected(self.path)
            except (OSError, sqlite3.Error) as error:
                raise StoreError(f"{self.path} cannot be used ({error}); {remedy}") from None
            undo.pop_all()
            self._open = True

    def close(self) -> None:
        """Close it; what was acknowledged is in the file."""
        with self._writing, self._reading:
            self._open = False
            self._reader.close()
            self._writer.close()

    # --- watchlists --------------------------------------------------------------------------------------

    def watchlist(self, user_id: str) -> list[Saved]:
        """A user's watchlist in the order of adding; empty for a user who is not known."""
        rows = self._rows(
            "SELECT film, added, watched FROM watchlist JOIN users ON user = users.id WHERE name = ? "
            "ORDER BY watchlist.rowid",
            user_id,
        )
        return [Saved(json.loads(film), added, bool(watched)) for film, added, watched in rows]

    def add(self, user_id: str, film: Mapping[str, Any]) -> bool:
        """Put a film on a user's watchlist; False where it is there already. Raises ListFullError."""
        with self._transaction() as db:
            user = _user(db, user_id)
            _check_room(db, "watchlist", user, film["movie_id"])
            text = json.dumps(film, ensure_ascii=False, separators=(",", ":"))
            done = db.execute(
                "INSERT OR IGNORE INTO watchlist (user, movie_id, film, added) VALUES (?, ?, ?, ?)",
                (user, film["movie_id"], text, _now()),
            )
            return done.rowcount == 1

    def remove(self, user_id: str, movie_id: int) -> str | None:
        """Take a film off a user's watchlist; returns its title, None where it was not on it."""
        with self._transaction() as db:
            row = db.execute(
                "DELETE FROM watchlist WHERE movie_id = ? AND user = (SELECT id FROM users WHERE name = ?) "
                "RETURNING film",
                (movie_id, user_id),
            ).fetchone()
        return json.loads(row[0])["title"] if row else None

    def set_watched(self, user_id: str, movie_id: int, watched: bool) -> bool:
        """Note whether a film on a user's watchlist was watched; False where it is not on it."""
        with self._transaction() as db:
            done = db.execute(
                "UPDATE watchlist SET watched = ? WHERE movie_id = ? AND user = (SELECT id FROM users WHERE name = ?)",
                (watched, movie_id, user_id),
            )
            return done.rowcount == 1

    # --- feedback ----------------------------------------------------------------------------------------

    def opinions(self, user_id: str) -> list[Opinion]:
        """A user's feedback, the oldest first; empty for a user who is not known."""
        rows = self._rows(
            "SELECT movie_id, title, year, kind, given FROM feedback JOIN users ON user = users.id WHERE name = ? "
            "ORDER BY feedback.rowid",
            user_id,
        )
        return [Opinion(*row) for row in rows]

    def kinds(self, user_id: str) -> dict[int, str]:
        """The kind of feedback by film, the oldest first."""
        return dict(
            self._rows(
                "SELECT movie_id, kind FROM feedback JOIN users ON user = users.id WHERE name = ? "
                "ORDER BY feedback.rowid",
                user_id,
            )
        )

    def give(self, user_id: str, movie_id: int, title: str, year: int, kind: str) -> None:
        """Note what a user says of a film, in place of what was said before. Raises ListFullError."""
        with self._transaction() as db:
            user = _user(db, user_id)
            _check_room(db, "feedback", user, movie_id)
            db.execute(
                "INSERT OR REPLACE INTO feedback (user, movie_id, kind, title, year, given) VALUES (?, ?, ?, ?, ?, ?)",
                (user, movie_id, kind, title, year, _now()),
            )

    def take_back(self, user_id: str, movie_id: int) -> None:
        """Forget what a user said of a film."""
        with self._transaction() as db:
            db.execute(
                "DELETE FROM feedback WHERE movie_id = ? AND user = (SELECT id FROM users WHERE name = ?)",
                (movie_id, user_id),
            )

    # --- users -------------------------------------------------------------------------------------------

    def forget(self, user_id: str) -> tuple[int, int]:
        """Delete all that is stored of a user; returns how many films were on the watchlist and in the feedback."""
        with self._transaction() as db:
            counts = [
                db.execute(
                    f"SELECT count(*) FROM {table} JOIN users ON user = users.id WHERE name = ?", (user_id,)
                ).fetchone()[0]
                for table in ("watchlist", "feedback")
            ]
            db.execute("DELETE FROM users WHERE name = ?", (user_id,))
        with self._writing:  # or the deleted text would stay readable in the log beside the file for a while
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return counts[0], counts[1]

    # --- rows and transactions ---------------------------------------------------------------------------

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with self._reading:
            try:
                return self._reader.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"what is stored could not be read ({error}); try again later") from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"it could not be saved ({error}); try again later") from None

    def _set_up(self) -> None:
        db = self._writer
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")  # of two servers that start at once, one sets it up
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(_MIGRATIONS):
            raise StoreError(
                f"{self.path} has the format version {version}, and this CineMatch knows {len(_MIGRATIONS)}; "
                "take the CineMatch that wrote it, or name another state folder"
            )
        for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
            for statement in filter(str.strip, script.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")  # what was acknowledged also outlives a power cut
    db.execute("PRAGMA secure_delete = ON")  # what a user had deleted is overwritten
    return db


def _user(db: sqlite3.Connection, user_id: str) -> int:
    db.execute("INSERT OR IGNORE INTO users (name) VALUES (?)", (user_id,))
    return db.execute("SELECT id FROM users WHERE name = ?", (user_id,)).fetchone()[0]


def _check_room(db: sqlite3.Connection, table: str, user: int, movie_id: int) -> None:
    others = db.execute(f"SELECT count(*) FROM {table} WHERE user = ? AND movie_id != ?", (user, movie_id))
    if others.fetchone()[0] >= MOST_ON_A_LIST:
        raise ListFullError(f"a user's {table} holds {MOST_ON_A_LIST:,} films at most; remove some first")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
