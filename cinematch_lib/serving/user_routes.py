"""Routes about users: their watchlist, their feedback, and all their stored data."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cinematch_lib.serving import fields, user_schemas
from cinematch_lib.serving.accounts import Accounts
from cinematch_lib.serving.errors import error_responses
from cinematch_lib.serving.film_routes import find_movie
from cinematch_lib.serving.list_log import ListLog
from cinematch_lib.serving.live_run import LiveRun, LoadedRun
from cinematch_lib.serving.requests import unknown_fields, unknown_parameters
from cinematch_lib.serving.responses import json_response
from cinematch_lib.serving.store import Store, WatchlistEntry
from cinematch_lib.serving.threads import OwnThreads

_User = Annotated[fields.UserId, Path()]
_LASTING = ("director", "cast", "tmdb_id", "imdb_id", "poster_path", "poster_url", "original_language")
_READ, _CHANGE, _ADD = error_responses(503), error_responses(404, 503), error_responses(404, 409, 503)


class _UserConvertor(PathConvertor):
    """Any text in a path, including slashes and line breaks, so that an invalid id gets a 422 and not a 404."""

    regex = r"[\s\S]+"


register_url_convertor("user", _UserConvertor())


def add_user_routes(app: FastAPI, live: LiveRun, store: Store, log: ListLog) -> None:
    """Add the routes to `app`. They run in threads, since they wait for the disk. A user id may contain slashes."""
    reading, changing, accounts = OwnThreads(), OwnThreads(), Accounts(store.database)
    _add_watchlist_routes(app, live, store, reading, changing)
    _add_feedback_routes(app, live, store, reading, changing)

    @app.get("/api/users/{user_id:user}/data", response_model=user_schemas.UserData, responses=_READ)
    @reading.run
    def data(user_id: _User) -> Response:
        """All stored data of a user."""
        watchlist, feedback = _watchlist_items(live.current, store.watchlist(user_id)), _feedback_items(store, user_id)
        lists = {"lists": log.user_data(user_id)}
        return json_response(user_id=user_id, watchlist=watchlist, feedback=feedback, **lists, **accounts.data(user_id))

    @app.delete("/api/users/{user_id:user}/data", response_model=user_schemas.DeletedResponse, responses=_READ)
    @changing.run
    def delete_data(user_id: _User) -> Response:
        """Delete all stored data of a user."""
        lists = log.delete_user(user_id)
        watchlist, feedback, account = store.delete_user(user_id)
        message = "All data deleted" if watchlist or feedback or account or lists else "There was nothing to delete"
        rest = {"account": True} if account else {}
        counts = {"watchlist": watchlist, "feedback": feedback, "lists": lists}
        return json_response(message=message, user_id=user_id, **counts, **rest)


def _add_watchlist_routes(app: FastAPI, live: LiveRun, store: Store, reading: OwnThreads, changing: OwnThreads) -> None:
    @app.get("/api/watchlist/{user_id:user}", response_model=user_schemas.WatchlistResponse, responses=_READ)
    @reading.run
    def watchlist(user_id: _User) -> Response:
        """A user's watchlist in the order of adding."""
        items = _watchlist_items(live.current, store.watchlist(user_id))
        return json_response(user_id=user_id, items=items, count=len(items))

    @app.post("/api/watchlist/{user_id:user}", response_model=user_schemas.FilmMessage, responses=_ADD)
    @changing.run
    def add(user_id: _User, request: user_schemas.WatchlistRequest) -> Response:
        """Add a film to a user's watchlist."""
        run = live.current
        film = find_movie(run, request.movie_id)
        if store.add_to_watchlist(user_id, run.responses.film(film)):
            message = {"message": "Added to watchlist", "movie_id": film.movie_id, "title": film.title}
        else:
            message = {"message": "Movie already in watchlist", "movie_id": film.movie_id}
        return json_response(**message, **ignored_fields(request))

    @app.put(
        "/api/watchlist/{user_id:user}/{movie_id}/watched",
        response_model=user_schemas.WatchedMessage,
        responses=_CHANGE,
    )
    @changing.run
    def set_watched(
        user_id: _User, movie_id: fields.AnyId, query: Annotated[user_schemas.WatchedQuery, Query()], http: Request
    ) -> Response:
        """Mark a film on a user's watchlist as watched or not."""
        watched = query.watched
        if not (is_storable(movie_id) and store.set_watched(user_id, movie_id, watched)):
            raise not_in_watchlist(movie_id)
        message = "Marked as watched" if watched else "Marked as not watched"
        return json_response(
            message=message, movie_id=movie_id, watched=watched, **_named(unknown_parameters(query, http))
        )

    @app.delete("/api/watchlist/{user_id:user}/{movie_id}", response_model=user_schemas.FilmMessage, responses=_CHANGE)
    @changing.run
    def remove(user_id: _User, movie_id: fields.AnyId) -> Response:
        """Remove a film from a user's watchlist."""
        title = store.remove_from_watchlist(user_id, movie_id) if is_storable(movie_id) else None
        if title is None:
            raise not_in_watchlist(movie_id)
        return json_response(message="Removed from watchlist", movie_id=movie_id, title=title)


