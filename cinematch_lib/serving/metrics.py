"""Observability: a request id, a log line and Prometheus metrics for each request."""

import logging
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.artifacts.refresh_record import FAILED, HELD_BACK, NOTHING_DUE, PROMOTED
from cinematch_lib.serving.connections import REFUSED
from cinematch_lib.serving.live_run import LiveRun

_log = logging.getLogger("cinematch.serving")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))
_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 1, 5)  # seconds


class Metrics:
    """The Prometheus metrics of one application, `registry`.

    Where the environment names a folder in PROMETHEUS_MULTIPROC_DIR, they are the sums over all processes that do.
    """

    def __init__(self, live: LiveRun) -> None:
        self.registry = own = CollectorRegistry()
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if folder:
            own = CollectorRegistry()  # is not shown: its values are in the folder, with those of other processes
            MultiProcessCollector(self.registry, folder)
        labels = ("method", "route", "status")
        self.requests = Counter("cinematch_requests", "Requests answered.", labels, registry=own)
        self.seconds = Histogram(
            "cinematch_request_seconds", "Time to answer.", ("route",), registry=own, buckets=_BUCKETS
        )
        self.recommendations = Counter("cinematch_recommendations", "Films recommended.", registry=own)
        self.events = Counter("cinematch_events", "Events stored.", registry=own)
        self.lost_events = Counter("cinematch_lost_events", "Events not stored.", registry=own)
        self.lost_lists = Counter("cinematch_lost_lists", "Lists not logged.", registry=own)
        self.registry.register(_RunCollector(live))
        self.registry.register(_ProcessesCollector(folder))


class _RunCollector(Collector):
    """Metrics of the run that is served."""

    def __init__(self, live: LiveRun) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """The current values."""
        run, refused = self._live.current, self._live.refused is not None
        info = GaugeMetricFamily("cinematch_run_info", "The current run.", labels=("run_id", "dataset"))
        info.add_metric((run.info.run_id, run.info.dataset), 1)
        yield info
        yield GaugeMetricFamily("cinematch_films", "Films in the current run.", len(run.recommender))
        yield GaugeMetricFamily("cinematch_run_age_seconds", "Time since the current run was made.", run.age_seconds)
        yield GaugeMetricFamily("cinematch_run_refused", "1 if the newest run was refused, else 0.", refused)
        refresh = self._live.last_refresh()
        age, result = (refresh.age_seconds, refresh.result) if refresh else (float("nan"), "")
        yield GaugeMetricFamily("cinematch_refresh_age_seconds", "Time since the last refresh; NaN for none.", age)
        confirmed = age if result in (NOTHING_DUE, PROMOTED) else run.age_seconds
        data_age = min(run.age_seconds, confirmed)
        help_text = "Time since the data of the current run were read, or found to be the newest."
        yield GaugeMetricFamily("cinematch_data_age_seconds", help_text, data_age)
        for one in (HELD_BACK, FAILED):
            name = f"cinematch_refresh_{one.replace(' ', '_')}"
            yield GaugeMetricFamily(name, f"1 if the last refresh ended as {one}, else 0.", result == one)


class _ProcessesCollector(Collector):
    """Memory, CPU time and files of this process, or the sums over all that write their values into `folder`."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """The current values."""
        pids = {os.getpid()}
        if self._folder:
            pids |= {int(one.stem.removeprefix("counter_")) for one in Path(self._folder).glob("counter_*.db")}
        sums: dict[str, Metric] = {}
        for pid in sorted(pids):  # nothing is collected of a process that has ended
            for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():
                known = sums.setdefault(metric.name, metric)
                if known is not metric and not metric.name.endswith("start_time_seconds"):
                    known.samples = [
                        one._replace(value=one.value + other.value)
                        for one, other in zip(known.samples, metric.samples, strict=True)
                    ]
        return sums.values()


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
            status = scope["state"].get(REFUSED, status)
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
