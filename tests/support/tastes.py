"""Ratings of users with tastes, as a little data set from which there is something to learn."""

import numpy as np
import pandas as pd

from cinematch_lib.data.tables import MERGED_DTYPES

KINDS = ("drama", "comedy", "war", "western", "horror", "crime")
START = 1_262_304_000  # 2010, in seconds since 1970


def ratings_by_taste(users=60, films=90, each=30, seed=0):
    """Users who mostly watch films of one kind, and like these better: `userId, movieId, rating, timestamp`."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        own = rng.integers(len(KINDS))
        weights = np.where(np.arange(films) % len(KINDS) == own, 8.0, 1.0) / (1 + np.arange(films) / 20)
        for place, film in enumerate(rng.choice(films, each, replace=False, p=weights / weights.sum())):
            stars = rng.choice([4.0, 4.5, 5.0]) if film % len(KINDS) == own else rng.choice([1.0, 3.0, 4.0])
            rows.append((user + 1, film + 1, stars, START + 40 * 86_400 * user + 86_400 * 30 * place))
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])


def films_by_taste(films=90):
    """The films, with the columns that models look at."""
    genres = [KINDS[film % len(KINDS)] for film in range(films)]
    titles = [f"Film {film + 1}" for film in range(films)]
    return pd.DataFrame({"movieId": range(1, films + 1), "title": titles, "year": 2000, "genres": genres})


def catalog_by_taste():
    """The same, with all columns that a recommender is made from."""
    films = films_by_taste()
    rest = {name: "" if dtype == "str" else None for name, dtype in MERGED_DTYPES.items() if name not in films}
    return films.assign(**rest | {"overview": films["title"]}).astype(MERGED_DTYPES)


def tags_by(ratings, word="tagged"):
    """A tag of each user on each film that they rated, when they did: text, as read from tags.csv."""
    table = ratings[["userId", "movieId", "timestamp"]].astype("str")
    return table.assign(tag=[f"{word} by {user}" for user in ratings["userId"]])
