"""Ratings drawn from a model of MovieLens 32M: to compare methods on more films than the real ratings at hand have."""

from pathlib import Path

import numpy as np
import pandas as pd

_PREFERENCE, _POPULARITY = 2.0, 0.9  # in the logarithm of the odds of a film
_SPREAD = 0.8  # of stars
_AT_ONCE = 500  # users


def drawn_ratings(folder: Path, films: int, users: int, seed: int = 0) -> pd.DataFrame:
    """Ratings by `users` drawn users of the `films` most rated films: columns `userId, movieId, rating`.

    `folder` holds ``factors.npz``: factors u of users and v of films, by alternating least squares, whose products are
    stars, and how often each film was rated. A user's number of ratings is log-normal. The films are drawn without
    replacement, in the odds of exp(2 · u·v) · count^0.9 (by Gumbel noise); their stars are u·v and normal noise.
    """
    with np.load(folder / "factors.npz") as arrays:
        counts, ids = arrays["item_counts"].astype(np.float64), arrays["item_ids"]
        best = np.sort(np.argsort(-counts, kind="stable")[:films])
        items, counts, ids = arrays["item_factors"][best].astype(np.float32), counts[best], ids[best]
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.permutation(len(arrays["user_factors"]))[:users])
        of_users = arrays["user_factors"][chosen].astype(np.float32)
    popularity = _POPULARITY * np.log(np.maximum(counts, 1)).astype(np.float32)
    numbers = np.clip(np.exp(rng.normal(4.25, 1.05, len(of_users))), 20, films / 4).astype(np.int64)
    parts = []
    for start in range(0, len(of_users), _AT_ONCE):
        preferences = of_users[start : start + _AT_ONCE] @ items.T
        odds = _PREFERENCE * preferences + popularity + rng.gumbel(size=preferences.shape).astype(np.float32)
        n = numbers[start : start + _AT_ONCE]
        order = np.argsort(-odds, axis=1)[:, : n.max()]
        user, place = np.nonzero(np.arange(n.max()) < n[:, None])
        film = order[user, place]
        stars = preferences[user, film] + rng.normal(0, _SPREAD, len(user))
        parts.append((start + user + 1, ids[film], np.clip(stars * 2, 1, 10).round() / 2))
    user, film, stars = (np.concatenate(one) for one in zip(*parts, strict=True))
    return pd.DataFrame({"userId": user, "movieId": film, "rating": stars})
