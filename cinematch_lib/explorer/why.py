"""Why a film would be recommended to a person, wherever it stands in the ranking."""

import numpy as np

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.film_list import film_reasons
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_REPEATED = "The data set has this film under two ids, and the person knows the other one, or it is listed instead."


def why(
    recommender: Recommender | None, preferences: Preferences, movie_id: int, among: np.ndarray, dropped: str = ""
) -> str:
    """The rank of a film among the films `among`, int64 ids, and the terms of its score, as HTML.

    `dropped` is the rule by which the filters drop the film; empty for one that they keep.
    """
    if recommender is None or movie_id not in recommender:
        return markup.hint("It is not in the current run, so it cannot be recommended.")
    if movie_id in preferences.excluded:
        stars = preferences.stars(movie_id)
        known = f"gave it {stars:g} stars" if stars is not None else "likes it"
        return markup.hint(f"The person {known}; a film that is known is not recommended.")
    if dropped:
        said = f"It is not recommended, because the filters drop it ({dropped}). Without that, its score would be:"
    else:
        ranking = recommender.ranking(preferences, among=among)
        rank = np.flatnonzero(ranking == movie_id) + 1
        said = f"It has rank {rank[0]:,} of {len(ranking):,} by its score alone." if len(rank) else _REPEATED
    film = next(iter(recommender.recommend(preferences, 1, among=[movie_id])), None)
    return markup.hint(_REPEATED) if film is None else markup.hint(said) + film_reasons(film)
