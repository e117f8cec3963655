"""Downloads over HTTP that retry and resume."""

import hashlib
import json
import os
import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

import requests
import urllib3
from tqdm import tqdm

from cinematch_lib.errors import CineMatchError, DownloadError

TIMEOUT = (10, 30)  # seconds to connect, and between two chunks
PAUSES = (0.5, 1, 2, 4)  # seconds before each further attempt
MIN_PROGRESS = 1_000_000  # bytes; an attempt that received this many does not count as a failure
CHUNK = 1 << 16
MAX_TEXT = 1 << 16  # bytes of a checksum file

_T = TypeVar("_T")
_Validators = dict[str, Any]


class _TemporaryError(Exception):
    """An attempt that failed for a temporary reason."""


class _NoConnection(_TemporaryError):
    """An attempt that did not reach the server."""


def read_text(url: str) -> str | None:
    """The text file at `url`, of at most MAX_TEXT bytes; None if the server has none (404).

    Raises DownloadError if it cannot be fetched.
    """

    def attempt() -> str | None:
        with _get(url, {}) as response:
            if response.status_code == 404:
                return None
            text = b""
            for piece in _pieces(response):
                text += piece
                if len(text) > MAX_TEXT:
                    raise DownloadError(f"{url} is longer than {MAX_TEXT:,} bytes; a checksum file is short")
            return text.decode("utf-8", errors="replace")

    try:
        return _retry(attempt, lambda: 0)
    except _TemporaryError as stop:
        raise DownloadError(f"{url} {stop}") from None


def download(url: str, part: Path, *, title: str, room: float = 1.0) -> None:
    """Download the file at `url` to `part`; an interrupted download in `part` is resumed.

    ``<part>.json`` beside it holds the validators that tell whether the server's file is still the same;
    `discard` removes both. `title` labels the progress bar; `room` is the free disk space required, as a
    multiple of the file's size. The caller verifies the content.

    Raises DownloadError if the network or the server fails after all attempts; `part` is then kept only if the
    next call can resume it. Raises CineMatchError or OSError for a problem of the disk; nothing is kept then.
    """
    with tqdm(desc=title, unit="B", unit_scale=True, mininterval=1) as bar:
        try:
            _retry(lambda: _receive(url, part, title, room, bar), lambda: _size(part))
        except _TemporaryError as stop:
            raise DownloadError(_interruption_message(url, part, stop)) from None
        except DownloadError:
            raise
        except (OSError, CineMatchError):
            discard(part)
            raise


def check_certificates() -> None:
    """Raise CineMatchError if a file of certificates that the environment names does not exist, or holds none."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if not (path := os.environ.get(name)):
            continue
        try:
            if not Path(path).is_dir():
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except OSError as error:  # ssl.SSLError is one
            problem = "holds no certificate" if isinstance(error, ssl.SSLError) else "cannot be read"
            problem = "does not exist" if isinstance(error, FileNotFoundError) else problem
            raise CineMatchError(
                f"the CA bundle {path} of {name} {problem}; name the file of your network, or unset {name}"
            ) from None


def discard(part: Path) -> None:
    """Remove a complete or partial download and its validators."""
    part.unlink(missing_ok=True)
    _notes_file(part).unlink(missing_ok=True)


def check_room(folder: Path, needed: float, title: str) -> None:
    """Raise CineMatchError if fewer than `needed` bytes are free on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise CineMatchError(
            f"not enough room in {folder}: {title} needs {megabytes(needed)} and {megabytes(free)} are free; "
            "free some or choose a folder on another disk"
        )


