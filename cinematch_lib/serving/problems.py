"""Errors as answers: always a text for a person, with close names or a list of slips where there are any."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.serving.schemas import Problem
from cinematch_lib.serving.store import ListFullError, StoreError

_log = logging.getLogger("cinematch.serving")

_MEANING = {
    400: "The body could not be read.",
    401: "The token is missing or wrong.",
    404: "No such film, or not on the list.",
    409: "The list is full.",
    413: "The body is too large.",
    422: "Something in the request is wrong; the text names it.",
    429: "Too many requests; see Retry-After.",
    503: "It could not be saved or read.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: what these statuses mean, beside those that every route under /api may give."""
    every = sorted({400, 401, 413, 422, 429, *statuses})
    return {status: {"model": Problem, "description": _MEANING[status]} for status in every}


def handle_problems(app: FastAPI) -> None:
    """Make every error of `app` an answer."""

    async def http(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"detail": str(error.detail)}, error.status_code, error.headers)

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return slips(error.errors())

    async def cinematch(request: Request, error: CineMatchError) -> Response:
        if isinstance(error, StoreError):
            _log.error("store failed", extra={"reason": str(error), "request_id": request.state.request_id})
            return JSONResponse({"detail": str(error)}, 503)
        body: dict[str, Any] = {"detail": str(error)}
        if isinstance(error, UnknownNameError) and error.suggestions:
            body["suggestions"] = list(error.suggestions)
        return JSONResponse(body, 409 if isinstance(error, ListFullError) else 422)

    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(CineMatchError, cinematch)
    app.add_middleware(_Unforeseen)


class _Unforeseen:
    """ASGI middleware that answers for errors that nobody foresaw, and logs them once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            _log.exception("failed", extra={"request_id": scope["state"]["request_id"]})
            if started:
                raise  # the answer breaks off, as the client must see
            what = "something went wrong here; the log says what, under X-Request-ID"
            await JSONResponse({"detail": what}, 500)(scope, receive, send)


def slips(errors: Sequence[Mapping[str, Any]]) -> Response:
    """The answer to a request that breaks the schema: each slip with its place, by pydantic's account."""
    found = [{"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in errors[:20]]
    text = "; ".join(f"{one['where']}: {one['message']}" for one in found)
    return JSONResponse({"detail": text, "errors": found}, 422)
