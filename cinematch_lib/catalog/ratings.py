"""How well liked a film is in general, from MovieLens ratings or, where there are none, TMDb votes."""

import numpy as np
import pandas as pd

# A film's own ratings are mixed with average ones, as many as this part of the rated films stays below, so
# that a film with few is held near the average. Ten at the least.
_PRIOR_QUANTILE, _LEAST_PRIOR = 0.9, 10


def rating_summary(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings per film: `movieId` as the index, `count`, and `mean` in stars."""
    grouped = ratings.groupby("movieId")["rating"]
    return pd.DataFrame({"count": grouped.size(), "mean": grouped.mean().astype("float64")})


def bayesian_average(films: pd.DataFrame, summary: pd.DataFrame | None) -> np.ndarray:
    """How well liked each film is, (films,), float64: 0 is average, +1 two stars above it.

    The Bayesian average of `summary` (from `rating_summary`), or of the columns `vote_count` and
    `vote_average` (0 to 10) where it is None; films that nobody rated are average.

    >>> films = pd.DataFrame({"movieId": [1, 2, 3]})
    >>> summary = pd.DataFrame({"count": [30, 10], "mean": [4.0, 2.0]}, index=[1, 2])
    >>> bayesian_average(films, summary).tolist()
    [0.12931, -0.197368, 0.0]
    """
    if summary is not None:
        found = summary.reindex(films["movieId"])
        count, stars = found["count"].fillna(0).to_numpy(dtype="float64"), found["mean"].fillna(0).to_numpy()
    else:
        count = films["vote_count"].astype("Float64").fillna(0).to_numpy(dtype="float64")
        stars = films["vote_average"].astype("Float64").fillna(0).to_numpy(dtype="float64") / 2
        count = np.where(stars > 0, count, 0)
    if not count.sum():
        return np.zeros(len(films))
    average = (count * stars).sum() / count.sum()
    prior = max(np.quantile(count[count > 0], _PRIOR_QUANTILE), _LEAST_PRIOR)
    return np.round((count * (stars - average)) / (count + prior) / 2, 6) + 0.0  # no negative zeros
