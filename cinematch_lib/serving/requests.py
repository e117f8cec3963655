"""A request's preferences: what is known of them is used, what is not is passed over and named."""

from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from cinematch_lib.errors import LeftOutError, UnknownNameError, close_names
from cinematch_lib.recommender.preferences import FRACTIONS, Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving import fields, schemas
from cinematch_lib.serving.cursor import MAX_FILMS, decode_cursor, encode_cursor
from cinematch_lib.serving.store import Store

DEFAULT_USER = "default_user"
_ID_LISTS = ("liked_movie_ids", "disliked_movie_ids", "not_interested_ids", "seen")
_BOUNDS = ("runtime_min", "runtime_max", "year_min", "year_max")


class Wishes:
    """The preferences of a request, made of its known films, genres and services, and of what the store knows.

    Attributes
    ----------
    preferences : the preferences; None where nothing can fit: no genre, service or language named is known, or a lower
        bound is above the upper one.
    given : the films of the request's cursor, which were given before.
    ignored : what was passed over, as `schemas.Ignored` describes it.

    """

    def __init__(self, request: schemas.RecommendationRequest, recommender: Recommender, store: Store) -> None:
        self.ignored = unknown_fields(request)
        self.ignored += {one["field"]: one for rated in request.ratings or () for one in unknown_fields(rated)}.values()
        ids = {name: self._known_ids(name, getattr(request, name) or (), recommender) for name in _ID_LISTS}
        stars = {one.movie_id: one.rating for one in request.ratings or ()}
        ratings = {one: stars[one] for one in self._known_ids("ratings", stars, recommender)}
        times = {one.movie_id: one.timestamp for one in request.ratings or () if one.timestamp is not None}
        genres = self._known_names("preferred_genres", request.preferred_genres, recommender.genre)
        services = self._known_names("services", request.services, recommender.service)
        languages = self._known_names("original_languages", request.original_languages, recommender.language)
        bounds = {name: _bound(getattr(request, name)) for name in _BOUNDS}
        if request.use_feedback is not False:
            named = {one for some in (*ids.values(), ratings) for one in some}
            times |= _add_stored(ids, ratings, named, recommender, store, request)
        disliked = set(ids["disliked_movie_ids"])
        ids["liked_movie_ids"] = [one for one in ids["liked_movie_ids"] if one not in disliked]
        ratings = {one: stars for one, stars in ratings.items() if one not in disliked}
        names = {"preferred_genres": genres, "services": services, "original_languages": languages}
        self.given = decode_cursor(request.cursor) if request.cursor else set()
        ids["not_interested_ids"] += [one for one in self.given if one in recommender]
        none_known = any(getattr(request, name) and not known for name, known in names.items())
        self.preferences = None
        if not (none_known or _is_empty(bounds)):
            knobs = {name: getattr(request, name) for name in FRACTIONS}
            self.preferences = Preferences(**ids, **names, **bounds, **knobs, ratings=ratings, times=times)

    def next_cursor(self, movie_ids: list[int], k: int) -> str | None:
        """The cursor after a page with these films; None where fewer than the `k` asked for were left."""
        given = self.given.union(movie_ids)
        return encode_cursor(given) if len(movie_ids) == k and len(given) <= MAX_FILMS else None

    @property
    def n_rated(self) -> int:
        """The number of films that shape the score."""
        wanted = self.preferences
        return 0 if wanted is None else len(wanted.liked) + len(wanted.disliked) + len(wanted.watched)

    def _known_ids(self, field: str, movie_ids: Iterable[int], recommender: Recommender) -> list[int]:
        known = []
        for movie_id in dict.fromkeys(movie_ids):
            if movie_id in recommender:
                known.append(movie_id)
            else:
                self.ignored.append(ignored(field, movie_id, _why_missing(recommender, movie_id)))
        return known

    def _known_names(self, field: str, names: Iterable[str] | None, resolve: Callable[[str], str]) -> list[str]:
        known = []
        for name in names or ():
            try:
                known.append(resolve(name))
            except UnknownNameError as error:
                self.ignored.append(ignored(field, name, str(error), error.suggestions))
        return known


