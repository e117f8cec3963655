"""The application: routes, the run it serves, the store it writes to, and the doors before them."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from cinematch_lib.serving import schemas
from cinematch_lib.serving.door import AccessMiddleware, Safe
from cinematch_lib.serving.film_routes import add_film_routes, answer
from cinematch_lib.serving.problems import handle_problems
from cinematch_lib.serving.runs import LiveRun
from cinematch_lib.serving.store import Store
from cinematch_lib.serving.user_routes import add_user_routes
from cinematch_lib.serving.watch import Numbers, Watch

PAGE = Path(__file__).parent / "page"
TOKEN = "CINEMATCH_API_TOKEN"  # the name of the environment variable
ORIGINS = ("http://localhost:5173",)
_NAME, _SERVICE = "CineMatch ML Backend", "cinematch-ml-backend"


def create_app(
    artifacts_dir: str | Path = "artifacts",
    state_dir: str | Path | None = None,
    *,
    api_token: str | None = None,
    cors_origins: Sequence[str] = ORIGINS,
    allowed_hosts: Sequence[str] = (),
    rate_limit: float | None = None,
) -> FastAPI:
    """The application over the current run under `artifacts_dir`.

    What users tell it goes to `state_dir`, by default the folder ``state`` beside `artifacts_dir`. Everything
    under ``/api`` needs `api_token` where there is one, here or in the environment variable CINEMATCH_API_TOKEN.
    Pages from `cors_origins` may use it; `allowed_hosts` are names with a dot under which it is reached; one
    address may send `rate_limit` requests a second. Raises CineMatchError where no run can be served, or
    nothing can be stored.
    """
    artifacts = Path(artifacts_dir)
    live = LiveRun(artifacts)
    store = Store(artifacts.parent / "state" if state_dir is None else Path(state_dir))
    numbers = Numbers(live)
    live.on_change = numbers.note_run

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store.open()  # it is, but for an application that is started a second time
        following = asyncio.create_task(live.follow())
        yield
        following.cancel()
        store.close()

    version = metadata.version("cinematch-lib")
    app = FastAPI(title=_NAME, version=version, lifespan=lifespan, redoc_url=None)
    handle_problems(app)
    _add_general_routes(app, live, numbers, version)
    add_film_routes(app, live, store, numbers)
    add_user_routes(app, live, store)
    app.mount("/page", _Page(directory=PAGE, check_dir=False))
    # The last one added is the outermost.
    app.add_middleware(AccessMiddleware, token=api_token or os.environ.get(TOKEN), rate=rate_limit)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=cors_origins,
        allow_methods=("GET", "POST", "PUT", "DELETE"),
        allow_headers=("Authorization", "Content-Type", "X-Request-ID"),
        expose_headers=("X-Request-ID", "Retry-After"),
        allow_credentials="*" not in cors_origins,
    )
    app.add_middleware(Safe, hosts=allowed_hosts)
    app.add_middleware(Watch, numbers=numbers)
    return app


def _add_general_routes(app: FastAPI, live: LiveRun, numbers: Numbers, version: str) -> None:
    @app.get("/", response_model=schemas.Welcome)
    async def root(request: Request) -> Response:
        """The page for a browser; for other clients what this server is."""
        if "text/html" in request.headers.get("accept", ""):
            return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache", "Vary": "Accept"})
        return answer({"service": _NAME, "version": version, "status": "running", "docs": "/docs"})

    @app.get("/health", response_model=schemas.Health)
    async def health() -> Response:
        """Whether it serves the newest run, and how old that is."""
        served, refused = live.now, live.refused
        return answer(
            {
                "status": "ok" if refused is None else "degraded",
                "num_items": len(served.recommender),
                "service": _SERVICE,
                "version": version,
                "run_id": served.info.run_id,
                "run_created": served.info.created,
                "run_age_seconds": served.age_seconds,
                "refused_run": refused,
            }
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)


class _Page(StaticFiles):
    """The page's files, asked about again each time: they change with the version."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response
