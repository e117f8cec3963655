"""The newer client's API: users are numbers in the header X-User-Id, and their preferences are stored."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.rating_weights import LIKED
from cinematch_lib.serving import client_schemas as client
from cinematch_lib.serving import fields, schemas
from cinematch_lib.serving.accounts import Account, Accounts, is_number
from cinematch_lib.serving.errors import error_responses
from cinematch_lib.serving.experiments import Experiments
from cinematch_lib.serving.film_routes import find_movie
from cinematch_lib.serving.list_log import ListLog
from cinematch_lib.serving.live_run import LiveRun, LoadedRun
from cinematch_lib.serving.metrics import Metrics
from cinematch_lib.serving.requests import Wishes, unknown_parameters
from cinematch_lib.serving.responses import json_response
from cinematch_lib.serving.store import Feedback, Store, WatchlistEntry
from cinematch_lib.serving.threads import OwnThreads
from cinematch_lib.serving.user_routes import ignored_fields, is_storable, listed_film, not_in_watchlist

_UserNumber = Annotated[str | None, Header(alias="X-User-Id", description="the number of the user")]
_READ, _CHANGE, _ADD = error_responses(401, 503), error_responses(401, 404, 503), error_responses(401, 404, 409, 503)

_NUMBERS = "/auth/identify gives the number of a user"
_YEARS = {
    "recent": (2018, None),
    "2010s": (2010, 2019),
    "2000s": (2000, 2009),
    "90s": (1990, 1999),
    "classic": (None, 1989),
}
_RUNTIMES = {"short": (None, 89), "medium": (90, 150), "long": (151, None)}  # minutes
_FILM_FIELDS = ("movie_id", "title", "year", "runtime", "overview", "genres", "services", "poster_url", "poster_path")
_ITEM_FIELDS = ("movie_id", "title", "overview", "year", "runtime", "genres")


class _Users:
    """Finds the user that a request names. Raises HTTPException 401 for none."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def account(self, header: str | None) -> Account:
        """The account whose number the header X-User-Id holds."""
        if header is None:
            raise HTTPException(401, f"the header X-User-Id is missing; {_NUMBERS}")
        # HTTP has spaces around a value as no part of it, but httptools keeps those behind.
        header = header.strip(" \t")
        account = self._accounts.account(int(header)) if is_number(header) else None
        if account is None:
            raise HTTPException(401, f"there is no user {header[:20]!r}; {_NUMBERS}")
        return account

    def user_id(self, header: str | None) -> str:
        """The user id under which the store has the lists of that account."""
        return str(self.account(header).id)


def add_client_routes(
    app: FastAPI,
    live: LiveRun,
    store: Store,
    metrics: Metrics,
    experiments: Experiments,
    log: ListLog,
    *,
    identify: bool,
) -> None:
    """Add the routes to `app`, before those that have a user id in the same place; `identify` adds /auth/identify."""
    accounts, reading, changing = Accounts(store.database), OwnThreads(), OwnThreads()
    users = _Users(accounts)
    if identify:
        _add_identify_route(app, accounts, changing)
    _add_preference_routes(app, accounts, users, reading, changing)
    _add_watchlist_routes(app, live, store, users, reading, changing)
    _add_feedback_routes(app, live, store, users, reading, changing)

    @app.get("/api/recommendations", response_model=client.ClientRecommendations, responses=_READ)
    @reading.run
    def recommendations(
        query: Annotated[client.ClientQuery, Query()], http: Request, x_user_id: _UserNumber = None
    ) -> Response:
        """Films for the stored preferences and feedback. Of the filters, that of the mode counts.

        With a `cursor`, empty at first, the answer has the `next_cursor`, for a page that repeats none of its films.
        """
        account, mode, cursor = users.account(x_user_id), query.mode, query.cursor
        choice = experiments.choose(str(account.id))
        run = choice.run
        buckets = {"year": query.year_bucket, "runtime": query.runtime_bucket}
        chosen = {"genre": query.genre, "service": query.service, **buckets}
        stored = {name: value for name, value in accounts.preferences(account).items() if name != "updated_at"}
        fixed = {"user_id": str(account.id), "cursor": cursor or None}
        wishes = Wishes(
            schemas.RecommendationRequest(**stored | _mode_filter(mode, chosen) | fixed), run.recommender, store
        )
        wanted = wishes.preferences
        if wanted is not None and mode == "trending":
            wanted = _without_taste(wanted)
        k = min(query.limit, len(run.recommender))
        with log.list_of(str(account.id)) as made:
            made.run_id, made.arms = run.info.run_id, choice.arms
            found = [] if wanted is None else choice.recommend(wanted, k, made, capped=True)
            made.films = [one.movie_id for one in found]
        metrics.recommendations.inc(len(found))
        films = []
        for one in found:
            film = run.responses.film(one.movie)
            shown = {name: film[name] for name in _FILM_FIELDS}
            films.append(shown | {"score": round(one.score, 6), "explanation": one.explanation})
        following = {} if cursor is None else {"next_cursor": wishes.next_cursor(list(made.films), k)}
        ignored = wishes.ignored + unknown_parameters(query, http)
        passed_over = {"ignored": ignored} if ignored else {}
        fixed_fields = {"user_id": account.id, "mode": mode, "list_id": made.list_id}
        return json_response(recommendations=films, count=len(films), **fixed_fields, **following, **passed_over)


