"""Routes about films: recommendations, similar films, search, and the catalog."""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from cinematch_lib.errors import LeftOutError, UnknownNameError
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.search import FIELDS
from cinematch_lib.serving import fields, schemas
from cinematch_lib.serving.errors import MovieNotFoundError, error_responses
from cinematch_lib.serving.experiments import Choice, Experiments
from cinematch_lib.serving.list_log import ListLog, MadeList
from cinematch_lib.serving.list_maker import EncodedList, WantedList
from cinematch_lib.serving.live_run import LiveRun, LoadedRun
from cinematch_lib.serving.metrics import Metrics
from cinematch_lib.serving.requests import DEFAULT_USER, Wishes, rejected_films, unknown_parameters
from cinematch_lib.serving.responses import json_response, list_response
from cinematch_lib.serving.store import Store
from cinematch_lib.serving.threads import FewAtOnce
from cinematch_lib.vocabulary.languages import language_name

_DEFAULT_LIMIT = 20
_LEFT_OUT = ("title", "reason", "remedy")
_MAX_INLINE = 50  # rated films; a longer profile takes long to score and would block other requests
_HEAVY_AT_ONCE, _HEAVY_WAITING = 2, 16  # requests with longer profiles, which bounds their memory


def add_film_routes(
    app: FastAPI,
    live: LiveRun,
    store: Store,
    metrics: Metrics,
    experiments: Experiments,
    log: ListLog,
    *,
    learns: bool = False,
) -> None:
    """Add the routes to `app`. Each takes the current run once and answers from it alone.

    `learns` tells whether later runs may learn from what users say.
    """
    long_profiles = FewAtOnce(f"requests with more than {_MAX_INLINE} rated films", _HEAVY_AT_ONCE, _HEAVY_WAITING)

    @app.post("/api/recommendations", response_model=schemas.RecommendationsResponse, responses=error_responses(503))
    async def recommendations(request: schemas.RecommendationRequest) -> Response:
        """Recommended films, the best first, each with its explanation."""
        choice = experiments.choose(request.user_id)
        wishes = Wishes(request, choice.run.recommender, store)
        if wishes.n_rated > _MAX_INLINE:
            return await long_profiles.run(recommend, choice, request, wishes)
        wanted = wanted_list(choice, request, wishes)
        if wanted is None or not choice.is_plain:
            return recommend(choice, request, wishes)
        with log.list_of(request.user_id) as made:
            made.run_id, made.arms = choice.run.info.run_id, choice.arms
            films, made.films = await choice.run.lists.make_soon(wanted)
        return answer(choice, request, wishes, films, made)

    def recommend(choice: Choice, request: schemas.RecommendationRequest, wishes: Wishes) -> Response:
        wanted, films = wanted_list(choice, request, wishes), b"[]"
        with log.list_of(request.user_id) as made:
            made.run_id, made.arms = choice.run.info.run_id, choice.arms
            if wanted is not None:
                films, made.films = encoded_list(choice, wanted, made)
        return answer(choice, request, wishes, films, made)

    def answer(
        choice: Choice, request: schemas.RecommendationRequest, wishes: Wishes, films: bytes, made: MadeList
    ) -> Response:
        run, ids = choice.run, list(made.films)
        metrics.recommendations.inc(len(ids))
        return list_response(
            "recommendations",
            films,
            count=len(ids),
            next_cursor=wishes.next_cursor(ids, length(choice, request)),
            user_id=request.user_id or DEFAULT_USER,
            run_id=run.info.run_id,
            list_id=made.list_id,
            attributions=run.recommender.attributions,
            ignored=wishes.ignored,
        )

    @app.get("/api/movies", response_model=schemas.MoviesResponse, responses=error_responses())
    def movies(query: Annotated[schemas.MoviesQuery, Query()], http: Request) -> Response:
        """A page of the films that fit, and the number of all that do."""
        run = live.current
        page = run.recommender.browse(**query.model_dump(include=set(schemas.MoviesQuery.model_fields)))
        films = [run.responses.film(one) for one in page.films]
        rest = {"offset": query.offset, "limit": query.limit, "ignored": unknown_parameters(query, http)}
        return json_response(movies=films, count=page.count, **rest)

    @app.get("/api/movies/{movie_id}", response_model=schemas.FilmResponse, responses=error_responses(404))
    async def movie(movie_id: fields.AnyId) -> Response:
        """One film."""
        run = live.current
        return json_response(**run.responses.film(find_movie(run, movie_id)))

    @app.get("/api/movies/{movie_id}/similar", response_model=schemas.SimilarResponse, responses=error_responses(404))
    async def similar(
        movie_id: fields.AnyId, query: Annotated[schemas.SimilarQuery, Query()], http: Request
    ) -> Response:
        """The films most similar to one film, without those that a user watched or rejected."""
        run = live.current
        film = find_movie(run, movie_id)
        rejected = rejected_films(store, query.user_id) if query.user_id else []
        known = [one for one in rejected if one in run.recommender]
        found = run.recommender.similar(movie_id, min(query.limit, len(run.recommender)), without=known)
        return list_response(
            "similar",
            run.responses.recommendations(found, with_reasons=True),
            movie_id=movie_id,
            title=film.title,
            count=len(found),
            attributions=run.recommender.attributions,
            ignored=unknown_parameters(query, http),
        )

    @app.get("/api/search", response_model=schemas.SearchResponse, responses=error_responses())
    def search(query: Annotated[schemas.SearchQuery, Query()], http: Request) -> Response:
        """Films by title, exact or misspelt, then by director and cast, then by words of the plot.

        `left_out` are films of such a title that the run lacks.
        """
        run, text = live.current, query.q
        found = [run.responses.film(one) for one in run.recommender.search(text, query.limit, query.fields or FIELDS)]
        missing = [
            {name: getattr(one, name) for name in ("movie_id", *_LEFT_OUT)} for one in run.recommender.left_out(text)
        ]
        rest = {"left_out": missing, "ignored": unknown_parameters(query, http)}
        return json_response(query=text, results=found, count=len(found), **rest)

    @app.get("/api/genres", response_model=schemas.GenresResponse, responses=error_responses())
    async def genres() -> Response:
        """The genres of the catalog."""
        return json_response(genres=live.current.recommender.genres)

    @app.get("/api/services", response_model=schemas.ServicesResponse, responses=error_responses())
    async def services() -> Response:
        """The streaming services of the catalog."""
        recommender = live.current.recommender
        return json_response(services=recommender.services, source=recommender.services_source)

    @app.get("/api/about", response_model=schemas.AboutResponse, responses=error_responses())
    async def about() -> Response:
        """The current catalog and its sources."""
        run = live.current
        first, last = run.recommender.years or (None, None)
        shortest, longest = run.recommender.runtimes or (None, None)
        languages = run.recommender.original_languages
        return json_response(
            run_id=run.info.run_id,
            num_items=len(run.recommender),
            year_min=first,
            year_max=last,
            original_languages=languages,
            language_names={code: language_name(code) for code in languages},
            runtime_min=shortest,
            runtime_max=longest,
            most_votes=run.recommender.most_votes,
            services_source=run.recommender.services_source,
            attributions=run.recommender.attributions,
            learns_from_feedback=learns,
        )