def megabytes(size: float) -> str:
    """A number of bytes as text.

    >>> megabytes(239_000_000), megabytes(1_234)
    ('239.0 MB', '0.001 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e6:.3f} MB"


def md5(file: IO[bytes]) -> str:
    """The MD5 of the content of an open binary file, as 32 hexadecimal digits."""
    return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()  # type: ignore[arg-type]


def md5_of(path: Path) -> str:
    """The MD5 of a file, as 32 hexadecimal digits."""
    with path.open("rb") as file:
        return md5(file)


def _retry(attempt: Callable[[], _T], arrived: Callable[[], int]) -> _T:
    """The result of `attempt`, repeated up to len(PAUSES) times; `arrived` returns the bytes received so far."""
    furthest = start = arrived()
    failures = 0
    while True:
        try:
            return attempt()
        except _TemporaryError as stop:
            if arrived() >= furthest + MIN_PROGRESS:
                failures = 0
            furthest = max(furthest, arrived())
            hopeless = isinstance(stop, _NoConnection) and furthest == start
            if hopeless or failures == len(PAUSES):
                raise
            time.sleep(PAUSES[failures])
            failures += 1


def _receive(url: str, part: Path, title: str, room: float, bar: "tqdm[NoReturn]") -> None:
    """One attempt to download the rest of `part`."""
    have, notes = _size(part), _read_notes(part)
    if notes is None or notes["url"] != url:
        discard(part)
        have, notes = 0, None
    with _get(url, _resume_headers(have, notes)) as response:
        if response.status_code == 404:
            discard(part)
            raise DownloadError(f"{url} does not exist (404 Not Found)")
        if response.status_code == 416 and _range_total(response) == have:
            _show(bar, have, have)
            return
        if response.status_code in (206, 416) and not _continues(response, have, notes):
            discard(part)
            raise _TemporaryError("sent another part of the file than it was asked for")
        if response.status_code == 200:
            _restart(url, part, response, notes)
            have = 0
        size = _content_length(response)
        total = None if size is None else have + size
        if total is not None:
            check_room(part.parent, total * room - have, title)
        _show(bar, have, total)
        with part.open("ab") as file:
            for piece in _pieces(response):
                file.write(piece)
                bar.update(len(piece))


def _get(url: str, headers: dict[str, str]) -> requests.Response:
    """The open response to a GET if its status is 200, 206, 404 or 416; raises for everything else."""
    try:
        headers = {"Accept-Encoding": "identity"} | headers
        response = requests.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.exceptions.SSLError as error:
        raise DownloadError(f"{url} could not be reached safely: {_reason(error)}") from None
    except requests.ConnectionError as error:
        if any(isinstance(one, urllib3.exceptions.MaxRetryError) for one in error.args):
            raise _NoConnection(f"could not be reached ({_reason(error)})") from None
        raise _TemporaryError("cut the connection") from None
    except requests.Timeout:
        raise _TemporaryError(f"did not answer within {TIMEOUT[1]} seconds") from None
    except requests.RequestException as error:
        raise DownloadError(f"{url} is no address to download from: {error}") from None
    status = f"{response.status_code} {response.reason}"
    if response.status_code in (200, 206, 404, 416):
        return response
    response.close()
    if response.status_code >= 500 or response.status_code in (408, 429):
        raise _TemporaryError(f"answered {status}")
    raise DownloadError(f"{url} answered {status}")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    # read would lose the last chunk when the connection is cut; read1 returns what has arrived
    try:
        while piece := response.raw.read1(CHUNK, decode_content=False):
            yield piece
    except urllib3.exceptions.ReadTimeoutError:
        raise _TemporaryError(f"sent nothing for {TIMEOUT[1]} seconds") from None
    except urllib3.exceptions.HTTPError:
        raise _TemporaryError("cut the connection") from None


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    innermost = str(getattr(inner, "reason", None) or inner).rpartition(": ")[2]
    return re.sub(r"""['"][)'"]*$""", "", innermost)


def _restart(url: str, part: Path, response: requests.Response, notes: _Validators | None) -> None:
    """Empty `part` and store the validators of the file that this response sends."""
    fresh = {"url": url, "size": _content_length(response)} | _validators(response)
    # The server ignored the Range header of a file that did not change: it cannot resume.
    ignores_range = "Range" in response.request.headers and fresh.items() <= (notes or {}).items()
    discard(part)
    _notes_file(part).write_text(json.dumps(fresh | {"resumable": not ignores_range}))
    part.touch()


def _validators(response: requests.Response) -> dict[str, str | None]:
    return {"etag": response.headers.get("ETag"), "last_modified": response.headers.get("Last-Modified")}


def _resume_headers(have: int, notes: _Validators | None) -> dict[str, str]:
    if not have or notes is None:
        return {}
    etag = notes["etag"]
    same = etag if etag and not etag.startswith("W/") else notes["last_modified"]  # weak tags do not prove equality
    return {"Range": f"bytes={have}-"} | ({"If-Range": same} if same else {})


def _continues(response: requests.Response, have: int, notes: _Validators | None) -> bool:
    """Whether a 206 response continues the file of `notes` after its first `have` bytes."""
    start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if notes is None or start is None or int(start.group(1)) != have:
        return False
    seen = {"size": _range_total(response)} | _validators(response)
    return all(value is None or notes[name] in (None, value) for name, value in seen.items())


def _range_total(response: requests.Response) -> int | None:
    total = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    return int(total.group(1)) if total else None


def _content_length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _interruption_message(url: str, part: Path, stop: _TemporaryError) -> str:
    have, notes = _size(part), _read_notes(part)
    if have and notes and notes["resumable"]:
        of_all = f" of {megabytes(notes['size'])}" if notes["size"] else ""
        return f"{url} {stop}; {megabytes(have)}{of_all} are there: run it again to go on from that point"
    discard(part)
    if isinstance(stop, _NoConnection):
        return f"{url} {stop}"
    again = "the server cannot resume, so running it again starts anew" if have else "run it again later"
    return f"{url} {stop}; {again}"


def _show(bar: "tqdm[NoReturn]", have: int, total: int | None) -> None:
    bar.total = total
    bar.n = bar.initial = bar.last_print_n = have  # the speed shown is that of this download alone
    bar.refresh()


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _notes_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_notes(part: Path) -> _Validators | None:
    """The validators that `_restart` stored; None if missing or damaged."""
    try:
        validators: _Validators = json.loads(_notes_file(part).read_text())
        return validators
    except (FileNotFoundError, ValueError):
        return None
