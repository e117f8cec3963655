"""What is read from the log of lists and events: the lists of an experiment, and what users did before it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.definition import Experiment
from cinematch_lib.experiments.files import find
from cinematch_lib.experiments.log import Readable
from cinematch_lib.experiments.reading import ListLog

STORE = "cinematch.sqlite"  # the server's file in its folder
PAST_DAYS = 28  # before an experiment, from which rates and variances are known
DAY = 86_400.0
_EVENT = ("event_id", "type", "movie_id", "position", "received")
_LIST = ("list_id", "user_id", "arm", "run_id", "made", "milliseconds")
_JSON = ("movie_ids", "teams", "propensities", "request")


class LogFile:
    """The log in a SQLite file, open to be read. Raises CineMatchError where there is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            self.rows("SELECT 1 FROM shown_lists LIMIT 1")
        except sqlite3.Error as error:
            raise CineMatchError(
                f"{path} has no log of lists ({error}); start the server of this version once, or name its --state-dir"
            ) from None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def open_log(path: Path) -> Iterator[LogFile]:
    """The log in a SQLite file during the block. Raises CineMatchError."""
    file = LogFile(path)
    try:
        yield file
    finally:
        file.close()


def load_experiment(state_dir: Path, name: str) -> tuple[Experiment, ListLog]:
    """An experiment and its lists, from the server's folder. Raises CineMatchError without either."""
    experiment = find(state_dir, name)
    with open_log(state_dir / STORE) as log:
        return experiment, read_lists(log, experiment)


def read_lists(database: Readable, experiment: Experiment) -> ListLog:
    """The lists of an experiment, the oldest first."""
    rows = database.rows(
        "SELECT l.list_id, l.user_id, a.arm, l.made, l.milliseconds, l.films, l.teams FROM list_arms a "
        "JOIN shown_lists l ON l.list_id = a.list_id WHERE a.experiment = ? ORDER BY l.made, l.list_id",
        experiment.name,
    )
    place = {row[0]: at for at, row in enumerate(rows)}
    users = {user: at for at, user in enumerate(dict.fromkeys(row[1] for row in rows))}
    arm_at = {arm.name: at for at, arm in enumerate(experiment.arms)}
    seen, credits = np.zeros(len(rows), bool), np.zeros((len(rows), 2), int)
    successes = np.zeros(len(rows), bool)
    films = [json.loads(row[5]) if row[5] else None for row in rows]
    teams = [json.loads(row[6]) if row[6] else None for row in rows]
    for list_id, kind, movie_id in database.rows(
        "SELECT DISTINCT e.list_id, e.kind, e.movie_id FROM list_events e JOIN list_arms a ON a.list_id = e.list_id "
        "WHERE a.experiment = ? AND (e.kind = 'seen' OR e.kind = ?)",
        experiment.name,
        experiment.metric,
    ):
        at = place[list_id]
        shown = films[at] or ()
        if kind == "seen":
            seen[at] = True
        elif movie_id in shown:
            successes[at] = True
            if (team := teams[at]) is not None:
                credits[at, int(team[shown.index(movie_id)])] += 1
    created = seconds(experiment.created)
    past = np.zeros((len(users), 2), int)
    for user, n, n_successes in past_counts(database, experiment.metric, created - PAST_DAYS * DAY, created):
        if user in users:
            past[users[user]] = n, n_successes
    return ListLog(
        users=np.array([users[row[1]] for row in rows], int),
        arms=np.array([arm_at.get(row[2], 0) for row in rows], int),
        times=np.array([row[3] for row in rows], np.float64),
        seen=seen,
        successes=successes,
        credits=credits,
        milliseconds=np.array([row[4] for row in rows], np.float64),
        lengths=np.array([np.nan if one is None else len(one) for one in films], np.float64),
        past=past,
        lost_events=_lost_events(database, created, experiment.stopped),
    )


def past_counts(database: Readable, metric: str, since: float, until: float) -> list[tuple[str, int, int]]:
    """Of each user: the lists seen, and those with the event `metric`, that were made between two times."""
    return [
        (user, int(lists), int(successes))
        for user, lists, successes in database.rows(
            "SELECT user_id, COUNT(*), SUM(success) FROM (SELECT l.user_id, l.list_id, "
            "MAX(CASE WHEN e.kind = 'seen' THEN 1 ELSE 0 END) AS seen, "
            "MAX(CASE WHEN e.kind = ? THEN 1 ELSE 0 END) AS success "
            "FROM shown_lists l JOIN list_events e ON e.list_id = l.list_id WHERE l.made >= ? AND l.made < ? "
            "GROUP BY l.user_id, l.list_id) AS of_list WHERE seen = 1 GROUP BY user_id ORDER BY user_id",
            metric,
            since,
            until,
        )
    ]


def first_list(database: Readable, since: float) -> float:
    """When the first list after `since` was made; `since` without one."""
    ((made,),) = database.rows("SELECT MIN(made) FROM shown_lists WHERE made >= ?", since)
    return since if made is None else float(made)


def export_rows(database: Readable, experiment: Experiment) -> Iterator[dict[str, Any]]:
    """The lists of an experiment as dicts that JSON takes, each with its events, the oldest first."""
    events: dict[str, list[dict[str, Any]]] = {}
    for list_id, *values in database.rows(
        "SELECT e.list_id, e.event_id, e.kind, e.movie_id, e.place, e.received FROM list_events e "
        "JOIN list_arms a ON a.list_id = e.list_id WHERE a.experiment = ? ORDER BY e.received, e.event_id",
        experiment.name,
    ):
        events.setdefault(list_id, []).append(dict(zip(_EVENT, values, strict=True)))
    for row in database.rows(
        "SELECT l.list_id, l.user_id, a.arm, l.run_id, l.made, l.milliseconds, l.films, l.teams, l.propensities, "
        "l.request FROM list_arms a JOIN shown_lists l ON l.list_id = a.list_id WHERE a.experiment = ? "
        "ORDER BY l.made, l.list_id",
        experiment.name,
    ):
        encoded = dict(zip(_JSON, (json.loads(one) if one else None for one in row[6:]), strict=True))
        yield dict(zip(_LIST, row[:6], strict=True)) | encoded | {"events": events.get(row[0], [])}


def seconds(time: str) -> float:
    """An ISO 8601 time as seconds since 1970."""
    return datetime.fromisoformat(time).timestamp()


def _lost_events(database: Readable, since: float, stopped: str | None) -> int:
    until = seconds(stopped) if stopped else float(np.finfo(np.float64).max)
    ((count,),) = database.rows(
        "SELECT COUNT(*) FROM list_events e WHERE e.received >= ? AND e.received < ? "
        "AND NOT EXISTS (SELECT 1 FROM shown_lists l WHERE l.list_id = e.list_id)",
        since,
        until,
    )
    return int(count)
