"""Routes whose answers name the parameters of the address that they do not take."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from cinematch_lib.errors import close_names
from cinematch_lib.serving.requests import ignored
from cinematch_lib.serving.responses import json_response

_UNKNOWN = "unknown parameter; this path takes none"
_BESIDE_BODY = "a parameter of the address; here fields are in the body"


class NamingRoute(APIRoute):
    """A route that adds to `ignored` of its answer, where that is a JSON object, the parameters of the address.

    A route that takes some of them names the others itself, by `requests.unknown_parameters`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, and what it passes over."""
        handle = super().get_route_handler()
        if self.dependant.query_params:
            return handle

        async def handle_and_name(request: Request) -> Response:
            response = await handle(request)
            if request.scope["query_string"] and response.body[:1] == b"{":
                answer = json.loads(response.body)
                answer["ignored"] = [*answer.get("ignored", ()), *self._ignored(request)]
                return json_response(**answer)
            return response

        return handle_and_name

    def _ignored(self, request: Request) -> list[dict[str, Any]]:
        given = request.query_params.multi_items()
        if self.body_field is None:
            return [ignored(name, None, _UNKNOWN) for name, _ in given]
        known = self.body_field.field_info.annotation.model_fields
        return [ignored(name, value, _BESIDE_BODY, close_names(name, known, 1)) for name, value in given]
