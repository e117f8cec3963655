"""What a person wants, from what the request says and what they said before."""

from cinematch_lib.recommender.films import Preferences
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.serving.schemas import MOST_IDS, RecommendationRequest
from cinematch_lib.serving.store import Store

DEFAULT_USER = "default_user"


def preferences_of(wanted: RecommendationRequest, recommender: Recommender, store: Store) -> Preferences:
    """The preferences of a request, with the user's feedback unless it says otherwise.

    Where both name a film, the request's word counts. Of the stored likes and dislikes the newest count, 1,000 of
    each; films that this run does not have are passed over. Raises CineMatchError.
    """
    lists: dict[str, list[int]] = {
        "like": list(wanted.liked_movie_ids or ()),
        "dislike": list(wanted.disliked_movie_ids or ()),
        "not_interested": list(wanted.not_interested_ids or ()),
    }
    if wanted.use_feedback is not False:
        named = {movie_id for movie_ids in lists.values() for movie_id in movie_ids}
        stored: dict[str, list[int]] = {kind: [] for kind in lists}
        for movie_id, kind in store.kinds(wanted.user_id or DEFAULT_USER).items():
            if movie_id not in named and movie_id in recommender:
                stored[kind].append(movie_id)
        lists["like"] += stored["like"][-MOST_IDS:]
        lists["dislike"] += stored["dislike"][-MOST_IDS:]
        lists["not_interested"] += stored["not_interested"]
    return Preferences(
        liked_movie_ids=lists["like"],
        disliked_movie_ids=lists["dislike"],
        not_interested_ids=lists["not_interested"],
        preferred_genres=wanted.preferred_genres,
        services=wanted.services,
        runtime_min=wanted.runtime_min,
        runtime_max=wanted.runtime_max,
        year_min=wanted.year_min,
        year_max=wanted.year_max,
    )