def length(choice: Choice, request: schemas.RecommendationRequest) -> int:
    """The number of films that a request asks for."""
    return min(request.limit or _DEFAULT_LIMIT, len(choice.run.recommender))


def wanted_list(choice: Choice, request: schemas.RecommendationRequest, wishes: Wishes) -> WantedList | None:
    """The list that a request asks for; None where nothing can fit."""
    if wishes.preferences is None:
        return None
    preferences = choice.side.preferences(wishes.preferences) if choice.is_plain else wishes.preferences
    options = bool(request.capped), bool(request.include_reasons)
    return WantedList(preferences, length(choice, request), *options, len(wishes.given))


def encoded_list(choice: Choice, wanted: WantedList, made: MadeList) -> EncodedList:
    """A list as JSON, and the ids of its films; from the run's cache where that has it."""
    if choice.is_plain:
        return choice.run.lists.make(wanted)
    found = choice.recommend(wanted.preferences, wanted.k, made, capped=wanted.capped)
    encoded = choice.run.responses.recommendations(found, with_reasons=wanted.with_reasons, offset=wanted.offset)
    return encoded, [one.movie_id for one in found]


def find_movie(run: LoadedRun, movie_id: int) -> Movie:
    """A film of the run. Raises MovieNotFoundError."""
    try:
        return run.recommender.movie(movie_id)
    except LeftOutError as error:
        raise MovieNotFoundError(movie_id, {name: getattr(error, name) for name in _LEFT_OUT}) from None
    except UnknownNameError:
        raise MovieNotFoundError(movie_id) from None
