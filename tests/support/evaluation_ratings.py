"""Ratings of a few users for splits and searches."""

import numpy as np
import pandas as pd


def some_ratings(users: int = 60, films: int = 80, seed: int = 0, likes: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (100 + user, 10 + film, 4.0 if rng.random() < likes else 2.5)
        for user in range(users)
        for film in rng.choice(films, rng.integers(1, 40), replace=False)
    ]
    ratings = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    return ratings.assign(timestamp=rng.integers(10**9, 2 * 10**9, len(ratings)))
