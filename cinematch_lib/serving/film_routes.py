"""Routes about films: recommendations, likeness, search, and what there is to choose from."""

from typing import Annotated

from fastapi import FastAPI, Query
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cinematch_lib.errors import UnknownNameError
from cinematch_lib.recommender.films import Movie, Preferences
from cinematch_lib.serving import schemas
from cinematch_lib.serving.answers import as_json, joined
from cinematch_lib.serving.problems import problems
from cinematch_lib.serving.profile import DEFAULT_USER, preferences_of
from cinematch_lib.serving.runs import LiveRun, Served
from cinematch_lib.serving.store import Store
from cinematch_lib.serving.watch import Numbers

_SHOWN = 20
_AT_ONCE = 50  # liked and disliked films; for more the answer takes long, and others should not wait for it


def add_film_routes(app: FastAPI, live: LiveRun, store: Store, numbers: Numbers) -> None:
    """Add the routes to `app`. Each takes hold of the current run once, and answers from that one."""

    @app.post("/api/recommendations", response_model=schemas.RecommendationsAnswer, responses=problems(503))
    async def recommendations(wanted: schemas.RecommendationRequest) -> Response:
        """Films for somebody, the best first, each with why."""
        served = live.now
        preferences = preferences_of(wanted, served.recommender, store)
        if len(preferences.liked_movie_ids) + len(preferences.disliked_movie_ids) > _AT_ONCE:
            return await run_in_threadpool(recommended, served, wanted, preferences)
        return recommended(served, wanted, preferences)

    def recommended(served: Served, wanted: schemas.RecommendationRequest, preferences: Preferences) -> Response:
        recommender = served.recommender
        k = min(wanted.limit or _SHOWN, len(recommender))
        films, count = served.recommended(preferences, k, bool(wanted.include_reasons))
        numbers.recommended.inc(count)
        rest = {
            "count": count,
            "user_id": wanted.user_id or DEFAULT_USER,
            "run_id": served.info.run_id,
            "attributions": recommender.attributions,
        }
        return _with_list("recommendations", films, rest)

    @app.get("/api/movies/{movie_id}", response_model=schemas.Film, responses=problems(404))
    async def movie(movie_id: schemas.MovieId) -> Response:
        """One film."""
        served = live.now
        return answer(served.answers.film(film_of(served, movie_id)))

    @app.get("/api/movies/{movie_id}/similar", response_model=schemas.SimilarAnswer, responses=problems(404))
    async def similar(movie_id: schemas.MovieId, limit: schemas.Limit = 10) -> Response:
        """The films most like one."""
        served = live.now
        recommender, film = served.recommender, film_of(served, movie_id)
        found = recommender.similar(movie_id, min(limit, len(recommender)))
        rest = {
            "movie_id": movie_id,
            "title": film.title,
            "count": len(found),
            "attributions": recommender.attributions,
        }
        return _with_list("similar", served.answers.recommended(found, with_reasons=True), rest)

    @app.get("/api/search", response_model=schemas.SearchAnswer, responses=problems())
    def search(
        q: Annotated[str, Query(min_length=1, max_length=200)], limit: Annotated[int, Query(ge=1, le=50)] = 10
    ) -> Response:
        """Films by title: so called, so beginning, holding the text, or spelled much like it."""
        served = live.now
        found = [served.answers.film(one) for one in served.recommender.search(q, limit)]
        return answer({"query": q, "results": found, "count": len(found)})

    @app.get("/api/genres", response_model=schemas.GenresAnswer, responses=problems())
    async def genres() -> Response:
        """The genres that films have."""
        return answer({"genres": live.now.recommender.genres})

    @app.get("/api/services", response_model=schemas.ServicesAnswer, responses=problems())
    async def services() -> Response:
        """The streaming services that films are on."""
        recommender = live.now.recommender
        return answer({"services": recommender.services, "source": recommender.services_source})

    @app.get("/api/about", response_model=schemas.AboutAnswer, responses=problems())
    async def about() -> Response:
        """The catalog in use, and whom to credit."""
        served = live.now
        recommender = served.recommender
        first, last = recommender.years or (None, None)
        return answer(
            {
                "run_id": served.info.run_id,
                "num_items": len(recommender),
                "year_min": first,
                "year_max": last,
                "services_source": recommender.services_source,
                "attributions": recommender.attributions,
            }
        )


def film_of(served: Served, movie_id: int) -> Movie:
    """A film of the run; 404 where it has none of that id."""
    try:
        return served.recommender.movie(movie_id)
    except UnknownNameError:
        raise HTTPException(404, f"Movie {movie_id} not found") from None


def _with_list(name: str, films: bytes, rest: dict[str, object]) -> Response:
    """An answer in JSON with a list that is JSON already."""
    return Response(joined(b'{"%s":%s}' % (name.encode(), films), as_json(rest)), media_type="application/json")


def answer(value: object) -> Response:
    """An answer in JSON."""
    return Response(as_json(value), media_type="application/json")
