"""CineMatch: MovieLens in, exact filters and explained recommendations out.

>>> from cinematch_lib import Preferences, Recommender
"""

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.reasons import Feature, Reason
from cinematch_lib.recommender.recommendations import Recommendation, Recommendations
from cinematch_lib.recommender.recommender import Recommender

__all__ = [
    "CineMatchError",
    "Feature",
    "Movie",
    "Preferences",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Recommender",
    "UnknownNameError",
]


def __dir__() -> list[str]:
    return __all__  # what completion offers: the public names, not the rooms that were imported on the way
