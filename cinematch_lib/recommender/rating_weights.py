"""How much a rating counts as an input of the item-to-item weights, in training and in recommending."""

import numpy as np

LIKED = 4.0  # a rating of this or more is a like
SEEN_WEIGHT = 0.45  # of a film that was seen and not rated
_LOVED, _NEUTRAL = 4.5, 3.0
_RATING_WEIGHTS = (1.2, 1.0, 0.6, 0.3)  # of ratings from _LOVED, LIKED and _NEUTRAL on, and below


def rating_weight(ratings: np.ndarray) -> np.ndarray:
    """The weight w of each rating: float64 of the same shape.

    Low ratings have a positive weight too, because the user chose to watch the film.

    >>> rating_weight(np.array([5.0, 4.0, 3.5, 3.0, 2.5, 0.5])).tolist()
    [1.2, 1.0, 0.6, 0.6, 0.3, 0.3]
    """
    conditions = [ratings >= _LOVED, ratings >= LIKED, ratings >= _NEUTRAL]
    return np.select(conditions, _RATING_WEIGHTS[:3], _RATING_WEIGHTS[3])
