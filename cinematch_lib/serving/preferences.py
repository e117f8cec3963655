"""A request's preferences, joined with the user's stored feedback."""

from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving.schemas import MAX_IDS, RecommendationRequest
from cinematch_lib.serving.store import Store

DEFAULT_USER = "default_user"
_FILTERS = ("preferred_genres", "services", "runtime_min", "runtime_max", "year_min", "year_max")


def preferences_from(request: RecommendationRequest, recommender: Recommender, store: Store) -> Preferences:
    """The preferences of a request, with the user's feedback unless `use_feedback` is false.

    If both name a film, the request takes precedence. The newest stored likes and dislikes are used, MAX_IDS of each;
    films that the run lacks are skipped. Raises CineMatchError.
    """
    ids: dict[str, list[int]] = {
        "like": list(request.liked_movie_ids or ()),
        "dislike": list(request.disliked_movie_ids or ()),
        "not_interested": list(request.not_interested_ids or ()),
    }
    if request.use_feedback is not False:
        requested = {movie_id for movie_ids in ids.values() for movie_id in movie_ids}
        stored: dict[str, list[int]] = {kind: [] for kind in ids}
        for movie_id, kind in store.feedback_kinds(request.user_id or DEFAULT_USER).items():
            if movie_id not in requested and movie_id in recommender:
                stored[kind].append(movie_id)
        ids["like"] += stored["like"][-MAX_IDS:]
        ids["dislike"] += stored["dislike"][-MAX_IDS:]
        ids["not_interested"] += stored["not_interested"]
    return Preferences(
        liked_movie_ids=ids["like"],
        disliked_movie_ids=ids["dislike"],
        not_interested_ids=ids["not_interested"],
        **{name: getattr(request, name) for name in _FILTERS},
    )
