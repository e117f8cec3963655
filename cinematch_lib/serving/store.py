"""Watchlists and feedback, in a SQLite file or in PostgreSQL.

A watchlist keeps each film as it was when it was added, since a later run may lack it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cinematch_lib.errors import CineMatchError
from cinematch_lib.serving.database import Database, SqliteDatabase, Transaction
from cinematch_lib.storage.clock import now
from cinematch_lib.storage.paths import is_address

FILE = "cinematch.sqlite"
MAX_LIST_LENGTH = 10_000  # films on one list of one user


class ListFullError(CineMatchError):
    """A user's list already holds MAX_LIST_LENGTH films."""


@dataclass(frozen=True)
class WatchlistEntry:
    """A film on a watchlist, as it was when it was added; `added` is an ISO 8601 time in UTC."""

    film: Mapping[str, Any]
    added: str
    watched: bool
    entry_id: int
    service: str | None


@dataclass(frozen=True)
class Feedback:
    """A user's feedback on one film, given at an ISO 8601 time in UTC.

    `kind` is ``like``, ``dislike``, ``not_interested``, ``seen``, or ``rating`` with `rating` stars.
    """

    movie_id: int
    title: str
    year: int
    kind: str
    given: str
    feedback_id: int
    rating: float | None = None


class Store:
    """The store in a folder, or at an address that begins with ``postgresql://``; created if missing. Thread-safe.

    Raises StoreError, and MissingExtraError for an address without the packages of the extra ``postgres``.
    """

    def __init__(self, place: Path | str) -> None:
        self.database: Database = _database(place)

    def open(self) -> None:
        """Open the store again after `close`; no effect on an open one. Raises StoreError."""
        self.database.open()

    def close(self) -> None:
        """Close the store; all acknowledged writes are in the file."""
        self.database.close()

    @property
    def problem(self) -> str | None:
        """Why the store cannot be trusted now; None if it can."""
        return self.database.problem

    # --- watchlists --------------------------------------------------------------------------------------

    def watchlist(self, user_id: str) -> list[WatchlistEntry]:
        """A user's watchlist in the order of adding; empty for an unknown user."""
        rows = self._rows_of("watchlist", "film, added, watched, watchlist.rowid, service", user_id)
        return [WatchlistEntry(json.loads(film), added, bool(watched), *rest) for film, added, watched, *rest in rows]

    def add_to_watchlist(self, user_id: str, film: Mapping[str, Any], service: str | None = None) -> bool:
        """Add a film, to be watched on `service`, to a user's watchlist; False if it is there. Raises ListFullError."""
        text = json.dumps(film, ensure_ascii=False, separators=(",", ":"))
        with self.database.transaction(user_id) as db:
            user = _user(db, user_id, "watchlist", film["movie_id"])
            cursor = db.execute(
                'INSERT INTO watchlist ("user", movie_id, film, added, service) VALUES (?, ?, ?, ?, ?) '
                "ON CONFLICT DO NOTHING",
                (user, film["movie_id"], text, now(), service),
            )
            return cursor.rowcount == 1

    def remove_from_watchlist(self, user_id: str, movie_id: int) -> str | None:
        """Remove a film from a user's watchlist; returns its title, None if it was not on the list."""
        with self.database.transaction(user_id) as db:
            row = db.execute(
                'DELETE FROM watchlist WHERE movie_id = ? AND "user" = (SELECT id FROM users WHERE name = ?) '
                "RETURNING film",
                (movie_id, user_id),
            ).fetchone()
            _drop_user_without_films(db, user_id)
        return json.loads(row[0])["title"] if row else None

    def set_watched(self, user_id: str, movie_id: int, watched: bool) -> bool:
        """Mark a film on a user's watchlist as watched or not; False if it is not on the list."""
        with self.database.transaction(user_id) as db:
            cursor = db.execute(
                "UPDATE watchlist SET watched = ? "
                'WHERE movie_id = ? AND "user" = (SELECT id FROM users WHERE name = ?)',
                (int(watched), movie_id, user_id),
            )
            return cursor.rowcount == 1

    def watched(self, user_id: str) -> dict[int, str]:
        """The films on a user's watchlist that are marked as watched: id to the time when it was put there."""
        rows = self._rows_of("watchlist", "movie_id, added, watched", user_id)
        return {movie_id: added for movie_id, added, watched in rows if watched}

    # --- feedback ----------------------------------------------------------------------------------------

    def feedback(self, user_id: str) -> list[Feedback]:
        """A user's feedback, the oldest first; empty for an unknown user."""
        columns = "movie_id, title, year, kind, given, feedback.rowid, rating"
        return [Feedback(*row) for row in self._rows_of("feedback", columns, user_id)]

    def set_feedback(
        self, user_id: str, movie_id: int, title: str, year: int, kind: str, rating: float | None = None
    ) -> Feedback:
        """Store a user's feedback on a film in place of earlier feedback on it; returns it. Raises ListFullError."""
        given = now()
        with self.database.transaction(user_id) as db:
            user = _user(db, user_id, "feedback", movie_id)
            db.execute('DELETE FROM feedback WHERE "user" = ? AND movie_id = ?', (user, movie_id))
            (row,) = db.execute(
                'INSERT INTO feedback ("user", movie_id, kind, title, year, given, rating) '
                "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING rowid",
                (user, movie_id, kind, title, year, given, rating),
            ).fetchone()
            return Feedback(movie_id, title, year, kind, given, row, rating)

    def clear_feedback(self, user_id: str, movie_id: int) -> None:
        """Delete a user's feedback on a film."""
        with self.database.transaction(user_id) as db:
            db.execute(
                'DELETE FROM feedback WHERE movie_id = ? AND "user" = (SELECT id FROM users WHERE name = ?)',
                (movie_id, user_id),
            )
            _drop_user_without_films(db, user_id)

    def reset_feedback(self, user_id: str) -> int:
        """Delete all of a user's feedback; returns on how many films it was."""
        with self.database.transaction(user_id) as db:
            cursor = db.execute('DELETE FROM feedback WHERE "user" = (SELECT id FROM users WHERE name = ?)', (user_id,))
            _drop_user_without_films(db, user_id)
        return cursor.rowcount

    # --- users -------------------------------------------------------------------------------------------

    def delete_user(self, user_id: str) -> tuple[int, int, bool]:
        """Delete all data of a user; returns the numbers of films on the watchlist and in the feedback.

        The last value tells whether the user had an account, with an e-mail and preferences.
        """
        with self.database.transaction(user_id) as db:
            watchlist, feedback = (
                db.execute(
                    f'SELECT count(*) FROM {table} JOIN users ON "user" = users.id WHERE name = ?', (user_id,)
                ).fetchone()[0]
                for table in ("watchlist", "feedback")
            )
            db.execute("DELETE FROM users WHERE name = ?", (user_id,))
            account = db.execute("DELETE FROM accounts WHERE CAST(id AS TEXT) = ?", (user_id,)).rowcount
        self.database.forget()
        return watchlist, feedback, bool(account)

    def _rows_of(self, table: str, columns: str, user_id: str) -> list[tuple]:
        query = f'SELECT {columns} FROM {table} JOIN users ON "user" = users.id WHERE name = ? ORDER BY {table}.rowid'
        return self.database.rows(query, user_id)


