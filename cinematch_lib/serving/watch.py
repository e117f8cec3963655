"""What is seen of every request: an id, a line in the log, and numbers for Prometheus."""

import logging
import re
import secrets
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.serving.runs import LiveRun

_log = logging.getLogger("cinematch.serving")
_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))
_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 1, 5)


class Numbers:
    """The metrics of one application."""

    def __init__(self, live: LiveRun) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cinematch_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "cinematch_request_seconds", "Time to answer.", ("route",), registry=self.registry, buckets=_SECONDS
        )
        self.recommended = Counter("cinematch_recommendations", "Films recommended.", registry=self.registry)
        self._run = Gauge("cinematch_run_info", "The current run.", ("run_id", "dataset"), registry=self.registry)
        films = Gauge("cinematch_films", "Films in the current run.", registry=self.registry)
        films.set_function(lambda: len(live.now.recommender))
        age = Gauge("cinematch_run_age_seconds", "Time since the current run was made.", registry=self.registry)
        age.set_function(lambda: live.now.age_seconds)
        refused = Gauge("cinematch_run_refused", "1 where the newest run was refused.", registry=self.registry)
        refused.set_function(lambda: live.refused is not None)
        ProcessCollector(registry=self.registry)
        self._live = live
        self.note_run()

    def note_run(self) -> None:
        """Name the current run."""
        self._run.clear()
        self._run.labels(self._live.now.info.run_id, self._live.now.info.dataset).set(1)


class Watch:
    """ASGI middleware around everything: gives each request an id, counts it, and logs it by its route.

    Paths hold user ids and queries hold titles, so neither is logged above the level debug.
    """

    def __init__(self, app: ASGIApp, numbers: Numbers) -> None:
        self._app = app
        self._numbers = numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        scope.setdefault("state", {})["request_id"] = request_id
        try:
            await self._app(scope, receive, sent)
        finally:
            self._note(scope, status, time.perf_counter() - began, request_id)

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path_format", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._numbers.requests.labels(method, route, status).inc()
        self._numbers.seconds.labels(route).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            facts = {"request_id": request_id, "method": method, "route": route, "status": status}
            if _log.isEnabledFor(logging.DEBUG):
                facts["path"] = scope["path"]
            _log.info("request", extra=facts | {"ms": round(seconds * 1e3, 2)})


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