def _mode_filter(mode: str, chosen: dict[str, str]) -> dict[str, Any]:
    """The filter of a mode, which takes the place of the stored one. Raises RequestValidationError without it."""
    if mode not in chosen:
        return {}
    value = chosen[mode]
    if not value:
        name = mode if mode in ("genre", "service") else f"{mode}_bucket"
        missing = {"type": "missing", "loc": ("query", name), "msg": f"the mode {mode} needs the parameter {name}"}
        raise RequestValidationError([missing | {"input": None}])
    if mode in ("genre", "service"):
        return {"preferred_genres" if mode == "genre" else "services": [value]}
    low, high = (_YEARS if mode == "year" else _RUNTIMES)[value]
    return {f"{mode}_min": low, f"{mode}_max": high}


def _without_taste(wanted: Preferences) -> Preferences:
    """The same filters without likes and dislikes; the films that they name stay excluded."""
    nothing: dict[str, Any] = {"liked_movie_ids": (), "disliked_movie_ids": (), "seen": (), "ratings": None}
    return replace(wanted, **nothing, not_interested_ids=wanted.excluded)


def _add_identify_route(app: FastAPI, accounts: Accounts, changing: OwnThreads) -> None:
    @app.post("/auth/identify", response_model=client.AccountResponse, responses=_CHANGE)
    @changing.run
    def identify(request: client.IdentifyRequest) -> Response:
        """The user of an e-mail, a new one if a name comes. It proves nothing about who asks."""
        account = accounts.identify(request.email, request.name)
        if account is None:
            raise HTTPException(404, "there is no user with this e-mail; send a name too to create one")
        return json_response(**asdict(account), **ignored_fields(request))


def _add_preference_routes(
    app: FastAPI, accounts: Accounts, users: _Users, reading: OwnThreads, changing: OwnThreads
) -> None:
    @app.get("/api/preferences/me", response_model=client.StoredPreferences, responses=_READ)
    @reading.run
    def preferences(x_user_id: _UserNumber = None) -> Response:
        """The user's preferences."""
        return json_response(**accounts.preferences(users.account(x_user_id)))

    @app.put("/api/preferences/me", response_model=client.StoredPreferences, responses=_READ)
    @changing.run
    def set_preferences(request: client.PreferencesRequest, x_user_id: _UserNumber = None) -> Response:
        """Change the preferences that the request has."""
        given = request.model_dump(include=set(client.PreferencesRequest.model_fields), exclude_unset=True)
        empty = {name: [] for name, value in given.items() if value is None and not name.startswith("runtime")}
        return json_response(
            **accounts.set_preferences(users.account(x_user_id), given | empty), **ignored_fields(request)
        )


