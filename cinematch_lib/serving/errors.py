"""Errors as JSON responses: always with a `detail` for a person, with suggestions or field errors where they exist."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.responses import error_response
from cinematch_lib.serving.store import ListFullError

_log = logging.getLogger("cinematch.serving")

_MAX_ERRORS, _MAX_INPUT = 20, 1000  # errors of one request, and letters of an input that is repeated
_DESCRIPTIONS = {
    400: "The body could not be read.",
    401: "The token is missing or wrong, or the user is unknown.",
    404: "The film does not exist, or is not on the list.",
    409: "The list is full.",
    413: "The body is too large.",
    422: "The request is invalid; `detail` names the field.",
    429: "Too many requests; see Retry-After.",
    503: "The stored data could not be read or written, or the server is busy; see Retry-After.",
}


class FieldError(BaseModel):
    """An invalid value in a request, in FastAPI's form: `loc` is the way to it."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any = None


class LeftOut(BaseModel):
    """Why the run lacks a film of the data set, and how to bring it in."""

    title: str
    reason: str
    remedy: str


class ErrorResponse(BaseModel):
    """The reason for an error, with similar names where they apply; for an invalid request, the invalid values."""

    detail: str | list[FieldError]
    suggestions: list[str] | None = None
    left_out: LeftOut | None = None


class MovieNotFoundError(HTTPException):
    """The run has no film with this id; `left_out` tells why, where the data set has it."""

    def __init__(self, movie_id: int, left_out: dict[str, str] | None = None) -> None:
        self.left_out = left_out
        super().__init__(404, f"Movie {movie_id} not found")


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of these error statuses and of those that every route under /api may give."""
    every = sorted({400, 401, 413, 422, 429, *statuses})
    return {status: {"model": ErrorResponse, "description": _DESCRIPTIONS[status]} for status in every}


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every error with a JSON response."""

    async def handle_http(request: Request, error: HTTPException) -> Response:
        if isinstance(error, MovieNotFoundError) and error.left_out:
            return error_response(404, str(error.detail), left_out=error.left_out)
        if error.status_code == 400 and error.__cause__ is not None:
            return error_response(400, f"the body could not be read as JSON in UTF-8: {error.__cause__}")
        if error.status_code == 405:
            return error_response(405, str(error.detail), {"Allow": ", ".join(_methods(request))})
        return error_response(error.status_code, str(error.detail), error.headers)

    async def handle_validation(request: Request, error: RequestValidationError) -> Response:
        detail = [_field_error(one) for one in error.errors()[:_MAX_ERRORS]]
        if [one["loc"] for one in detail] == [["body"]] and not _is_json(request):
            detail[0]["msg"] += "; send JSON with the header Content-Type: application/json"
        return error_response(422, detail)

    async def handle_cinematch(request: Request, error: CineMatchError) -> Response:
        if isinstance(error, StoreError):
            _log.error("store failed", extra={"reason": str(error), "request_id": request.state.request_id})
            return error_response(503, str(error), {"Retry-After": "5"})
        found = list(error.suggestions) if isinstance(error, UnknownNameError) else []
        suggestions = {"suggestions": found} if found else {}
        return error_response(409 if isinstance(error, ListFullError) else 422, str(error), **suggestions)

    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(RequestValidationError, handle_validation)
    app.add_exception_handler(CineMatchError, handle_cinematch)
    app.add_middleware(_UnhandledErrors)


def _methods(request: Request) -> list[str]:
    """The methods of all routes at the path of a request."""
    found = set[str]()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _field_error(error: Mapping[str, Any]) -> dict[str, Any]:
    """An error of pydantic in FastAPI's form; a long input, or one that is no text, is left out."""
    fields = {"type": error["type"], "loc": list(error["loc"]), "msg": error["msg"]}
    if error["type"] == "json_invalid":  # FastAPI keeps the reason apart
        fields["msg"] += f": {error['ctx']['error']}"
    given = error.get("input")
    if not isinstance(given, bytes) and len(repr(given)) <= _MAX_INPUT:
        fields["input"] = to_jsonable_python(given, inf_nan_mode="null", fallback=repr)
    return fields


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "")


class _UnhandledErrors:
    """ASGI middleware that logs an unhandled exception once and answers with status 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:  # the server stops, and has waited for this request as long as it may
            _log.error("given up", extra={"request_id": scope["state"]["request_id"]})
            if not started:
                await error_response(503, "the server stops; try again later", {"Retry-After": "5"})(
                    scope, receive, send
                )
        except Exception:
            _log.exception("failed", extra={"request_id": scope["state"]["request_id"]})
            if started:
                raise  # the connection is closed, so that the client sees an incomplete response
            reason = "internal error; the log has the details under this response's X-Request-ID"
            await error_response(500, reason)(scope, receive, send)
