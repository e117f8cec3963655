"""Files from the web, in downloads that resume.

Nothing here knows about films; `movielens` says what to fetch and verifies what came.
"""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import requests
import urllib3
from tqdm import tqdm

from cinematch_lib.errors import CineMatchError, DownloadError

TIMEOUT = (10, 30)  # seconds to connect, and between two pieces
PAUSES = (0.5, 1, 2, 4)  # seconds before each further try
WORTH_A_TRY = 1_000_000  # bytes; a try that got this much further is not counted against the download
CHUNK = 1 << 16
MAX_TEXT = 1 << 16  # bytes of a checksum file

_T = TypeVar("_T")


class _BrokeOff(Exception):
    """A try that failed for a reason that may pass."""


class _NoConnection(_BrokeOff):
    """A try that did not even reach the server."""


def read_text(url: str) -> str | None:
    """The small text file at `url`; None where the server says that there is none (404).

    Raises DownloadError when it cannot be had.
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
        return _persist(attempt, lambda: 0)
    except _BrokeOff as stop:
        raise DownloadError(f"{url} {stop}") from None


def download(url: str, part: Path, *, title: str, room: float = 1.0) -> None:
    """The file at `url` as `part`, whole; a `part` that an earlier run left is continued where it stops.

    Beside `part` lies `part` + ``.json`` with what tells whether the server's file is still the same;
    `discard` removes both. `title` stands at the progress bar, and `room` is how many times the file's own
    size must be free on the disk. The caller verifies what came.

    Raises DownloadError when the network or the server fails for good: then `part` stays only if the next
    run can continue it. Raises CineMatchError or OSError when the disk is the trouble: then nothing stays.
    """
    with tqdm(desc=title, unit="B", unit_scale=True, mininterval=1) as bar:
        try:
            _persist(lambda: _receive(url, part, title, room, bar), lambda: _size(part))
        except _BrokeOff as stop:
            raise DownloadError(_what_broke_off(url, part, stop)) from None
        except DownloadError:
            raise
        except (OSError, CineMatchError):
            discard(part)
            raise


def discard(part: Path) -> None:
    """Removes a download, whole or not, and the notes beside it."""
    part.unlink(missing_ok=True)
    _notes_file(part).unlink(missing_ok=True)


def check_room(folder: Path, needed: float, title: str) -> None:
    """Raises CineMatchError when fewer than `needed` bytes are free where `folder` lies."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise CineMatchError(
            f"not enough room in {folder}: {title} needs {megabytes(needed)} and {megabytes(free)} are free; "
            "free some or choose a folder on another disk"
        )


