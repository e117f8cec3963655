"""The FastAPI application: routes, the run that it serves, its store, and its middleware."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from cinematch_lib.artifacts.refresh_record import RefreshRecord
from cinematch_lib.serving import schemas
from cinematch_lib.serving.client_routes import add_client_routes
from cinematch_lib.serving.errors import add_error_handlers
from cinematch_lib.serving.event_routes import add_event_routes
from cinematch_lib.serving.experiments import Experiments
from cinematch_lib.serving.film_routes import add_film_routes
from cinematch_lib.serving.learning import set_learning
from cinematch_lib.serving.list_log import LOG_DAYS, ListLog
from cinematch_lib.serving.live_run import LiveRun
from cinematch_lib.serving.metrics import Metrics, MetricsMiddleware
from cinematch_lib.serving.middleware import TOKEN, AccessMiddleware, PlainRequests, SecurityHeaders
from cinematch_lib.serving.rating_routes import add_rating_routes
from cinematch_lib.serving.reference import reference_page
from cinematch_lib.serving.responses import json_response
from cinematch_lib.serving.routes import NamingRoute
from cinematch_lib.serving.store import Store
from cinematch_lib.serving.threads import SharedCall
from cinematch_lib.serving.user_routes import add_user_routes
from cinematch_lib.storage.paths import is_address

PAGE = Path(__file__).parent / "page"
ORIGINS = tuple(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (5173, 3000))
_NAME, _SERVICE = "CineMatch ML Backend", "cinematch-ml-backend"


def create_app(
    artifacts_dir: str | Path = "artifacts",
    state_dir: str | Path | None = None,
    *,
    api_token: str | None = None,
    cors_origins: Sequence[str] = ORIGINS,
    allowed_hosts: Sequence[str] = (),
    rate_limit: float | None = None,
    identify: bool = False,
    root_path: str = "",
    log_days: float = LOG_DAYS,
    learn_from_feedback: bool = False,
) -> FastAPI:
    """The application that serves the current run under `artifacts_dir`.

    Watchlists and feedback are stored in `state_dir`, by default the folder ``state`` next to `artifacts_dir`; an
    address such as ``postgresql://user@host:5432/database`` takes the place of a folder (extra ``postgres``).
    Requests under ``/api`` need `api_token` if it is set, here or in the environment variable CINEMATCH_API_TOKEN.
    `cors_origins` are the origins of web pages that may use the API; `allowed_hosts` are the host names with a dot
    under which the server answers; one address may send `rate_limit` requests a second. `identify` adds /auth/identify,
    which proves nothing about who asks: use it on loopback, or with a token. `root_path` is the path, such as
    ``/films``, under which a proxy shows the server; requests may come with it or without. Lists and events are kept
    for `log_days`. `learn_from_feedback` allows later runs to learn from what users say from now on, and the page tells
    them so; without it, earlier permission ends. Raises CineMatchError if no run can be served or the store cannot be
    opened.
    """
    artifacts = Path(artifacts_dir)
    live = LiveRun(artifacts)
    store = Store(artifacts.parent / "state" if state_dir is None else state_dir)
    set_learning(store, learn_from_feedback)
    folder = artifacts.parent / "state" if state_dir is None or is_address(state_dir) else Path(state_dir)
    metrics = Metrics(live)
    log = ListLog(store, metrics, log_days)
    experiments = Experiments(artifacts, folder, live)
    experiments.refresh()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store.open()  # closed only if the application is started a second time
        log.open()
        following = [asyncio.create_task(one.follow()) for one in (live, experiments)]
        yield
        for one in following:
            one.cancel()
        await asyncio.to_thread(log.close)
        store.close()

    version = metadata.version("cinematch-lib")
    app = FastAPI(
        title=_NAME, version=version, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.router.route_class = NamingRoute
    app.state.live = live
    add_error_handlers(app)
    _add_general_routes(app, live, store, metrics, experiments, version)
    add_film_routes(app, live, store, metrics, experiments, log, learns=learn_from_feedback)
    add_client_routes(app, live, store, metrics, experiments, log, identify=identify)
    add_user_routes(app, live, store, log)
    add_event_routes(app, log)
    add_rating_routes(app, live)
    app.mount("/page", _PageFiles(directory=PAGE, check_dir=False))
    # The middleware added last is the outermost.
    app.add_middleware(AccessMiddleware, token=api_token or os.environ.get(TOKEN), rate=rate_limit)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=cors_origins,
        allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=("*",),
        expose_headers=("X-Request-ID", "Retry-After"),
        allow_credentials="*" not in cors_origins,
    )
    app.add_middleware(SecurityHeaders, hosts=allowed_hosts)
    app.add_middleware(PlainRequests, root_path=root_path)
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    return app


def _add_general_routes(
    app: FastAPI, live: LiveRun, store: Store, metrics: Metrics, experiments: Experiments, version: str
) -> None:
    store_problem = SharedCall(lambda: store.problem)

    @app.get("/", response_model=schemas.ServiceInfo)
    async def root(request: Request) -> Response:
        """The web page for a browser; name and version for other clients."""
        if "text/html" in request.headers.get("accept", ""):
            return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache", "Vary": "Accept"})
        return json_response(
            service=_NAME, version=version, status="running", docs=f"{request.scope['root_path']}/docs"
        )

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        """The API's reference."""
        return HTMLResponse(reference_page(app.openapi(), request.scope["root_path"]))

    @app.get("/health", response_model=schemas.Health)
    async def health() -> Response:
        """Whether the newest run is served, its age, and whether the store can be trusted."""
        problem = await store_problem.result()
        run, refused = live.current, live.refused
        return json_response(
            status="ok" if refused is None and problem is None and not experiments.refused else "degraded",
            num_items=len(run.recommender),
            service=_SERVICE,
            version=version,
            run_id=run.info.run_id,
            run_created=run.info.created,
            run_age_seconds=run.age_seconds,
            refused_run=refused,
            store=problem or "ok",
            refresh=_told(live.last_refresh()),
            experiments=experiments.names,
            refused_experiments=experiments.refused,
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def prometheus() -> Response:
        """Metrics in Prometheus's text format."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _told(refresh: RefreshRecord | None) -> dict[str, object] | None:
    """What ``/health`` tells of the last refresh."""
    if refresh is None:
        return None
    return {name: getattr(refresh, name) for name in ("result", "started", "finished", "reasons", "run_id")}


class _PageFiles(StaticFiles):
    """The page's files; a browser revalidates them on each visit, since they change with the version."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response