def _database(place: Path | str) -> Database:
    if is_address(place):
        from cinematch_lib.serving.postgres import PostgresDatabase  # needs an extra of its own

        return PostgresDatabase(str(place))
    return SqliteDatabase(Path(place) / FILE)


def _drop_user_without_films(db: Transaction, user_id: str) -> None:
    db.execute(
        'DELETE FROM users WHERE name = ? AND NOT EXISTS (SELECT 1 FROM watchlist WHERE "user" = users.id) '
        'AND NOT EXISTS (SELECT 1 FROM feedback WHERE "user" = users.id)',
        (user_id,),
    )


def _user(db: Transaction, user_id: str, table: str, movie_id: int) -> int:
    """The row id of a user, created if missing, whose list in `table` has room for the film. Raises ListFullError."""
    db.execute("INSERT INTO users (name) VALUES (?) ON CONFLICT DO NOTHING", (user_id,))
    user = db.execute("SELECT id FROM users WHERE name = ?", (user_id,)).fetchone()[0]
    others = db.execute(f'SELECT count(*) FROM {table} WHERE "user" = ? AND movie_id != ?', (user, movie_id))
    if others.fetchone()[0] >= MAX_LIST_LENGTH:
        raise ListFullError(f"a user's {table} holds at most {MAX_LIST_LENGTH:,} films; remove some first")
    return user