def megabytes(size: float) -> str:
    """A number of bytes for a person.

    >>> megabytes(239_000_000), megabytes(1_234)
    ('239.0 MB', '0.001 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e6:.3f} MB"


def md5(file: BinaryIO) -> str:
    """The MD5 of what an open binary file holds, as 32 hex digits."""
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


# --- one try and the next ----------------------------------------------------------------------------


def _persist(attempt: Callable[[], _T], arrived: Callable[[], int]) -> _T:
    """What `attempt` gives, after up to len(PAUSES) further tries; `arrived` is how many bytes are there."""
    furthest = start = arrived()
    failures = 0
    while True:
        try:
            return attempt()
        except _BrokeOff as stop:
            if arrived() >= furthest + WORTH_A_TRY:
                failures = 0
            furthest = max(furthest, arrived())
            hopeless = isinstance(stop, _NoConnection) and furthest == start
            if hopeless or failures == len(PAUSES):
                raise
            time.sleep(PAUSES[failures])
            failures += 1


def _receive(url: str, part: Path, title: str, room: float, bar: tqdm) -> None:
    """One try to get what `part` still lacks."""
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
            raise _BrokeOff("sent another part of the file than it was asked for")
        if response.status_code == 200:
            _start_anew(url, part, response, notes)
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
    """The opened answer to a GET: 200, 206, 404 or 416. Everything else is raised."""
    try:
        asked = {"Accept-Encoding": "identity"} | headers
        response = requests.get(url, headers=asked, stream=True, timeout=TIMEOUT)
    except requests.exceptions.SSLError as error:
        raise DownloadError(f"{url} could not be reached safely: {_reason(error)}") from None
    except requests.ConnectionError as error:
        if any(isinstance(one, urllib3.exceptions.MaxRetryError) for one in error.args):
            raise _NoConnection(f"could not be reached ({_reason(error)})") from None
        raise _BrokeOff("cut the connection") from None
    except requests.Timeout:
        raise _BrokeOff(f"did not answer within {TIMEOUT[1]} seconds") from None
    except requests.RequestException as error:
        raise DownloadError(f"{url} is no address to download from: {error}") from None
    status = f"{response.status_code} {response.reason}"
    if response.status_code in (200, 206, 404, 416):
        return response
    response.close()
    if response.status_code >= 500 or response.status_code in (408, 429):
        raise _BrokeOff(f"answered {status}")
    raise DownloadError(f"{url} answered {status}")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    # read1 hands over what has come; read would lose the last piece when the connection is cut
    try:
        while piece := response.raw.read1(CHUNK, decode_content=False):
            yield piece
    except urllib3.exceptions.ReadTimeoutError:
        raise _BrokeOff(f"sent nothing for {TIMEOUT[1]} seconds") from None
    except urllib3.exceptions.HTTPError:
        raise _BrokeOff("cut the connection") from None


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", None) or inner).rpartition(": ")[2]


# --- what a half download is worth -------------------------------------------------------------------


def _start_anew(url: str, part: Path, response: requests.Response, notes: dict | None) -> None:
    """An empty `part`, with notes on the file that this answer is about to send."""
    fresh = {"url": url, "size": _content_length(response)} | _validators(response)
    # The same file comes whole although a part was asked for: this server cannot resume.
    ignores_range = "Range" in response.request.headers and fresh.items() <= (notes or {}).items()
    discard(part)
    _notes_file(part).write_text(json.dumps(fresh | {"resumable": not ignores_range}))
    part.touch()


def _validators(response: requests.Response) -> dict[str, str | None]:
    return {"etag": response.headers.get("ETag"), "last_modified": response.headers.get("Last-Modified")}


def _resume_headers(have: int, notes: dict | None) -> dict[str, str]:
    if not have or notes is None:
        return {}
    etag = notes["etag"]
    same = etag if etag and not etag.startswith("W/") else notes["last_modified"]  # a weak tag proves nothing
    return {"Range": f"bytes={have}-"} | ({"If-Range": same} if same else {})


def _continues(response: requests.Response, have: int, notes: dict | None) -> bool:
    """Whether a 206 holds exactly what follows the `have` bytes, of the file that the notes describe."""
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


def _what_broke_off(url: str, part: Path, stop: _BrokeOff) -> str:
    have, notes = _size(part), _read_notes(part)
    if have and notes and notes["resumable"]:
        of_all = f" of {megabytes(notes['size'])}" if notes["size"] else ""
        return f"{url} {stop}; {megabytes(have)}{of_all} are there: run it again to go on from that point"
    discard(part)
    if isinstance(stop, _NoConnection):
        return f"{url} {stop}"
    again = "the server cannot resume, so running it again starts anew" if have else "run it again later"
    return f"{url} {stop}; {again}"


def _show(bar: tqdm, have: int, total: int | None) -> None:
    bar.total = total
    bar.n = bar.initial = bar.last_print_n = have  # so that the speed counts only what comes now
    bar.refresh()


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _notes_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_notes(part: Path) -> dict | None:
    """What `_start_anew` wrote; None where it is missing or was cut short."""
    try:
        return json.loads(_notes_file(part).read_text())
    except (FileNotFoundError, ValueError):
        return None
