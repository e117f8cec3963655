"""One client of TMDb's API: asks through the gate, tries again what may pass, and tells apart what came.

The token goes into the header at the last moment and into nothing else; what `requests` raises is put into
words here and never chained, so that no traceback reaches the request it belonged to.
"""

import datetime
import email.utils
import json
import random
import re
import threading
import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from cinematch_lib.data.tmdb.rate_limit import RateLimiter
from cinematch_lib.data.tmdb.settings import TOKEN, Access
from cinematch_lib.errors import CineMatchError, DownloadError

TIMEOUT = (5, 10)  # seconds to connect, and between two pieces of an answer
DEADLINE = 30.0  # seconds for an answer to come whole
PAUSES = (0.5, 1, 2, 4)  # seconds before each further try, half as much again at random
PATIENCE = 30.0  # seconds of nothing but failures after which the fetch stops
LARGEST = 1 << 25  # bytes of an answer
_CHUNK = 1 << 16
_PARTS = ("credits", "keywords", "watch/providers")


class RequestFailedError(Exception):
    """One request that could not be answered, after all its tries; its text says why."""


class _Failed(Exception):
    """A try that failed for a reason that may pass."""

    def __init__(self, reason: str, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


class _Bearer(requests.auth.AuthBase):
    """Sets the header; being an `auth`, it also keeps `requests` from asking ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Asks TMDb; safe to use from many threads, each of which keeps a connection of its own.

    `limiter` is passed before each try; `failures` counts the tries that failed, 429s aside. All methods raise
    RequestFailedError for a request that stays unanswered, CineMatchError when the token is refused, DownloadError
    when TMDb as a whole cannot be had, and `limiter.ClosedError` once the gate is closed.
    """

    def __init__(self, access: Access, limiter: RateLimiter) -> None:
        self.failures = 0
        self.limiter = limiter
        self._access = access
        self._auth = _Bearer(access.token)
        self._mine = threading.local()
        self._state = threading.Lock()
        self._last_sign = time.monotonic()  # of life
        self._ever_answered = False

    def movie(self, tmdb_id: int) -> dict[str, Any] | None:
        """Details, credits, keywords and providers of a film; None where TMDb has none under this id."""
        asked = {"append_to_response": ",".join(_PARTS), "language": "en-US"}

        def wrong(answer: dict[str, Any]) -> bool:
            return answer.get("id") != tmdb_id or not all(isinstance(answer.get(part), dict) for part in _PARTS)

        return self._ask(f"/3/movie/{tmdb_id}", asked, wrong, may_be_gone=True)

    def find(self, imdb_id: str) -> int | None:
        """The TMDb id of the film with this IMDb id (digits); None where TMDb knows none."""

        def wrong(answer: dict[str, Any]) -> bool:
            films = answer.get("movie_results")
            return not isinstance(films, list) or not all(_is_id(_id_of(film)) for film in films)

        answer = self._ask(f"/3/find/tt{imdb_id}", {"external_source": "imdb_id"}, wrong, may_be_gone=True)
        films = answer["movie_results"] if answer else []
        return films[0]["id"] if films else None

    def changed(self, start: datetime.date, end: datetime.date, page: int = 1) -> tuple[list[int], int]:
        """The ids of the films that changed from `start` to `end`, one page of them, and how many pages there are."""

        def wrong(answer: dict[str, Any]) -> bool:
            return not isinstance(answer.get("results"), list) or not _is_id(answer.get("total_pages", 1) + 1)

        asked = {"start_date": start.isoformat(), "end_date": end.isoformat(), "page": page}
        answer = self._ask("/3/movie/changes", asked, wrong)
        ids = [_id_of(one) for one in answer["results"]]
        return [one for one in ids if _is_id(one)], answer.get("total_pages", 1)

    # --- tries -------------------------------------------------------------------------------------------

    def _ask(self, path: str, asked: dict, wrong: Any, *, may_be_gone: bool = False) -> dict[str, Any] | None:
        tries = 0
        while True:
            passed_at = self.limiter.acquire()
            failed = None
            try:
                status, headers, answer = self._get(path, asked)
                if status == 429:
                    self._sign_of_life()
                    self.limiter.back_off(passed_at, _retry_after(headers))
                    continue
                if status == 200 and not wrong(answer):
                    return self._answered(answer)
                # Any other 404 may be a proxy's, or that of a wrong address: only TMDb's own is remembered.
                if status == 404 and may_be_gone and answer.get("status_code") == 34:
                    return self._answered(None)
                raise _Failed("answered with something else than what it was asked for")
            except _Failed as error:
                failed = error
            self._failed(failed)
            if tries == len(PAUSES):
                if not failed.reached and not self._ever_answered:
                    raise self._hopeless(failed)
                raise RequestFailedError(str(failed))
            self.limiter.rest(PAUSES[tries] * random.uniform(1, 1.5))
            tries += 1

    def _get(self, path: str, asked: dict) -> tuple[int, Any, dict[str, Any]]:
        """One try: status, headers and the JSON object that came (empty for a 429). Raises _Failed."""
        # Errors are raised outside of the except blocks: nothing of requests' own hangs on them.
        try:
            response = self._session().get(
                f"{self._access.url}{path}",
                params=asked,
                auth=self._auth,
                timeout=TIMEOUT,
                stream=True,
                allow_redirects=False,
            )
            failed = None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failed = _in_words(error)
        if failed is not None:
            raise failed
        with response:
            status = response.status_code
            if status in (401, 403):
                raise CineMatchError(_refused(status))
            if status == 429:
                return status, response.headers, {}
            if status not in (200, 404):
                raise _Failed(f"answered {status}")
            return status, response.headers, _json_of(response, status)

    def _session(self) -> requests.Session:
        if not hasattr(self._mine, "session"):
            session = requests.Session()
            for scheme in ("http://", "https://"):
                # Not one repeated try behind the gate's back.
                session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
            self._mine.session = session
        return self._mine.session

    def close(self) -> None:
        """Close the connection of the calling thread."""
        if hasattr(self._mine, "session"):
            self._mine.session.close()
            del self._mine.session

    # --- how the server is as a whole --------------------------------------------------------------------

    def _answered(self, answer: dict[str, Any] | None) -> dict[str, Any] | None:
        self._ever_answered = True
        self._sign_of_life()
        self.limiter.succeeded()
        return answer

    def _sign_of_life(self) -> None:
        with self._state:
            self._last_sign = time.monotonic()

    def _failed(self, failed: _Failed) -> None:
        with self._state:
            self.failures += 1
            # While the gate is shut nobody asks, so nobody can be answered.
            silent = time.monotonic() - max(self._last_sign, self.limiter.paused_until())
        if silent > PATIENCE:
            raise self._hopeless(failed)

    def _hopeless(self, failed: _Failed) -> DownloadError:
        return DownloadError(
            f"TMDb at {self._access.url} {failed}, again and again; what came before is kept, so run it again later, "
            "or do without it: -p use_tmdb false"
        )


def _json_of(response: requests.Response, status: int) -> dict[str, Any]:
    kind = response.headers.get("Content-Type", "nothing").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Failed(f"answered {status} with {kind[:40]} instead of JSON")
    try:
        text, failed = _body(response), None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        text, failed = b"", _in_words(error)
    if failed is not None:
        raise failed
    try:
        answer = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise _Failed("answered with broken JSON")
    return answer


def _body(response: requests.Response) -> bytes:
    """The answer's body, whole; read in the pieces in which it comes, so that a slow drip is noticed."""
    end, pieces, size = time.monotonic() + DEADLINE, [], 0
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise _Failed(f"sent more than {LARGEST:,} bytes for one answer")
        if time.monotonic() > end:
            raise _Failed(f"took more than {DEADLINE:g} s for one answer")
    return b"".join(pieces)


def _in_words(error: Exception) -> _Failed:
    """What went wrong on the way, without the error itself, from which the request could be reached."""
    if isinstance(error, requests.exceptions.SSLError):
        return _Failed("could not be reached safely: its certificate was not accepted", reached=False)
    if isinstance(error, requests.ConnectTimeout):
        return _Failed(f"could not be reached within {TIMEOUT[0]} s", reached=False)
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return _Failed(f"sent nothing for {TIMEOUT[1]} s")
    if isinstance(error, requests.ConnectionError) and any(
        isinstance(one, urllib3.exceptions.MaxRetryError) for one in error.args
    ):
        return _Failed("could not be reached", reached=False)
    return _Failed("cut the connection")


def _refused(status: int) -> str:
    if status == 401:
        return (
            f"TMDb does not accept the token in {TOKEN} (401 Unauthorized). It takes the API Read Access Token of "
            "https://www.themoviedb.org/settings/api, the long one, not the short API key. What came before is kept; "
            "to do without TMDb, unset it or pass -p use_tmdb false"
        )
    return (
        "TMDb refuses access (403 Forbidden): the account behind the token may be suspended, or a proxy stands in "
        "between. What came before is kept; to do without TMDb, pass -p use_tmdb false"
    )


def _retry_after(headers: Any) -> float | None:
    """The seconds that a 429 asks to wait, given as a number or as a date; None where it does not say.

    >>> _retry_after({"Retry-After": "7"}), _retry_after({}), _retry_after({"Retry-After": "soon"})
    (7.0, None, None)
    >>> _retry_after({"Retry-After": "Fri, 13 Oct 2023 10:00:09 GMT", "Date": "Fri, 13 Oct 2023 10:00:00 GMT"})
    9.0
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    until = _time_of(text)
    if until is None:
        return None
    now = _time_of(headers.get("Date", "")) or time.time()  # by the server's own clock, where it shows it
    return max(until - now, 0.0)


def _time_of(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _id_of(one: Any) -> Any:
    return one.get("id") if isinstance(one, dict) else None


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
