"""The quality of a film regardless of the user: the Bayesian average of its ratings, or of TMDb's votes."""

import numpy as np
import pandas as pd

# The prior weight: this quantile of the films' numbers of ratings, and 10 at least.
_PRIOR_QUANTILE, _MIN_PRIOR = 0.9, 10


def rating_summary(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings per film: indexed by `movieId`, with their `count` and their `mean` in stars."""
    grouped = ratings.groupby("movieId")["rating"]
    return pd.DataFrame({"count": grouped.size(), "mean": grouped.mean().astype("float64")})


def bayesian_average(films: pd.DataFrame, summary: pd.DataFrame | None) -> np.ndarray:
    """The quality prior of each film, float64 (films,): 0 for an average film, +1 for one two stars above it.

    A film with n ratings of mean r gets n / (n + p) · (r − m) / 2, where m is the mean of all ratings and p the
    prior weight (the Bayesian average less m, in units of two stars). Counts and means are those of `summary`
    (see `rating_summary`), or without it the columns `vote_count` and `vote_average` (0 to 10) of `films`. A
    film without ratings has the prior 0.

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
    mean = (count * stars).sum() / count.sum()
    prior = max(np.quantile(count[count > 0], _PRIOR_QUANTILE), _MIN_PRIOR)
    return np.round((count * (stars - mean)) / (count + prior) / 2, 6) + 0.0  # no negative zeros