def unknown_fields(request: BaseModel) -> list[dict[str, Any]]:
    """The fields of a request that its schema lacks, each with the closest name of those that it has."""
    known = [name for name in type(request).model_fields if name not in request.model_fields_set]
    found = []
    for name in request.model_extra or ():
        if name == "k" and "limit" in request.model_fields_set:
            found.append(ignored(name, None, "another name of limit, which is given too and counts", ["limit"]))
            continue
        close = close_names(name, known, 1) or [one for one in known if len(name) > 1 and name in one][:1]
        hint = f"; did you mean {close[0]}?" if close else ""
        found.append(ignored(name, None, f"unknown field{hint}", close))
    return found


def unknown_parameters(query: BaseModel, http: HTTPConnection) -> list[dict[str, Any]]:
    """`unknown_fields` of a query, and the values of its parameters that are given more than once but the last."""
    found, parameters = unknown_fields(query), http.query_params
    for name in type(query).model_fields:
        if not isinstance(getattr(query, name), list):
            repeated = parameters.getlist(name)[:-1]
            found += [ignored(name, value, "it is given more than once; the last value counts") for value in repeated]
    return found


def ignored(field: str, value: object, reason: str, suggestions: Iterable[str] = ()) -> dict[str, Any]:
    """One entry of `ignored`."""
    return {"field": field, "value": value, "reason": reason, "suggestions": list(suggestions)}


def _why_missing(recommender: Recommender, movie_id: int) -> str:
    try:
        recommender.movie(movie_id)
    except LeftOutError as error:
        return str(error)
    except UnknownNameError:
        pass
    return f"no film here has the id {movie_id}"


def _bound(value: int | None) -> int | None:
    """A bound that can be compared with years and minutes; 0 is none."""
    return None if not value else max(-1, min(value, fields.MAX_ID))


def _is_empty(bounds: Mapping[str, int | None]) -> bool:
    """Whether a lower bound is above the upper one, or an upper one is below 0."""
    pairs = [(bounds[f"{name}_min"] or 0, bounds[f"{name}_max"]) for name in ("runtime", "year")]
    return any(high is not None and low > high for low, high in pairs)


def _add_stored(
    ids: dict[str, list[int]],
    ratings: dict[int, float],
    requested: Container[int],
    recommender: Recommender,
    store: Store,
    request: schemas.RecommendationRequest,
) -> dict[int, float]:
    """Add a user's stored feedback and watched films; what the request says of a film takes precedence.

    The newest MAX_IDS of each kind shape the score; the older ones that must not come back are only excluded. Films
    that the run lacks are skipped. Returns the times of what was added, in seconds since 1970.
    """
    user_id = request.user_id or DEFAULT_USER
    feedback = {one.movie_id: one for one in store.feedback(user_id)}
    watched = store.watched(user_id)
    kinds = dict.fromkeys(watched, "seen") | {one: given.kind for one, given in feedback.items()}
    stored: dict[str, list[int]] = {"like": [], "dislike": [], "not_interested": [], "seen": [], "rating": []}
    for movie_id, kind in kinds.items():
        if movie_id not in requested and movie_id in recommender:
            stored[kind].append(movie_id)
    for kind, name in (("like", "liked_movie_ids"), ("dislike", "disliked_movie_ids"), ("seen", "seen")):
        ids[name] += stored[kind][-fields.MAX_IDS :]
    ratings |= {one: feedback[one].rating or 0.0 for one in stored["rating"][-fields.MAX_IDS :]}
    older = [one for kind in ("dislike", "seen", "rating") for one in stored[kind][: -fields.MAX_IDS]]
    ids["not_interested_ids"] += stored["not_interested"] + older
    given = watched | {one: said.given for one, said in feedback.items()}
    return {one: datetime.fromisoformat(given[one]).timestamp() for of_kind in stored.values() for one in of_kind}


def rejected_films(store: Store, user_id: str) -> list[int]:
    """The films that never come back to a user: watched, disliked, or of no interest."""
    feedback = store.feedback(user_id)
    return [*store.watched(user_id), *(one.movie_id for one in feedback if one.kind not in ("like", "rating"))]
