"""Observability: a request id, a log line and Prometheus metrics for each request."""

import logging
import re
import secrets
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.serving.live_run import LiveRun

_log = logging.getLogger("cinematch.serving")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))
_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 1, 5)  # seconds


class Metrics:
    """The Prometheus metrics of one application."""

    def __init__(self, live: LiveRun) -> None:
        self.registry = registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("cinematch_requests", "Requests answered.", labels, registry=registry)
        self.seconds = Histogram(
            "cinematch_request_seconds", "Time to answer.", ("route",), registry=registry, buckets=_BUCKETS
        )
        self.recommendations = Counter("cinematch_recommendations", "Films recommended.", registry=registry)
        self._run = Gauge("cinematch_run_info", "The current run.", ("run_id", "dataset"), registry=registry)
        films = Gauge("cinematch_films", "Films in the current run.", registry=registry)
        films.set_function(lambda: len(live.current.recommender))
        age = Gauge("cinematch_run_age_seconds", "Time since the current run was made.", registry=registry)
        age.set_function(lambda: live.current.age_seconds)
        refused = Gauge("cinematch_run_refused", "1 if the newest run was refused, else 0.", registry=registry)
        refused.set_function(lambda: live.refused is not None)
        ProcessCollector(registry=registry)
        self._live = live
        self.update_run()

    def update_run(self) -> None:
        """Label the run metric with the current run."""
        self._run.clear()
        self._run.labels(self._live.current.info.run_id, self._live.current.info.dataset).set(1)


class MetricsMiddleware:
    """The outermost ASGI middleware: gives each request an id, counts it, and logs it by its route.

    Paths contain user ids and queries contain titles, so neither is logged above the level debug.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, request_id, status = time.perf_counter(), _request_id(scope), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        scope.setdefault("state", {})["request_id"] = request_id
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._record(scope, status, time.perf_counter() - start, request_id)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path_format", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            fields = {"request_id": request_id, "method": method, "route": route, "status": status}
            if _log.isEnabledFor(logging.DEBUG):
                fields["path"] = scope["path"]
            _log.info("request", extra=fields | {"ms": round(seconds * 1e3, 2)})


def _request_id(scope: Scope) -> str:
    sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return sent.decode() if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
