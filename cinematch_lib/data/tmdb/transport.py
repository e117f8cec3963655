"""One HTTP request to TMDb's API: sent, received completely, and its failures described.

The token enters the header when the request is sent and is stored nowhere else. Exceptions of `requests` are
converted to text and never chained, so that no traceback leads to the request that holds the token.
"""

import email.utils
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from cinematch_lib.data.tmdb.settings import TOKEN, Access
from cinematch_lib.errors import CineMatchError

TIMEOUT = (5, 10)  # seconds to connect, and between two chunks of a response
DEADLINE = 30.0  # seconds for a complete response
LARGEST = 1 << 25  # bytes of a response
_CHUNK = 1 << 16


class TemporaryError(Exception):
    """An attempt that failed for a reason that may be temporary; `reached` tells whether the server was reached."""

    def __init__(self, reason: str, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached


class _Bearer(requests.auth.AuthBase):
    """Sets the header; as an `auth` object it also prevents a look-up in ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session(access: Access) -> requests.Session:
    """A session with one connection, which sends the token and repeats no request on its own."""
    session = requests.Session()
    session.auth = _Bearer(access.token)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return session


def send(
    session: requests.Session, url: str, query: Mapping[str, Any]
) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    """Send a GET; returns status (200, 404 or 429), headers and JSON object (empty for a 429).

    Raises TemporaryError for failures that may pass, CineMatchError if the token is refused.
    """
    # Raised outside of the except block, so that no exception of `requests` is attached.
    try:
        response = session.get(url, params=query, timeout=TIMEOUT, stream=True, allow_redirects=False)
        failure = None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        failure = _describe(error)
    if failure is not None:
        raise failure
    with response:
        status = response.status_code
        if status in (401, 403):
            raise CineMatchError(_refusal(status))
        if status == 429:
            return status, response.headers, {}
        if status not in (200, 404):
            raise TemporaryError(f"answered {status}")
        return status, response.headers, _read_json(response, status)


def _read_json(response: requests.Response, status: int) -> dict[str, Any]:
    kind = response.headers.get("Content-Type", "nothing").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise TemporaryError(f"answered {status} with {kind[:40]} instead of JSON")
    try:
        text, failure = _read_body(response), None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        text, failure = b"", _describe(error)
    if failure is not None:
        raise failure
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise TemporaryError("answered with broken JSON")
    return value


def _read_body(response: requests.Response) -> bytes:
    """The complete body, read chunk by chunk so that a response which only trickles in is aborted."""
    end, chunks, size = time.monotonic() + DEADLINE, [], 0
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise TemporaryError(f"sent more than {LARGEST:,} bytes for one answer")
        if time.monotonic() > end:
            raise TemporaryError(f"took more than {DEADLINE:g} s for one answer")
    return b"".join(chunks)


def _describe(error: Exception) -> TemporaryError:
    """The failure in words, without the exception, which references the request."""
    if isinstance(error, requests.exceptions.SSLError):
        return TemporaryError("could not be reached safely: its certificate was not accepted", reached=False)
    if isinstance(error, requests.ConnectTimeout):
        return TemporaryError(f"could not be reached within {TIMEOUT[0]} s", reached=False)
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return TemporaryError(f"sent nothing for {TIMEOUT[1]} s")
    if isinstance(error, requests.ConnectionError) and any(
        isinstance(one, urllib3.exceptions.MaxRetryError) for one in error.args
    ):
        return TemporaryError("could not be reached", reached=False)
    return TemporaryError("cut the connection")


def _refusal(status: int) -> str:
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


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a 429 asks to wait, given as a number or as a date; None if it does not say.

    >>> retry_after({"Retry-After": "7"}), retry_after({}), retry_after({"Retry-After": "soon"})
    (7.0, None, None)
    >>> retry_after({"Retry-After": "Fri, 13 Oct 2023 10:00:09 GMT", "Date": "Fri, 13 Oct 2023 10:00:00 GMT"})
    9.0
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    until = _timestamp(text)
    if until is None:
        return None
    now = _timestamp(headers.get("Date", "")) or time.time()  # by the clock of the server if it sends one
    return max(until - now, 0.0)


def _timestamp(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
