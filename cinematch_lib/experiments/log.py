"""The log of lists and events: its tables, what is written to them, and a user's share.

The SQL is that of SQLite and PostgreSQL alike. A list is written once with its films, and belongs to an arm of each
experiment that made it; events name a list, and those of a list that was lost are counted for no arm.
"""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

KINDS = ("seen", "click", "like", "watchlist", "watched")
_KEY = "list log"  # of transactions
_ROWS = 100  # of one statement

_TABLES = (
    """CREATE TABLE IF NOT EXISTS shown_lists (
        list_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        made DOUBLE PRECISION NOT NULL,
        milliseconds DOUBLE PRECISION NOT NULL,
        films TEXT,
        teams TEXT,
        propensities TEXT,
        request TEXT
    )""",
    "CREATE INDEX IF NOT EXISTS shown_lists_user ON shown_lists (user_id)",
    "CREATE INDEX IF NOT EXISTS shown_lists_made ON shown_lists (made)",
    """CREATE TABLE IF NOT EXISTS list_arms (
        experiment TEXT NOT NULL,
        list_id TEXT NOT NULL,
        arm TEXT NOT NULL,
        PRIMARY KEY (experiment, list_id)
    )""",
    "CREATE INDEX IF NOT EXISTS list_arms_list ON list_arms (list_id)",
    """CREATE TABLE IF NOT EXISTS list_events (
        event_id TEXT PRIMARY KEY,
        list_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        movie_id BIGINT,
        place INTEGER,
        received DOUBLE PRECISION NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS list_events_list ON list_events (list_id)",
    "CREATE INDEX IF NOT EXISTS list_events_received ON list_events (received)",
)


class Readable(Protocol):
    """A database that answers queries, whose values stand as ``?``."""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""


class Writable(Readable, Protocol):
    """A database that also takes changes."""

    def transaction(self, key: str, /) -> AbstractContextManager[Any]:
        """One write transaction; those of one `key` run one after the other."""

    def forget(self) -> None:
        """Overwrite deleted text."""


class ShownList(NamedTuple):
    """A list that was answered; `arms` are the arms of its user by experiment.

    `made` is in seconds since 1970. `films` is None where making the list failed. `teams` has the arm of each film of
    an interleaved list, `propensities` the probability of each film at its place, where chance reorders lists; then
    `request` is what was asked for, as JSON.
    """

    list_id: str
    user_id: str
    run_id: str
    made: float
    milliseconds: float
    films: Sequence[int] | None
    arms: Sequence[tuple[str, str]] = ()
    teams: Sequence[int] | None = None
    propensities: Sequence[float] | None = None
    request: str | None = None


class Event(NamedTuple):
    """What a user did with a list, or with the film at a `position` of it; `received` is in seconds since 1970."""

    event_id: str
    list_id: str
    kind: str
    movie_id: int | None
    position: int | None
    received: float


class Log:
    """The log in a database. Raises what the database raises."""

    def __init__(self, database: Writable) -> None:
        self._database = database

    def create(self) -> None:
        """Create the tables that are missing."""
        with self._database.transaction(_KEY) as db:
            for statement in _TABLES:
                db.execute(statement)

    def write(self, lists: Sequence[ShownList], events: Sequence[Event]) -> None:
        """Write lists and events at once. Those with an id that is known are passed over."""
        arms = [(experiment, one.list_id, arm) for one in lists for experiment, arm in one.arms]
        with self._database.transaction(_KEY) as db:
            _insert(db, "shown_lists", [_row(one) for one in lists])
            _insert(db, "list_arms", arms)
            _insert(db, "list_events", events)

    def delete_before(self, time: float) -> None:
        """Delete the lists that were made, and the events that came, before a time in seconds since 1970."""
        with self._database.transaction(_KEY) as db:
            old = "SELECT list_id FROM shown_lists WHERE made < ?"
            db.execute(f"DELETE FROM list_arms WHERE list_id IN ({old})", (time,))
            db.execute("DELETE FROM shown_lists WHERE made < ?", (time,))
            db.execute("DELETE FROM list_events WHERE received < ?", (time,))

    def delete_user(self, user_id: str) -> int:
        """Delete a user's lists, and their events; returns the number of the lists."""
        with self._database.transaction(_KEY) as db:
            of_user = "SELECT list_id FROM shown_lists WHERE user_id = ?"
            for table in ("list_events", "list_arms"):
                db.execute(f"DELETE FROM {table} WHERE list_id IN ({of_user})", (user_id,))
            count: int = db.execute("DELETE FROM shown_lists WHERE user_id = ?", (user_id,)).rowcount
        if count:
            self._database.forget()
        return count

    def user_data(self, user_id: str) -> list[dict[str, Any]]:
        """A user's lists with their arms and events, the oldest first."""
        found: dict[str, dict[str, Any]] = {}
        of_user = "JOIN shown_lists l ON l.list_id = x.list_id WHERE l.user_id = ?"
        for list_id, made, films, request in self._database.rows(
            "SELECT list_id, made, films, request FROM shown_lists WHERE user_id = ? ORDER BY made", user_id
        ):
            films, request = (json.loads(one) if one else None for one in (films, request))
            one = {"list_id": list_id, "made": made, "movie_ids": films, "request": request}
            found[list_id] = one | {"arms": {}, "events": []}
        for list_id, experiment, arm in self._database.rows(
            f"SELECT x.list_id, x.experiment, x.arm FROM list_arms x {of_user} ORDER BY x.experiment", user_id
        ):
            found[list_id]["arms"][experiment] = arm
        for list_id, kind, movie_id, position, received in self._database.rows(
            f"SELECT x.list_id, x.kind, x.movie_id, x.place, x.received FROM list_events x {of_user} "
            "ORDER BY x.received, x.event_id",
            user_id,
        ):
            event = {"type": kind, "movie_id": movie_id, "position": position, "received": received}
            found[list_id]["events"].append(event)
        return list(found.values())


def _row(one: ShownList) -> tuple[object, ...]:
    encoded = (None if value is None else json.dumps(value) for value in (one.films, one.teams, one.propensities))
    return (*one[:5], *encoded, one.request)


def _insert(db: Any, table: str, rows: Sequence[Sequence[object]]) -> None:
    for begin in range(0, len(rows), _ROWS):
        some = rows[begin : begin + _ROWS]
        places = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        values = [value for row in some for value in row]
        db.execute(f"INSERT INTO {table} VALUES {places} ON CONFLICT DO NOTHING", values)
