"""ASGI middleware: security headers, allowed hosts, the API token, rate limits and body sizes."""

import contextlib
import hmac
import ipaddress
import math
import time
from collections.abc import Collection, Iterable
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.serving.responses import error_response

TOKEN = "CINEMATCH_API_TOKEN"  # the name of the environment variable
MAX_BODY = 64 * 1024  # bytes; the longest lists that are allowed take half of it
MAX_EXPORT = 2 * 1024 * 1024  # bytes of a request with an export of ratings
_MAX_CLIENTS = 10_000  # addresses whose rate is tracked

_NOTHING = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://image.tmdb.org; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_API = ("/api", "/auth")
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PAGE_HEADERS, _OTHER_HEADERS = (
    Headers(_COMMON | {"Content-Security-Policy": policy}).raw for policy in (PAGE_POLICY, _NOTHING)
)
_API_HEADERS = [*_OTHER_HEADERS, (b"cache-control", b"no-store")]
_LARGER_BODIES = {"/api/ratings": MAX_EXPORT}  # by path


def _security_headers(path: str) -> list[tuple[bytes, bytes]]:
    if path.startswith(_API):
        return _API_HEADERS
    return _PAGE_HEADERS if path in ("/", "/docs") or path.startswith("/page/") else _OTHER_HEADERS


def _route_path(scope: Scope) -> str:
    """The path without the prefix under which a proxy shows the server."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


class SecurityHeaders:
    """Adds the security headers and refuses unknown hosts.

    A page on the web can point a host name of its own at a loopback address and so reach a local server under its
    own origin (DNS rebinding). This takes a name with a dot, so addresses and names without a dot are allowed; other
    names must be in `hosts`, where ``*`` allows all.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.casefold() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _security_headers(_route_path(scope))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if self._is_allowed(host):
            await self._app(scope, receive, send_with_headers)
        else:
            reason = f"this server does not answer for the host {host[:100]!r}; start it with --allow-host to allow it"
            await error_response(400, reason)(scope, receive, send_with_headers)

    def _is_allowed(self, host: str) -> bool:
        name = host.casefold()
        name = name[1:].split("]")[0] if name.startswith("[") else name.split(":")[0]
        return "." not in name or name in self._hosts or "*" in self._hosts or _is_address(name)


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return False


class PlainRequests:
    """Answers paths with or without the prefix `root_path` or a slash too many, and HEAD as GET without the body.

    A proxy that shows the server under a prefix may pass it on, or strip it.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root and scope["path"] == self._root:  # the links of the page are relative
            await Response(status_code=307, headers={"Location": f"{self._root}/"})(scope, receive, send)
            return
        scope["root_path"] = root = self._root or scope.get("root_path", "")
        path = "/".join(filter(None, scope["path"].removeprefix(f"{root}/").split("/")))
        scope["path"] = f"{root}/{path}"
        if scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        as_get = {**scope, "method": "GET"}  # the server and the log know the request as HEAD
        try:
            await self._app(as_get, receive, send_without_body)
        finally:
            scope["route"] = as_get.get("route")


class AccessMiddleware:
    """Enforces the rate limit, the token and the body size of requests to the API."""

    def __init__(self, app: ASGIApp, token: str | None, rate: float | None) -> None:
        """`rate` is the number of requests a second that one address may send, with bursts of twice as many."""
        self._app = app
        self._token = token.encode() if token else None
        self._buckets = TokenBuckets(rate) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        if scope["type"] != "http" or not _route_path(scope).startswith(_API):
            await self._app(scope, receive, send)
        elif self._buckets and (wait := self._buckets.wait(scope["client"][0] if scope["client"] else "")):
            refusal = error_response(429, f"too many requests; wait {wait} s", {"Retry-After": str(wait)})
            await refusal(scope, receive, send)
        elif self._token and not self._has_token(scope["headers"]):
            reason = "this server requires its token: send the header Authorization: Bearer TOKEN"
            await error_response(401, reason, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
        else:
            headers = dict(scope["headers"])
            length = headers.get(b"content-length", b"")
            limit = _LARGER_BODIES.get(_route_path(scope), MAX_BODY)
            if length.isdigit() and int(length) > limit:
                await error_response(413, _too_large(limit))(scope, receive, send)
            elif b"content-length" in headers or b"transfer-encoding" in headers:
                await self._app(scope, _limit_body(receive, limit), send)
            else:
                await self._app(scope, receive, send)

    def _has_token(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        header = next((value for name, value in headers if name == b"authorization"), b"")
        scheme, _, token = header.partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"


def _too_large(limit: int) -> str:
    return f"the body of a request must not be longer than {limit:,} bytes"


def _limit_body(receive: Receive, limit: int) -> Receive:
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413, _too_large(limit))
        return message

    return receive_limited


class TokenBuckets:
    """A token bucket for each address: `rate` tokens a second flow in, and twice that number fit."""

    def __init__(self, rate: float) -> None:
        self._rate, self._capacity = rate, max(1.0, 2 * rate)
        self._buckets: dict[str, tuple[float, float]] = {}  # address: (tokens, time); least recently used first

    def wait(self, client: str) -> int:
        """Seconds until the address may send again; 0 if it may send now, which takes one token."""
        now = time.monotonic()
        tokens, updated = self._buckets.pop(client, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - updated) * self._rate)
        allowed = tokens >= 1
        while len(self._buckets) >= _MAX_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = (tokens - 1 if allowed else tokens, now)
        return 0 if allowed else max(1, math.ceil((1 - tokens) / self._rate))
