"""Ratings on two sides, like the squares of a checkerboard, whose right answers are known."""

import numpy as np
import pandas as pd

SIDE = 12  # films on each side of the checkerboard


def checkerboard(users: int = 40, *, timestamps: bool = True) -> pd.DataFrame:
    """Ratings: even users like even films, odd users odd ones; each leaves one film of their side out."""
    rows = [
        (1000 + user, 10 * (1 + film), 5.0 if (user + film) % 4 else 4.0, 10**9 + 1000 * user + film)
        for user in range(users)
        for film in range(user % 2, 2 * SIDE, 2)
        if film // 2 != user // 2 % SIDE
    ]
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return table if timestamps else table.drop(columns="timestamp")


def catalog(films: int = 2 * SIDE) -> pd.DataFrame:
    """Films 10, 20, 30 and so on: comedies and dramas by turns, in an order that is not that of their ids."""
    ids = [10 * (1 + film) for film in range(films)]
    genres = ["Comedy" if film % 2 == 0 else "Drama" for film in range(films)]
    titles = [f"Film {film} ({1990 + film})" for film in ids]
    return pd.DataFrame({"movieId": ids, "title": titles, "genres": genres}).iloc[::-1]


def history(films: list[int], rating: float = 5.0, user: int = 1) -> pd.DataFrame:
    """Ratings of these films by one user, one a second."""
    times = np.arange(len(films)) + 2 * 10**9
    columns = {"userId": user, "movieId": films, "rating": rating, "timestamp": times}
    return pd.DataFrame(columns).astype({"userId": "int64", "movieId": "int64", "rating": "float64"})
