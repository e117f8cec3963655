"""Who and what is let in: hosts, the token, the rate, the size of a body; and the headers that keep browsers safe."""

import hmac
import ipaddress
import math
import time
from collections.abc import Collection, Iterable
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY = 64 * 1024  # bytes; the longest lists that are allowed take half of it
_MOST_CLIENTS = 10_000

_NOTHING = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://image.tmdb.org; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# FastAPI's page of the API's documentation: its script and style come from a CDN, and a little script is in it.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src https://cdn.jsdelivr.net; "
    "img-src 'self' data: https://fastapi.tiangolo.com; connect-src 'self'; frame-ancestors 'none'"
)
_API = "/api"
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_OF_API, _OF_PAGE, _OF_DOCS, _OF_REST = (
    Headers(_EVERYWHERE | {"Content-Security-Policy": policy} | more).raw
    for policy, more in (
        (_NOTHING, {"Cache-Control": "no-store"}),
        (PAGE_POLICY, {}),
        (_DOCS_POLICY, {}),
        (_NOTHING, {}),
    )
)


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    """The headers that keep browsers safe with what is at this path."""
    if path.startswith(_API):
        return _OF_API
    if path == "/docs":
        return _OF_DOCS
    return _OF_PAGE if path == "/" or path.startswith("/page/") else _OF_REST


class Safe:
    """ASGI middleware that adds the security headers, and refuses hosts that a page elsewhere may have made up.

    A page on the web can point a name of its own at a loopback address and so reach a server there as its own
    (DNS rebinding). A name needs a dot for that, so addresses and names without one pass; others must be
    among `hosts`, where ``*`` stands for all.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.casefold() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope["path"])

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if self._is_known(host):
            await self._app(scope, receive, sent)
        else:
            what = f"this server does not answer for the host {host[:100]!r}; start it with --allow-host to allow it"
            await refusal(400, what)(scope, receive, sent)

    def _is_known(self, host: str) -> bool:
        name = host.casefold()
        name = name[1:].split("]")[0] if name.startswith("[") else name.split(":")[0]
        return "." not in name or name in self._hosts or "*" in self._hosts or _is_address(name)


@lru_cache(maxsize=256)  # clients call a server by one name or two
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class AccessMiddleware:
    """ASGI middleware before everything under ``/api``: the rate, the token, and the size of the body."""

    def __init__(self, app: ASGIApp, token: str | None, rate: float | None) -> None:
        """`rate` is how many requests a second one address may send on end; twice as many at once."""
        self._app = app
        self._token = token.encode() if token else None
        self._buckets = Buckets(rate) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self._app(scope, receive, send)
        elif self._buckets and (wait := self._buckets.wait(scope["client"][0] if scope["client"] else "")):
            slower = refusal(429, f"too many requests; wait {wait} s", {"Retry-After": str(wait)})
            await slower(scope, receive, send)
        elif self._token and not self._has_token(scope["headers"]):
            what = "this server wants its token: send the header Authorization: Bearer TOKEN"
            await refusal(401, what, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
        else:
            headers = dict(scope["headers"])
            length = headers.get(b"content-length", b"")
            if length.isdigit() and int(length) > MOST_BODY:
                await refusal(413, _TOO_LARGE)(scope, receive, send)
            elif b"content-length" in headers or b"transfer-encoding" in headers:
                await self._app(scope, _bounded(receive), send)
            else:
                await self._app(scope, receive, send)

    def _has_token(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        given = next((value for name, value in headers if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"


_TOO_LARGE = f"the body of a request must not be longer than {MOST_BODY:,} bytes"


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def received() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return received


class Buckets:
    """How many requests each address has left: `rate` a second come in, twice that fit."""

    def __init__(self, rate: float) -> None:
        self._rate, self._room = rate, max(1.0, 2 * rate)
        self._left: dict[str, tuple[float, float]] = {}  # what was left, and when

    def wait(self, client: str) -> int:
        """Seconds until the client may send again, 0 for now; then one request is taken off."""
        now = time.monotonic()
        left, at = self._left.pop(client, (self._room, now))
        left = min(self._room, left + (now - at) * self._rate)
        allowed = left >= 1
        while len(self._left) >= _MOST_CLIENTS:  # the one that was silent longest stands first
            del self._left[next(iter(self._left))]
        self._left[client] = (left - 1 if allowed else left, now)
        return 0 if allowed else max(1, math.ceil((1 - left) / self._rate))


def refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says why there is none."""
    return JSONResponse({"detail": detail}, status, headers)
