"""CineMatch: MovieLens in, exact filters and explained recommendations out.

>>> from cinematch_lib import Preferences, Recommender
"""

from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.films import Movie, Preferences
from cinematch_lib.reasons import Feature, Reason
from cinematch_lib.recommender import Recommendation, Recommender

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
