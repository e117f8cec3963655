"""Ratings of MovieLens 32M's size, drawn by chance: for time and memory, never for quality."""

from pathlib import Path

import numpy as np
import pandas as pd

USERS = 200_948  # of MovieLens 32M, which has at least 20 ratings a user
_AT_ONCE = 2000  # users
_FIRST, _LAST = 789_652_009, 1_697_164_147  # MovieLens 32M's times


def write_ratings(path: Path, films: np.ndarray, rows: int, seed: int = 0) -> None:
    """About `rows` ratings of `films` (MovieLens ids) as a ratings.csv, in the order of users and films.

    A user's number of ratings is log-normal; how often the films are drawn falls with their rank as it does
    among MovieLens 32M's counts, about.
    """
    rng = np.random.default_rng(seed)
    users = round(USERS * rows / 32_000_204)
    counts = np.exp(rng.normal(4.25, 1.05, users))
    counts = np.clip(counts * rows / counts.sum(), 20, len(films) / 4).astype(np.int64)
    popular = rng.permutation(len(films))
    share = np.cumsum(np.exp(-14.7 * (np.arange(len(films)) / len(films)) ** 0.375))
    with path.open("w") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for first in range(0, users, _AT_ONCE):
            wanted = counts[first : first + _AT_ONCE]
            user, film = _drawn(wanted, share / share[-1], rng)
            began = rng.integers(_FIRST, _LAST - 30 * 86_400, len(wanted))[user]
            table = {
                "userId": user + first + 1,
                "movieId": films[popular[film]],
                "rating": np.clip(rng.normal(3.5, 1.0, len(user)) * 2, 1, 10).round() / 2,
                "timestamp": began + rng.integers(0, 30 * 86_400, len(user)),
            }
            table = pd.DataFrame(table).sort_values(["userId", "movieId"])
            table.to_csv(file, header=False, index=False)


def _drawn(counts: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """So many different films for each user, by popularity: their users and their ranks, int64 (ratings,)."""
    user = np.repeat(np.arange(len(counts)), 2 * counts + 20)
    rank = np.minimum(np.searchsorted(share, rng.random(len(user))), len(share) - 1)
    key, first = np.unique(user * len(share) + rank, return_index=True)
    key = key[np.lexsort((first, key // len(share)))]  # each once, in the order drawn
    user, rank = key // len(share), key % len(share)
    began = np.searchsorted(user, np.arange(len(counts)))
    kept = np.arange(len(user)) - began[user] < counts[user]
    return user[kept], rank[kept]
