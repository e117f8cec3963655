"""How much a rating counts as an input of the item-to-item weights, in training and in recommending."""

from collections.abc import Mapping, Sequence

import numpy as np

from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS

LIKED = 4.0  # a rating of this or more is a like
SEEN_WEIGHT = 0.45  # of a film that was seen and not rated
HISTORY_HALF_LIFE = 2.0  # years after which an opinion counts half of the newest one
_LEAST_AGE_WEIGHT = 2.0**-20  # that of 40 years: no opinion counts for nothing, as 0.5 to a high power would
_DAY, _DAYS_A_YEAR = 86_400, 365.25
_LOVED, _NEUTRAL = 4.5, 3.0
_RATING_WEIGHTS = (1.2, 1.0, 0.6, 0.3)  # of ratings from _LOVED, LIKED and _NEUTRAL on, and below
HATED = 2.0  # a rating below this says nothing for other films where few films are known
_FEW, _SEVERAL = 10, 20  # known films up to which it says nothing, and from which it says as much as in training


def rating_weight(ratings: np.ndarray) -> np.ndarray:
    """The weight w of each rating: float64 of the same shape.

    Low ratings have a positive weight too, because the user chose to watch the film.

    >>> rating_weight(np.array([5.0, 4.0, 3.5, 3.0, 2.5, 0.5])).tolist()
    [1.2, 1.0, 0.6, 0.6, 0.3, 0.3]
    """
    conditions = [ratings >= _LOVED, ratings >= LIKED, ratings >= _NEUTRAL]
    return np.select(conditions, _RATING_WEIGHTS[:3], _RATING_WEIGHTS[3])


def low_rating_factors(
    ratings: np.ndarray, n_known: np.ndarray | int, highest: np.ndarray | float = HIGHEST_STARS
) -> np.ndarray:
    """What the weights of ratings are multiplied by where `n_known` films of the user are known: float64, 0 to 1.

    Below 2 stars it is min(1, max(0, (n − 10) / 10)), or 0 where the `highest` rating of the user is below 2 stars too,
    and else 1. In a long history, a low rating tells that the user watches such films; somebody who names a few and
    gives one of them a star does not ask for more of its kind.

    >>> low_rating_factors(np.array([0.5, 1.5, 2.0]), 3).tolist(), low_rating_factors(np.array([0.5]), 15).tolist()
    ([0.0, 0.0, 1.0], [0.5])
    """
    factor = np.clip((np.asarray(n_known) - _FEW) / (_SEVERAL - _FEW), 0.0, 1.0)
    factor = np.where(np.asarray(highest) < HATED, 0.0, factor)
    return np.where(np.asarray(ratings) < HATED, factor, 1.0)


def age_weights(ages: np.ndarray, half_life: float = HISTORY_HALF_LIFE) -> np.ndarray:
    """2^(−age / half-life) of each opinion, `ages` in seconds before the newest one: float64 of the same shape.

    Whole days count, so that all that is said in one visit counts alike. No weight is below 2^−20.

    >>> age_weights(np.array([0.0, 3600.0, 4 * 365.25 * 86_400])).tolist()
    [1.0, 1.0, 0.25]
    """
    halvings = np.asarray(ages, dtype=np.float64) // _DAY / (half_life * _DAYS_A_YEAR)
    weights: np.ndarray = np.maximum(0.5**halvings, _LEAST_AGE_WEIGHT)
    return weights


def ages_of(movie_ids: Sequence[int], times: Mapping[int, float]) -> np.ndarray:
    """The seconds between the newest of `times` and those of the films, 0 without a time: float64 (films,)."""
    newest = max(times.values(), default=0.0)
    return np.array([newest - times.get(one, newest) for one in movie_ids], dtype=np.float64)
