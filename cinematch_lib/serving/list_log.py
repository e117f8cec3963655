"""Writes lists and events to the log in batches, from a thread of its own: no answer waits for a list to be written."""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.log import Event, Log, ShownList
from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.metrics import Metrics
from cinematch_lib.serving.requests import DEFAULT_USER
from cinematch_lib.serving.store import Store

LOG_DAYS = 90
_BATCH_SECONDS = 0.5  # that a list waits at most
_MOST = 20_000  # lists or events that wait
_HOUR, _DAY = 3600.0, 86_400.0
_NO_USER = "-"  # begins the ids of lists that are not logged
_log = logging.getLogger("cinematch.serving")


@dataclass
class MadeList:
    """A list under way, and what is logged of it."""

    list_id: str
    run_id: str = ""
    films: Sequence[int] = ()
    arms: Sequence[tuple[str, str]] = ()
    teams: Sequence[int] | None = None
    propensities: Sequence[float] | None = None
    request: str | None = None

    @property
    def seed(self) -> int:
        """A number from the list's id, for what chance decides in it."""
        return int(self.list_id.removeprefix(_NO_USER), 16)


class ListLog:
    """The log of a server process: lists and events wait in memory until its thread writes them.

    Events are acknowledged when they are on the disk. Lists that cannot be written wait, and the oldest go when too
    many do. Both are counted in the metrics when they are lost.
    """

    def __init__(self, store: Store, metrics: Metrics, days: float = LOG_DAYS) -> None:
        self._log, self._metrics, self._days = Log(store.database), metrics, days
        self._log.create()
        self._lists: deque[ShownList] = deque()
        self._events: list[tuple[Sequence[Event], Future[None]]] = []
        self._waiting = 0  # events
        self._condition = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._clean_at = 0.0

    def open(self) -> None:
        """Start the thread; no effect if it runs."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="list log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._thread is not None:
            with self._condition:
                self._stopping = True
                self._condition.notify()
            self._thread.join()
            self._thread = None

    @contextmanager
    def list_of(self, user_id: str | None) -> Iterator[MadeList]:
        """A list for a user, which is logged when the block ends, also if it raises; not for a user without an id."""
        is_named = user_id is not None and user_id != DEFAULT_USER
        made, began = MadeList(("" if is_named else _NO_USER) + secrets.token_hex(12)), time.perf_counter()
        films: Sequence[int] | None = None
        try:
            yield made
            films = made.films
        finally:
            if is_named and user_id is not None:
                took = 1000 * (time.perf_counter() - began)
                rest = (made.arms, made.teams, made.propensities, made.request)
                self._add_list(ShownList(made.list_id, user_id, made.run_id, time.time(), took, films, *rest))

    def add_events(self, events: Sequence[Event]) -> "Future[None]":
        """Log events; the result comes when they are on the disk. Raises StoreError, later or at once."""
        written: Future[None] = Future()
        events = [one for one in events if not one.list_id.startswith(_NO_USER)]
        if not events:
            written.set_result(None)
            return written
        with self._condition:
            if self._waiting + len(events) > _MOST:
                self._metrics.lost_events.inc(len(events))
                raise StoreError("too many events wait for the store; try again later")
            self._waiting += len(events)
            self._events.append((events, written))
            self._condition.notify()
        return written

    def user_data(self, user_id: str) -> list[dict[str, Any]]:
        """What the log has of a user, that which waits included. Raises StoreError."""
        self._write()
        return self._log.user_data(user_id)

    def delete_user(self, user_id: str) -> int:
        """Delete what the log has of a user; returns the number of lists. Raises StoreError."""
        self._write()
        return self._log.delete_user(user_id)

    def _add_list(self, one: ShownList) -> None:
        self._lists.append(one)
        if len(self._lists) > _MOST:
            self._lists.popleft()
            self._metrics.lost_lists.inc()

    def _run(self) -> None:
        while not self._stopping:
            with self._condition:
                self._condition.wait_for(lambda: self._stopping or bool(self._events), _BATCH_SECONDS)
            try:
                self._write()
                self._clean()
            except CineMatchError as error:
                _log.error("lists and events not written", extra={"reason": str(error)})

    def _write(self) -> None:
        """Write what waits. Raises StoreError; the lists wait on then, the events are lost."""
        with self._writing:
            with self._condition:
                waiting, self._events, self._waiting = self._events, [], 0
            lists = [self._lists.popleft() for _ in range(len(self._lists))]
            if not lists and not waiting:
                return
            events = [event for some, _ in waiting for event in some]
            try:
                self._log.write(lists, events)
            except Exception as error:
                self._lists.extendleft(reversed(lists))
                self._metrics.lost_events.inc(len(events))
                for _, written in waiting:
                    written.set_exception(error)
                raise
            self._metrics.events.inc(len(events))
            for _, written in waiting:
                written.set_result(None)

    def _clean(self) -> None:
        now = time.time()
        if now >= self._clean_at:
            self._clean_at = now + _HOUR
            self._log.delete_before(now - self._days * _DAY)
