"""The route for events: what users saw of a list, and did with its films."""

import asyncio
import time

from fastapi import FastAPI
from starlette.responses import Response

from cinematch_lib.experiments.log import Event
from cinematch_lib.serving import event_schemas
from cinematch_lib.serving.errors import error_responses
from cinematch_lib.serving.list_log import ListLog
from cinematch_lib.serving.requests import unknown_fields
from cinematch_lib.serving.responses import json_response


def add_event_routes(app: FastAPI, log: ListLog) -> None:
    """Add the route to `app`."""

    @app.post("/api/events", response_model=event_schemas.EventsResponse, responses=error_responses(503))
    async def events(request: event_schemas.EventsRequest) -> Response:
        """Log events; they are on the disk when the answer comes. An event with a known id is counted once."""
        received = time.time()
        given = [
            Event(one.event_id, one.list_id, one.type, one.movie_id, one.position, received) for one in request.events
        ]
        await asyncio.wrap_future(log.add_events(given))
        ignored = unknown_fields(request)
        ignored += {one["field"]: one for event in request.events for one in unknown_fields(event)}.values()
        return json_response(accepted=len(given), ignored=ignored)
