"""A client of TMDb's API: keeps to the rate limit, repeats failed requests, and checks the responses."""

import datetime
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from cinematch_lib.data.tmdb.rate_limit import RateLimiter
from cinematch_lib.data.tmdb.settings import Access
from cinematch_lib.data.tmdb.transport import TemporaryError, new_session, retry_after, send
from cinematch_lib.errors import DownloadError

PAUSES = (0.5, 1, 2, 4)  # seconds before each further attempt, plus up to half of it at random
PATIENCE = 30.0  # seconds without any success after which the client gives up
_PARTS = ("credits", "keywords", "watch/providers")

_Json = dict[str, Any]


class RequestFailedError(Exception):
    """A request that failed in all attempts; the text is the reason."""


class Client:
    """A client of TMDb's API, safe to use from many threads, each with a connection of its own.

    Every attempt waits for `limiter`; `failures` counts the failed attempts other than 429s. All methods raise
    RequestFailedError for a request that failed in all attempts, CineMatchError if the token is refused,
    DownloadError if TMDb is unavailable, and `rate_limit.ClosedError` once the limiter is closed.
    """

    def __init__(self, access: Access, limiter: RateLimiter) -> None:
        self.failures = 0
        self.limiter = limiter
        self._access = access
        self._sessions = threading.local()
        self._lock = threading.Lock()
        self._last_success = time.monotonic()
        self._ever_answered = False

    def movie(self, tmdb_id: int) -> _Json | None:
        """Details, credits, keywords and providers of a film; None if TMDb has no film with this id."""

        def is_valid(answer: _Json) -> bool:
            return answer.get("id") == tmdb_id and all(isinstance(answer.get(part), dict) for part in _PARTS)

        query = {"append_to_response": ",".join(_PARTS), "language": "en-US"}
        return self._request(f"/3/movie/{tmdb_id}", query, is_valid, may_be_gone=True)

    def find(self, imdb_id: str) -> int | None:
        """The TMDb id of the film with this IMDb id (digits); None if TMDb has none."""

        def is_valid(answer: _Json) -> bool:
            films = answer.get("movie_results")
            return isinstance(films, list) and all(_is_id(_id_of(film)) for film in films)

        query = {"external_source": "imdb_id"}
        answer = self._request(f"/3/find/tt{imdb_id}", query, is_valid, may_be_gone=True)
        films = answer["movie_results"] if answer else []
        return int(films[0]["id"]) if films else None

    def changed(self, start: datetime.date, end: datetime.date, page: int = 1) -> tuple[list[int], int]:
        """One page of the ids of the films that changed from `start` to `end`, and the number of pages."""

        def is_valid(answer: _Json) -> bool:
            return isinstance(answer.get("results"), list) and _is_id(answer.get("total_pages", 1) + 1)

        query = {"start_date": start.isoformat(), "end_date": end.isoformat(), "page": page}
        answer = self._request("/3/movie/changes", query, is_valid) or {}
        ids = [_id_of(one) for one in answer["results"]]
        return [one for one in ids if _is_id(one)], answer.get("total_pages", 1)

    def _request(
        self, path: str, query: Mapping[str, Any], is_valid: Callable[[_Json], bool], *, may_be_gone: bool = False
    ) -> _Json | None:
        attempts = 0
        while True:
            sent_at = self.limiter.acquire()
            try:
                status, headers, answer = send(self._session(), f"{self._access.url}{path}", query)
                if status == 429:
                    self._record_sign_of_life()
                    self.limiter.back_off(sent_at, retry_after(headers))
                    continue
                if status == 200 and is_valid(answer):
                    return self._succeed(answer)
                # A 404 without TMDb's own code may come from a proxy or a wrong address, and is not stored.
                if status == 404 and may_be_gone and answer.get("status_code") == 34:
                    return self._succeed(None)
                raise TemporaryError("answered with something else than what it was asked for")
            except TemporaryError as error:
                failure = error
            self._fail(failure)
            if attempts == len(PAUSES):
                if not failure.reached and not self._ever_answered:
                    raise self._unavailable(failure)
                raise RequestFailedError(str(failure))
            self.limiter.rest(PAUSES[attempts] * random.uniform(1, 1.5))
            attempts += 1

    def _session(self) -> requests.Session:
        if not hasattr(self._sessions, "session"):
            self._sessions.session = new_session(self._access)
        session: requests.Session = self._sessions.session
        return session

    def close(self) -> None:
        """Close the connection of the calling thread."""
        if hasattr(self._sessions, "session"):
            self._sessions.session.close()
            del self._sessions.session

    def _succeed(self, answer: _Json | None) -> _Json | None:
        self._ever_answered = True
        self._record_sign_of_life()
        self.limiter.succeeded()
        return answer

    def _record_sign_of_life(self) -> None:
        with self._lock:
            self._last_success = time.monotonic()

    def _fail(self, failure: TemporaryError) -> None:
        with self._lock:
            self.failures += 1
            # During a pause no request is sent, so none can succeed.
            silent = time.monotonic() - max(self._last_success, self.limiter.paused_until())
        if silent > PATIENCE:
            raise self._unavailable(failure)

    def _unavailable(self, failure: TemporaryError) -> DownloadError:
        return DownloadError(
            f"TMDb at {self._access.url} {failure}, again and again; what came before is kept, so run it again later, "
            "or do without it: -p use_tmdb false"
        )


def _id_of(one: Any) -> Any:
    return one.get("id") if isinstance(one, dict) else None


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
