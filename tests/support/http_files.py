"""A real HTTP server on loopback that serves bytes from memory, as well or as badly as it is told."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One file; each of `cuts` ends one answer's connection after so many bytes of its body."""

    body: bytes
    etag: str | None = '"1"'
    last_modified: str | None = None
    status: int = 200
    fails: list[int] = field(default_factory=list)  # statuses to answer before the file is served
    cuts: list[int] = field(default_factory=list)
    stalls_after: int | None = None  # bytes after which the answer waits for `go_on`
    ranges: bool = True
    if_range: bool = True
    length: bool = True
    shifted_range: bool = False  # a 206 that begins somewhere else
    go_on: threading.Event = field(default_factory=threading.Event)


@dataclass
class Request:
    """A request as it came, and the status that answered it."""

    path: str
    headers: dict[str, str]
    status: int


class FileServer:
    """`files` maps a path to what is served there; `requests` grows with every request."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.requests: list[Request] = []
        self.url = ""

    def serve(self, path: str, body: bytes, **behaviour) -> Served:
        self.files[path] = Served(body, **behaviour)
        return self.files[path]

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


@contextlib.contextmanager
def running() -> Iterator[FileServer]:
    files = FileServer()
    handler = type("Handler", (_Handler,), {"files": files})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        files.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield files
        finally:
            for one in files.files.values():
                one.go_on.set()
            server.shutdown()


@contextlib.contextmanager
def serving(folder) -> Iterator[str]:
    """The URL of a folder that Python's own server serves, with lists of its files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    files: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        self.close_connection = True
        served = self.files.files.get(self.path)
        if served is None:
            return self._answer(404, b"not here", {})
        if served.fails or served.status != 200:
            return self._answer(served.fails.pop(0) if served.fails else served.status, b"no", {})
        headers = {"ETag": served.etag, "Last-Modified": served.last_modified}
        status, start, body = 200, 0, served.body
        if served.ranges and self._is_the_same(served) and (wanted := self.headers.get("Range")):
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1))
            if start >= len(body):
                return self._answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
            start += served.shifted_range
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            status, body = 206, body[start:]
        self._answer(status, body, headers, served)

    def _is_the_same(self, served: Served) -> bool:
        condition = self.headers.get("If-Range")
        return condition is None or not served.if_range or condition in (served.etag, served.last_modified)

    def _answer(self, status: int, body: bytes, headers: dict, served: Served | None = None) -> None:
        self.files.requests.append(Request(self.path, dict(self.headers), status))
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        if served is None or served.length:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self._send(body, served)

    def _send(self, body: bytes, served: Served | None) -> None:
        if served and served.cuts:
            self.wfile.write(body[: served.cuts.pop(0)])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif served and served.stalls_after is not None:
            self.wfile.write(body[: served.stalls_after])
            self.wfile.flush()
            served.go_on.wait(30)
            self.wfile.write(body[served.stalls_after :])
        else:
            self.wfile.write(body)


def unused_url() -> str:
    """An address on loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
