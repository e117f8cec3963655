"""The one gate that every request to TMDb passes, first tries and repeated ones alike.

Requests are let through one after another, evenly spaced. Should a wait end late, the next request may follow
sooner, but in no window of one second do more pass than the rate: what comes closer together than that at the
server did so on the way.
"""

import math
import threading
import time
from collections import deque

from cinematch_lib.errors import CineMatchError, DownloadError

FULL_RATE = 40.0  # requests a second that TMDb tolerates
LONGEST_WAIT = 600.0  # seconds; a server that asks for more is taken at its word, and the fetch stops
OWN_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # seconds, when a 429 does not say how long to wait
MOST_WAITS = 12  # 429s in a row, each after its own wait, before the fetch stops
RECOVERY = 20.0  # seconds to get from standing still to the full rate again
_SLOWEST = 1 / 16  # of the full rate


class ClosedError(Exception):
    """The gate lets nobody through any more."""


class RateLimiter:
    """Lets requests through at `rate` a second, at most; safe to use from many threads.

    `passed` counts what went through, `slowed` how often the server made everybody wait.
    """

    def __init__(self, rate: float = FULL_RATE) -> None:
        if not (rate > 0 and math.isfinite(rate)):
            raise CineMatchError(f"the rate must be a number of requests a second above 0, got {rate}")
        self.passed = self.slowed = 0
        self._full = rate
        self._turn = threading.Lock()  # held by the one thread that waits for its moment
        self._state = threading.Lock()  # held for moments only
        self._closed = threading.Event()
        self._recent: deque[float] = deque(maxlen=max(1, int(rate)))  # when the latest ones passed
        self._next = self._slowed_at = -math.inf
        self._paused_until = -math.inf
        self._rate_then = rate  # the rate at `_paused_until`, after which it grows
        self._in_a_row = 0

    def acquire(self) -> float:
        """Wait for this request's moment; returns it, by `time.monotonic`. Raises ClosedError."""
        with self._turn:
            late = 0.0  # seconds that may be made up for
            while (moment := self._moment()) > (now := time.monotonic()):
                self.rest(moment - now)
                late = 2 / self._full
            if self._closed.is_set():
                raise ClosedError
            with self._state:
                now = time.monotonic()
                interval = 1 / self._rate(now)
                # After a wait that ended late the next may follow sooner; time that nobody wanted is not saved up.
                self._next = max(self._next + interval, now - late)
                self._recent.append(now)
                self.passed += 1
            return now

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than until the gate closes; then raises ClosedError."""
        if self._closed.wait(seconds):
            raise ClosedError

    def close(self) -> None:
        """Let nobody through any more, and wake all who wait."""
        self._closed.set()

    def back_off(self, passed_at: float, wait: float | None) -> None:
        """The server answered 429 to the request that passed at `passed_at`: everybody waits, then goes slower.

        `wait` is what the server asked for, in seconds, None where it did not say. Several requests that were
        under way together count as one. Raises DownloadError when there is no end to it.
        """
        with self._state:
            now = time.monotonic()
            if passed_at > self._slowed_at:  # it went out after everybody had slowed down, and still was too much
                self._rate_then = max(self._rate(now) / 2, self._full * _SLOWEST)
                self._slowed_at = now
                self._in_a_row += 1
                self.slowed += 1
                if wait is None:
                    wait = OWN_WAITS[min(self._in_a_row, len(OWN_WAITS)) - 1]
            wait = wait or 0.0
            if wait > LONGEST_WAIT or self._in_a_row > MOST_WAITS:
                asked = f", and asks for a pause of {wait:,.0f} s" if wait > LONGEST_WAIT else ""
                raise DownloadError(
                    f"TMDb answers 429 Too Many Requests{asked}; what came is kept, so run it again later"
                )
            self._paused_until = max(self._paused_until, now + wait)

    def succeeded(self) -> None:
        """A request was answered: the next 429 is the first of its row."""
        with self._state:
            self._in_a_row = 0

    def rate(self) -> float:
        """How many requests a second are let through at present."""
        with self._state:
            now = time.monotonic()
            return 0.0 if now < self._paused_until else self._rate(now)

    def paused_until(self) -> float:
        """When the last pause that the server asked for ends or ended, by `time.monotonic`."""
        with self._state:
            return self._paused_until

    def _rate(self, now: float) -> float:
        since = max(now - self._paused_until, 0.0)
        return min(self._full, self._rate_then + self._full * since / RECOVERY)

    def _moment(self) -> float:
        """When the next request may pass, as things stand."""
        with self._state:
            moment = max(self._next, self._paused_until)
            if len(self._recent) == self._recent.maxlen:
                moment = max(moment, self._recent[0] + 1.0)
            return moment
