"""Limits of a connection: how long a head and a body may take, how long a head may be, how many may be open."""

import asyncio
import json
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REFUSED = "refused"  # in the state of a request: the status of an answer that took the place of the application's
HEAD_BYTES = 65536
HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
_STOP_SECONDS = 3.0  # for a body, after a signal to stop
BACKLOG = 32  # connections that asyncio accepts in one pass; four passes may come before one of them can be refused
_MOST = 2000
_TOO_LONG = f"the head of a request may have {HEAD_BYTES:,} bytes"
_OTHER_FILES = 64  # files of the run, the store and the process


def most_connections() -> int:
    """How many connections may be open, so that the process can still open its own files."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return _MOST
    return max(1, min(_MOST, files - _OTHER_FILES - 4 * BACKLOG))


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits. A connection too many takes the place of the one that is silent longest."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = self._field_bytes = 0
        self._most = most_connections()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and end the one that is silent longest if there are too many."""
        super().connection_made(transport)
        _waiting[self] = None
        self._set_deadline(HEAD_SECONDS)
        if len(self.connections) > self._most:
            silent = next(iter(_waiting))  # at least this one
            silent.connections.discard(silent)
            silent._forget()
            silent.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes, and refuse a head that is too long."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._deadline is None:  # the first bytes of another request
                self._set_deadline(HEAD_SECONDS)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)

    def on_url(self, url: bytes) -> None:
        """Count the bytes of the URL."""
        self._field_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the bytes of the fields, which may all come at once."""
        self._field_bytes += len(name) + len(value) + 4
        if self._field_bytes > HEAD_BYTES:
            raise ValueError("the head is too long")  # the parser stops, and uvicorn calls send_400_response
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed."""
        if self._field_bytes > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._field_bytes = 0

    def on_headers_complete(self) -> None:
        """Await the body."""
        self._in_head = False
        self._head_bytes = 0
        self._set_deadline(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Await another request."""
        super().on_message_complete()
        self._in_head = True
        _waiting.pop(self, None)
        self._stop_deadline()

    def shutdown(self) -> None:
        """Finish the request in flight; its body has less time left."""
        super().shutdown()
        if not self._in_head:
            self._set_deadline(_STOP_SECONDS)

    def _set_deadline(self, seconds: float) -> None:
        self._stop_deadline()
        late = f"the {'head' if self._in_head else 'body'} of the request did not come within {seconds:g} s"
        self._deadline = self.loop.call_later(seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT, late)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _forget(self) -> None:
        _waiting.pop(self, None)
        self._stop_deadline()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer and close; without an answer where one to an earlier request is under way."""
        is_free = self.cycle is None or self.cycle.response_complete or not self.cycle.response_started
        if is_free and not self.pipeline:
            if self.cycle is not None and not self.cycle.response_complete:
                self.cycle.scope["state"][REFUSED] = status.value  # to be counted so
            body = json.dumps({"detail": detail}).encode()
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-type: application/json\r\n"
            self.transport.write(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
        self._forget()
        self.transport.close()


_waiting: dict[LimitedProtocol, None] = {}  # connections that have not sent a whole request yet, oldest first
