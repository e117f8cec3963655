"""The rate limiter that every request to TMDb passes, first attempts and repeated ones alike.

Requests pass one after another, evenly spaced. After a wait that ended late the next request may follow sooner,
but never more requests than the rate pass within one second.
"""

import math
import threading
import time
from collections import deque

from cinematch_lib.errors import CineMatchError, DownloadError

FULL_RATE = 40.0  # requests per second that TMDb tolerates
MAX_WAIT = 600.0  # seconds; if the server asks for more, the fetch stops
OWN_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # seconds, for 429s without Retry-After
MAX_WAITS = 12  # consecutive 429s, each after its wait, before the fetch stops
RECOVERY = 20.0  # seconds from a standstill to the full rate
_SLOWEST = 1 / 16  # of the full rate


class ClosedError(Exception):
    """The limiter is closed: no more requests may be sent."""


class RateLimiter:
    """Admits at most `rate` requests per second; safe to use from many threads.

    `passed` counts the admitted requests, `slowed` the pauses that the server asked for.
    """

    def __init__(self, rate: float = FULL_RATE) -> None:
        if not (rate > 0 and math.isfinite(rate)):
            raise CineMatchError(f"the rate must be a number of requests a second above 0, got {rate}")
        self.passed = self.slowed = 0
        self._full = rate
        self._queue = threading.Lock()  # held by the thread that is next
        self._state = threading.Lock()  # held briefly
        self._closed = threading.Event()
        self._recent: deque[float] = deque(maxlen=max(1, int(rate)))  # times of the latest requests
        self._next = self._slowed_at = -math.inf
        self._paused_until = -math.inf
        self._rate_then = rate  # the rate at `_paused_until`, from which it grows
        self._in_a_row = 0

    def acquire(self) -> float:
        """Wait until a request may be sent; returns that time, by `time.monotonic`. Raises ClosedError."""
        with self._queue:
            late = 0.0  # seconds of delay that may be compensated
            while (moment := self._next_time()) > (now := time.monotonic()):
                self.rest(moment - now)
                late = 2 / self._full
            if self._closed.is_set():
                raise ClosedError
            with self._state:
                now = time.monotonic()
                interval = 1 / self._rate(now)
                # Compensate a wait that ended late, but do not accumulate unused time.
                self._next = max(self._next + interval, now - late)
                self._recent.append(now)
                self.passed += 1
            return now

    def rest(self, seconds: float) -> None:
        """Wait for some seconds. Raises ClosedError as soon as the limiter is closed."""
        if self._closed.wait(seconds):
            raise ClosedError

    def close(self) -> None:
        """Admit no more requests, and wake all waiting threads."""
        self._closed.set()

    def back_off(self, passed_at: float, wait: float | None) -> None:
        """Pause and then slow down, after a 429 for the request that was sent at `passed_at`.

        `wait` is the pause that the server asks for, in seconds; None if it does not say. Concurrent requests
        count as one. Raises DownloadError after too many 429s or for too long a pause.
        """
        with self._state:
            now = time.monotonic()
            if passed_at > self._slowed_at:  # sent after the last slow-down
                self._rate_then = max(self._rate(now) / 2, self._full * _SLOWEST)
                self._slowed_at = now
                self._in_a_row += 1
                self.slowed += 1
                if wait is None:
                    wait = OWN_WAITS[min(self._in_a_row, len(OWN_WAITS)) - 1]
            wait = wait or 0.0
            if wait > MAX_WAIT or self._in_a_row > MAX_WAITS:
                asked = f", and asks for a pause of {wait:,.0f} s" if wait > MAX_WAIT else ""
                raise DownloadError(
                    f"TMDb answers 429 Too Many Requests{asked}; what came is kept, so run it again later"
                )
            self._paused_until = max(self._paused_until, now + wait)

    def succeeded(self) -> None:
        """Note a successful request: the next 429 counts as the first."""
        with self._state:
            self._in_a_row = 0

    def rate(self) -> float:
        """The current rate in requests per second."""
        with self._state:
            now = time.monotonic()
            return 0.0 if now < self._paused_until else self._rate(now)

    def paused_until(self) -> float:
        """The end of the last pause that the server asked for, by `time.monotonic`."""
        with self._state:
            return self._paused_until

    def _rate(self, now: float) -> float:
        since = max(now - self._paused_until, 0.0)
        return min(self._full, self._rate_then + self._full * since / RECOVERY)

    def _next_time(self) -> float:
        """The earliest time of the next request."""
        with self._state:
            moment = max(self._next, self._paused_until)
            if len(self._recent) == self._recent.maxlen:
                moment = max(moment, self._recent[0] + 1.0)
            return moment