def _add_watchlist_routes(
    app: FastAPI, live: LiveRun, store: Store, users: _Users, reading: OwnThreads, changing: OwnThreads
) -> None:
    def item(user_id: str, movie_id: int) -> dict[str, Any]:
        entry = next((one for one in store.watchlist(user_id) if one.film["movie_id"] == movie_id), None)
        if entry is None:
            raise not_in_watchlist(movie_id)
        return _item(live.current, entry)

    @app.get("/api/watchlist", response_model=client.ClientWatchlist, responses=_READ)
    @reading.run
    def watchlist(x_user_id: _UserNumber = None) -> Response:
        """The user's watchlist, the newest film first."""
        run, entries = live.current, store.watchlist(users.user_id(x_user_id))
        items = [_item(run, entry) for entry in reversed(entries)]
        return json_response(items=items, count=len(items))

    @app.post("/api/watchlist", response_model=client.ClientWatchlistItem, responses=_ADD)
    @changing.run
    def add(request: client.ClientWatchlistRequest, x_user_id: _UserNumber = None) -> Response:
        """Put a film on the user's watchlist; the same item if it is there."""
        user_id, run = users.user_id(x_user_id), live.current
        film = run.responses.film(find_movie(run, request.movie_id))
        store.add_to_watchlist(user_id, film, request.service)
        return json_response(**item(user_id, request.movie_id), **ignored_fields(request))

    @app.delete("/api/watchlist/{movie_id}", response_model=client.RemovedMessage, responses=_CHANGE)
    @changing.run
    def remove(movie_id: fields.AnyId, x_user_id: _UserNumber = None) -> Response:
        """Remove a film from the user's watchlist."""
        user_id = users.user_id(x_user_id)
        if not (is_storable(movie_id) and store.remove_from_watchlist(user_id, movie_id)):
            raise not_in_watchlist(movie_id)
        return json_response(message="Removed from watchlist", movie_id=movie_id)

    @app.post("/api/watchlist/{movie_id}/watched", response_model=client.ClientWatchlistItem, responses=_CHANGE)
    @changing.run
    def set_watched(movie_id: fields.AnyId, x_user_id: _UserNumber = None) -> Response:
        """Mark a film on the user's watchlist as watched."""
        user_id = users.user_id(x_user_id)
        if is_storable(movie_id):
            store.set_watched(user_id, movie_id, True)
        return json_response(**item(user_id, movie_id))


def _add_feedback_routes(
    app: FastAPI, live: LiveRun, store: Store, users: _Users, reading: OwnThreads, changing: OwnThreads
) -> None:
    @app.post("/api/feedback", response_model=client.SignalResponse, responses=_ADD)
    @changing.run
    def give(request: client.SignalRequest, x_user_id: _UserNumber = None) -> Response:
        """Store the user's feedback on a film in place of earlier feedback."""
        user_id = users.user_id(x_user_id)
        film = find_movie(live.current, request.movie_id)
        one = store.set_feedback(user_id, film.movie_id, film.title, film.year or 0, request.signal)
        answer = {"id": one.feedback_id, "movie_id": film.movie_id, "signal": one.kind, "created_at": one.given}
        return json_response(**answer, **ignored_fields(request))

    def ids(route: Callable[[Feedback], bool], header: str | None) -> Response:
        found = [one.movie_id for one in store.feedback(users.user_id(header)) if route(one)]
        return json_response(found)

    @app.get("/api/feedback/my-likes", response_model=list[int], responses=_READ)
    @reading.run
    def likes(x_user_id: _UserNumber = None) -> Response:
        """The films that the user likes."""
        return ids(lambda one: one.kind == "like" or (one.rating or 0) >= LIKED, x_user_id)

    @app.get("/api/feedback/my-dislikes", response_model=list[int], responses=_READ)
    @reading.run
    def dislikes(x_user_id: _UserNumber = None) -> Response:
        """The films that the user dislikes or is not interested in."""
        return ids(lambda one: one.kind in ("dislike", "not_interested"), x_user_id)

    @app.post("/api/feedback/reset", response_model=client.ResetResponse, responses=_READ)
    @changing.run
    def reset(x_user_id: _UserNumber = None) -> Response:
        """Delete all of the user's feedback; preferences and watchlist stay."""
        count = store.reset_feedback(users.user_id(x_user_id))
        return json_response(success=True, message="Feedback history cleared", deleted_count=count)


def _item(run: LoadedRun, entry: WatchlistEntry) -> dict[str, Any]:
    film = listed_film(run, entry)
    return {
        "id": entry.entry_id,
        **{name: film[name] for name in _ITEM_FIELDS},
        "service": entry.service,
        "watched": entry.watched,
        "created_at": entry.added,
        "poster_url": film["poster_url"],
    }