def _add_feedback_routes(app: FastAPI, live: LiveRun, store: Store, reading: OwnThreads, changing: OwnThreads) -> None:
    @app.get("/api/feedback/{user_id:user}", response_model=user_schemas.FeedbackResponse, responses=_READ)
    @reading.run
    def feedback(user_id: _User) -> Response:
        """A user's feedback, the oldest first."""
        items = _feedback_items(store, user_id)
        return json_response(user_id=user_id, items=items, count=len(items))

    @app.post("/api/feedback/{user_id:user}", response_model=user_schemas.FeedbackMessage, responses=_ADD)
    @changing.run
    def set_feedback(user_id: _User, request: user_schemas.FeedbackRequest) -> Response:
        """Store a user's feedback on a film, in place of earlier feedback, or clear it."""
        movie_id, kind, run = request.movie_id, request.feedback, live.current
        if kind == "clear":  # possible also for a film of an earlier run
            if is_storable(movie_id):
                store.clear_feedback(user_id, movie_id)
            title = run.recommender.movie(movie_id).title if movie_id in run.recommender else None
            message, kind = "Feedback cleared", None
        else:
            film = find_movie(run, movie_id)
            store.set_feedback(user_id, movie_id, film.title, film.year or 0, kind, request.rating)
            message, title = "Feedback saved", film.title
        stars = {} if request.rating is None else {"rating": request.rating}
        return json_response(
            message=message, movie_id=movie_id, title=title, feedback=kind, **stars, **ignored_fields(request)
        )


def _watchlist_items(run: LoadedRun, entries: list[WatchlistEntry]) -> list[dict[str, Any]]:
    items = []
    for entry in entries:
        rest = {"added_date": entry.added, "watched": entry.watched}
        items.append(listed_film(run, entry) | rest | {"available": entry.film["movie_id"] in run.recommender})
    return items


def listed_film(run: LoadedRun, entry: WatchlistEntry) -> dict[str, Any]:
    """A film on a watchlist. What the run does not know of it is as it was when the film was added."""
    stored, movie_id = entry.film, entry.film["movie_id"]
    if movie_id not in run.recommender:
        return {"poster_url": None, **stored}  # which films that an earlier version stored do not have
    film = run.responses.film(run.recommender.movie(movie_id))
    for name in ("overview", "runtime"):
        if stored.get(f"{name}_known") and not film[f"{name}_known"]:
            film |= {name: stored[name], f"{name}_known": True}
    return film | {name: stored[name] for name in _LASTING if stored.get(name) and not film[name]}


def _feedback_items(store: Store, user_id: str) -> list[dict[str, Any]]:
    items = []
    for one in store.feedback(user_id):
        film = {"movie_id": one.movie_id, "title": one.title, "year": one.year}
        stars = {} if one.rating is None else {"rating": one.rating}
        items.append(film | {"feedback": one.kind, "date": one.given} | stars)
    return items


def ignored_fields(request: BaseModel) -> dict[str, Any]:
    """The field `ignored` of an answer, where the request had unknown fields."""
    return _named(unknown_fields(request))


def _named(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ignored": found} if found else {}


def is_storable(movie_id: int) -> bool:
    """Whether SQLite can hold an id; no film has others."""
    return movie_id.bit_length() < 64


def not_in_watchlist(movie_id: int) -> HTTPException:
    """The error 404 for a film that is not on the user's watchlist."""
    return HTTPException(404, f"Movie {movie_id} not in watchlist")
