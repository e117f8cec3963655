"""CineMatch: MovieLens in, exact filters and explained recommendations out.

>>> from cinematch_lib import Preferences, Recommender
"""

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.films import Movie, Preferences
from cinematch_lib.recommender.reasons import Feature, Reason
from cinematch_lib.recommender.recommender import Recommendation, Recommender

__all__ = [
    "CineMatchError",
    "Feature",
    "Movie",
    "Preferences",
    "Reason",
    "Recommendation",
    "Recommender",
    "UnknownNameError",
]
