"""The threads that fetch films from TMDb, from a common list, until it is empty or an error ends the fetch."""

import threading
import time
from collections.abc import Sequence
from typing import NoReturn

from tqdm import tqdm

from cinematch_lib.data.tmdb.client import Client, RequestFailedError
from cinematch_lib.data.tmdb.rate_limit import ClosedError
from cinematch_lib.data.tmdb.responses import trim_response
from cinematch_lib.data.tmdb.store import Store
from cinematch_lib.errors import CineMatchError

THREADS = 16  # 40 requests per second of 150 ms each occupy six threads; the others cover slow responses and pauses
_SHUTDOWN = 5.0  # seconds for the requests under way when a fetch ends early

Film = tuple[int | None, str]  # (TMDb id, ""), or (None, digits of an IMDb id)


class Workers:
    """Threads that fetch films and store the answers; `failed` are the requests that failed, with reasons."""

    def __init__(self, store: Store, client: Client, known: set[int]) -> None:
        """`known` are the TMDb ids of the films that need not be fetched."""
        self.failed: list[tuple[str, str]] = []
        self._store, self._client, self._limiter = store, client, client.limiter
        self._claimed = set(known)
        self._lock = threading.Lock()
        self._done = self._active = 0
        self._all_ended = threading.Event()
        self._error: BaseException | None = None

    def fetch(self, films: Sequence[Film]) -> None:
        """Fetch all `films`. Raises the error that ended the fetch early."""
        self._queue = iter(films)
        self._claimed |= {tmdb_id for tmdb_id, _ in films if tmdb_id is not None}
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(THREADS, len(films)))]
        self._active = len(threads)
        with tqdm(total=len(films), desc="TMDb", unit=" films", mininterval=1, disable=not films) as bar:
            try:
                for thread in threads:
                    thread.start()
                # An interrupted Thread.join may report a running thread as ended; an event does not.
                while threads and not self._all_ended.wait(0.1):
                    self._show(bar)
                self._show(bar)
            finally:
                self._limiter.close()
                if threads:
                    self._all_ended.wait(_SHUTDOWN)
        if isinstance(self._error, CineMatchError):
            raise type(self._error)(str(self._error))  # a new exception, without the traceback of the thread
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while (film := self._next()) is not None:
                self._fetch_one(*film)
                with self._lock:
                    self._done += 1
        except ClosedError:
            pass
        except BaseException as error:
            with self._lock:
                self._error = self._error or error
            self._limiter.close()
        finally:
            self._client.close()
            with self._lock:
                self._active -= 1
                if self._active == 0:
                    self._all_ended.set()

    def _show(self, bar: "tqdm[NoReturn]") -> None:
        bar.set_postfix(errors=self._client.failures, refresh=False)
        bar.update(self._done - bar.n)

    def _next(self) -> Film | None:
        with self._lock:
            return next(self._queue, None)

    def _fetch_one(self, tmdb_id: int | None, imdb_id: str) -> None:
        """Find the TMDb id if only the IMDb id is known, then fetch and store the film."""
        request, asked_at = f"find/tt{imdb_id}", time.time()
        try:
            if tmdb_id is None:
                tmdb_id = self._client.find(imdb_id)
                self._store.save_imdb(imdb_id, tmdb_id, asked_at)
                if tmdb_id is None or not self._claim(tmdb_id):
                    return
            request, asked_at = f"movie/{tmdb_id}", time.time()
            answer = self._client.movie(tmdb_id)
            self._store.save_film(tmdb_id, None if answer is None else trim_response(answer), asked_at)
        except RequestFailedError as error:
            with self._lock:
                self.failed.append((request, str(error)))

    def _claim(self, tmdb_id: int) -> bool:
        """Claim a film that was found by its IMDb id; False if it is known or another thread fetches it."""
        with self._lock:
            new = tmdb_id not in self._claimed
            self._claimed.add(tmdb_id)
            return new
