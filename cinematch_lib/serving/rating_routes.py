"""The route that reads one's own ratings from another service's export."""

import contextlib
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.exports import NotFound, match, parse_export
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving import rating_schemas
from cinematch_lib.serving.errors import error_responses
from cinematch_lib.serving.live_run import LiveRun
from cinematch_lib.serving.requests import unknown_fields
from cinematch_lib.serving.responses import json_response
from cinematch_lib.serving.threads import FewAtOnce

MAX_RATED = 5000  # films of one export
_WAITING = 8  # exports that wait while one is read
_MAX_CELL = 1000  # letters of a value that is repeated in the answer


def add_rating_routes(app: FastAPI, live: LiveRun) -> None:
    """Add the route to `app`. Nothing of an export is stored."""
    exports = FewAtOnce("exports", 1, _WAITING)  # a title that is not found takes some milliseconds

    @app.post("/api/ratings", response_model=rating_schemas.MatchedRatingsResponse, responses=error_responses(503))
    async def ratings(request: rating_schemas.ExportRequest) -> Response:
        """The films of this catalog that an export of Letterboxd, IMDb or Trakt rates, and those that are not here."""
        return await exports.run(read, request)

    def read(request: rating_schemas.ExportRequest) -> Response:
        recommender = live.current.recommender
        export = parse_export(request.text)
        films = export.films
        if len(films) > MAX_RATED:
            raise CineMatchError(
                f"the file rates {len(films):,} films, and at most {MAX_RATED:,} are read at once; split it"
            )
        found = match(export, recommender)
        rated = [_rated(recommender, movie_id, stars) for movie_id, stars in found.stars.items()]
        missing = [_missing(recommender, one) for one in found.not_found]
        told = {"remarks": list(found.remarks), "ignored": unknown_fields(request)}
        return json_response(ratings=rated, count=len(rated), not_found=missing, **told)


def _rated(recommender: Recommender, movie_id: int, stars: float) -> dict[str, Any]:
    movie = recommender.movie(movie_id)
    return {"movie_id": movie_id, "title": movie.title, "year": movie.year or 0, "rating": stars}


def _missing(recommender: Recommender, one: NotFound) -> dict[str, Any]:
    suggestions = []
    for label in one.suggestions:
        with contextlib.suppress(UnknownNameError):  # a film without a year whose title others have too
            film = recommender.find(label)
            suggestions.append({"movie_id": film.movie_id, "title": film.title, "year": film.year or 0})
    name = one.film.label[:_MAX_CELL]
    return {
        "line": one.film.line,
        "name": name,
        "rating": one.film.stars,
        "reason": one.reason,
        "suggestions": suggestions,
    }
