"""Routes about users: their watchlist, their feedback, and all that is stored of them."""

from typing import Annotated, Any

from fastapi import FastAPI, Path
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cinematch_lib.errors import UnknownNameError
from cinematch_lib.serving import schemas
from cinematch_lib.serving.film_routes import answer, film_of
from cinematch_lib.serving.problems import problems
from cinematch_lib.serving.runs import LiveRun, Served
from cinematch_lib.serving.store import Opinion, Saved, Store

_User = Annotated[schemas.UserId, Path()]


class _UserConvertor(Convertor[str]):
    """Any text in a path, slashes too, and line breaks, so that these are refused by a reason and not as a path."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("user", _UserConvertor())


def add_user_routes(app: FastAPI, live: LiveRun, store: Store) -> None:
    """Add the routes to `app`. They run in threads, for they wait for the disk. A user id may hold a slash."""
    _add_watchlist_routes(app, live, store)
    _add_feedback_routes(app, live, store)

    @app.get("/api/users/{user_id:user}/data", response_model=schemas.UserData, responses=problems(503))
    def data(user_id: _User) -> Response:
        """Everything that is stored of a user."""
        lists = {"watchlist": _items(live.now, store.watchlist(user_id)), "feedback": _opinions(store, user_id)}
        return answer({"user_id": user_id} | lists)

    @app.delete("/api/users/{user_id:user}/data", response_model=schemas.Deleted, responses=problems(503))
    def delete_data(user_id: _User) -> Response:
        """Delete everything that is stored of a user."""
        films, opinions = store.forget(user_id)
        message = "All data deleted" if films or opinions else "There was nothing to delete"
        return answer({"message": message, "user_id": user_id, "watchlist": films, "feedback": opinions})


def _add_watchlist_routes(app: FastAPI, live: LiveRun, store: Store) -> None:
    @app.get("/api/watchlist/{user_id:user}", response_model=schemas.WatchlistAnswer, responses=problems(503))
    def watchlist(user_id: _User) -> Response:
        """A user's watchlist in the order in which films were added."""
        items = _items(live.now, store.watchlist(user_id))
        return answer({"user_id": user_id, "items": items, "count": len(items)})

    @app.post(
        "/api/watchlist/{user_id:user}",
        response_model=schemas.FilmMessage,
        responses=problems(404, 409, 503),
    )
    def add(user_id: _User, choice: schemas.FilmChoice) -> Response:
        """Put a film on a user's watchlist."""
        served = live.now
        film = film_of(served, choice.movie_id)
        if store.add(user_id, served.answers.film(film)):
            return answer({"message": "Added to watchlist", "movie_id": film.movie_id, "title": film.title})
        return answer({"message": "Movie already in watchlist", "movie_id": film.movie_id})

    @app.delete(
        "/api/watchlist/{user_id:user}/{movie_id}",
        response_model=schemas.FilmMessage,
        responses=problems(404, 503),
    )
    def remove(user_id: _User, movie_id: schemas.MovieId) -> Response:
        """Take a film off a user's watchlist."""
        title = store.remove(user_id, movie_id)
        if title is None:
            raise _not_on_the_list(movie_id)
        return answer({"message": "Removed from watchlist", "movie_id": movie_id, "title": title})

    @app.put(
        "/api/watchlist/{user_id:user}/{movie_id}/watched",
        response_model=schemas.WatchedMessage,
        responses=problems(404, 503),
    )
    def mark(user_id: _User, movie_id: schemas.MovieId, watched: bool = True) -> Response:
        """Note whether a film on a user's watchlist was watched."""
        if not store.set_watched(user_id, movie_id, watched):
            raise _not_on_the_list(movie_id)
        message = "Marked as watched" if watched else "Marked as not watched"
        return answer({"message": message, "movie_id": movie_id, "watched": watched})


def _add_feedback_routes(app: FastAPI, live: LiveRun, store: Store) -> None:
    @app.get("/api/feedback/{user_id:user}", response_model=schemas.FeedbackAnswer, responses=problems(503))
    def feedback(user_id: _User) -> Response:
        """What a user said of films, the oldest first."""
        items = _opinions(store, user_id)
        return answer({"user_id": user_id, "items": items, "count": len(items)})

    @app.post(
        "/api/feedback/{user_id:user}",
        response_model=schemas.FeedbackMessage,
        responses=problems(404, 409, 503),
    )
    def give(user_id: _User, given: schemas.FeedbackRequest) -> Response:
        """Note what a user thinks of a film, in place of what they said before, or take it back."""
        served = live.now
        if given.feedback == "clear":  # also of a film that was in an earlier run
            store.take_back(user_id, given.movie_id)
            return answer(
                {
                    "message": "Feedback cleared",
                    "movie_id": given.movie_id,
                    "title": _title(served, given.movie_id),
                    "feedback": None,
                }
            )
        film = film_of(served, given.movie_id)
        store.give(user_id, film.movie_id, film.title, film.year or 0, given.feedback)
        return answer(
            {
                "message": "Feedback saved",
                "movie_id": film.movie_id,
                "title": film.title,
                "feedback": given.feedback,
            }
        )


def _items(served: Served, saved: list[Saved]) -> list[dict[str, Any]]:
    """Watchlist items: films as the run has them, or as they were when added where it has them no more."""
    items = []
    for one in saved:
        film, available = one.film, True
        try:
            film = served.answers.film(served.recommender.movie(one.film["movie_id"]))
        except UnknownNameError:
            available = False
        items.append({**film, "added_date": one.added, "watched": one.watched, "available": available})
    return items


def _opinions(store: Store, user_id: str) -> list[dict[str, Any]]:
    return [_opinion(one) for one in store.opinions(user_id)]


def _opinion(one: Opinion) -> dict[str, Any]:
    return {
        "movie_id": one.movie_id,
        "title": one.title,
        "year": one.year,
        "feedback": one.kind,
        "date": one.given,
    }


def _title(served: Served, movie_id: int) -> str | None:
    try:
        return served.recommender.movie(movie_id).title
    except UnknownNameError:
        return None


def _not_on_the_list(movie_id: int) -> HTTPException:
    return HTTPException(404, f"Movie {movie_id} not in watchlist")
