"""Ratings as a sparse user-item matrix: the one place where MovieLens ids become rows and columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.rating_weights import LIKED, age_weights


@dataclass(frozen=True)
class Interactions:
    """A user-item matrix of ratings with their times.

    `users` and `films` are MovieLens ids, int64, ascending: the rows and the columns of `ratings`, which is CSR float32
    with sorted indices. `timestamps`, float64 (ratings,), are seconds since 1970 in the order of `ratings.data`,
    None if unknown. `weights`, float64 (users,), are what the squared errors of each user count in a fit, None if all
    count 1.
    """

    users: np.ndarray
    films: np.ndarray
    ratings: sparse.csr_matrix
    timestamps: np.ndarray | None = None
    weights: np.ndarray | None = None

    @classmethod
    def from_ratings(
        cls, table: pd.DataFrame, films: np.ndarray, users: Sequence[int] | np.ndarray | None = None
    ) -> "Interactions":
        """From a table with `userId, movieId, rating` and optionally `timestamp` and `weight`, the same for a user.

        Ratings of films outside `films` are ignored, though their users keep a row; of several ratings of a
        film by a user the last one counts. `users` adds rows for users without ratings. Raises CineMatchError
        for missing columns and for ratings that are not numbers above 0.
        """
        if missing := [name for name in ("userId", "movieId", "rating") if name not in table]:
            raise CineMatchError(f"ratings lack the columns {', '.join(missing)}; they have {', '.join(table.columns)}")
        rating = table["rating"].to_numpy(dtype=np.float32)
        if not (rating > 0).all():
            wrong = rating[~(rating > 0)][0]
            raise CineMatchError(f"a rating must be above 0 (MovieLens: 0.5 to 5), got {wrong}; correct or remove it")
        of_user, of_film = (table[name].to_numpy(dtype=np.int64) for name in ("userId", "movieId"))
        rows = np.unique(np.concatenate([of_user, np.asarray(users if users is not None else [], dtype=np.int64)]))
        row, column = np.searchsorted(rows, of_user), pd.Index(films).get_indexer(of_film)
        known = column >= 0
        flat = (row * len(films) + column)[known]  # the position in the matrix, row by row
        order = np.flatnonzero(known)
        if not (np.diff(flat) > 0).all():  # MovieLens's own files are sorted
            by_position = np.argsort(flat, kind="stable")
            is_last = np.append(np.diff(flat[by_position]) > 0, np.full(min(len(flat), 1), True))
            flat, order = flat[by_position[is_last]], order[by_position[is_last]]
        indptr = np.searchsorted(flat, np.arange(len(rows) + 1) * len(films))
        ratings = sparse.csr_matrix((rating[order], flat % len(films), indptr), shape=(len(rows), len(films)))
        timed = "timestamp" in table and bool(table["timestamp"].notna().all())
        timestamps = table["timestamp"].to_numpy(dtype=np.float64)[order] if timed else None
        weights = None
        if "weight" in table:
            weights = np.ones(len(rows))
            weights[row] = table["weight"]
        return cls(rows, films, ratings, timestamps, weights)

    def __len__(self) -> int:
        return len(self.users)

    @property
    def row_indices(self) -> np.ndarray:
        """The row of each rating: int64 (ratings,), in the order of `ratings.data`."""
        return np.repeat(np.arange(len(self)), np.diff(self.ratings.indptr))

    @property
    def likes(self) -> sparse.csr_matrix:
        """CSR float32 (users, films): the root of the user's weight where the rating is a like, 0 elsewhere."""
        return self.map_ratings(lambda ratings: ratings >= LIKED)

    @property
    def rating_counts(self) -> np.ndarray:
        """The number of ratings of each film, those of a user counted by weight: float64 (films,)."""
        weights = None if self.weights is None else self.weights[self.row_indices]
        return np.bincount(self.ratings.indices, weights, len(self.films)).astype(np.float64)

    @property
    def full_users(self) -> np.ndarray:
        """The rows of the users whose weight is not less than 1: int64 (n,). Only these measure and set scales."""
        return np.arange(len(self)) if self.weights is None else np.flatnonzero(self.weights >= 1)

    def map_ratings(self, function: Callable[[np.ndarray], np.ndarray]) -> sparse.csr_matrix:
        """CSR float32 (users, films) of `function` applied to the array of ratings; zeros are not stored.

        Each row is multiplied by the root of its user's weight, so that products of two entries are weighted.
        """
        values = np.asarray(function(self.ratings.data), dtype=np.float32)
        if self.weights is not None:
            values *= np.sqrt(self.weights).astype(np.float32)[self.row_indices]
        entries = (values, self.ratings.indices, self.ratings.indptr)
        matrix = sparse.csr_matrix(entries, shape=self.ratings.shape, copy=True)
        matrix.eliminate_zeros()
        return matrix

    def aged(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """`weights` of all ratings, in their order, less the older a rating is than the newest one of its user."""
        if self.timestamps is None or not weights.nnz:
            return weights
        counts = np.diff(self.ratings.indptr)
        newest = np.zeros(len(self))
        newest[counts > 0] = np.maximum.reduceat(self.timestamps, self.ratings.indptr[:-1][counts > 0])
        factors = age_weights(newest[self.row_indices] - self.timestamps).astype(np.float32)
        return sparse.csr_matrix((weights.data * factors, weights.indices, weights.indptr), shape=weights.shape)

    def slice(self, rows: slice) -> "Interactions":
        """A contiguous range of users with their ratings."""
        start, stop, _ = rows.indices(len(self.users))
        entries = slice(self.ratings.indptr[start], self.ratings.indptr[stop])
        timestamps = None if self.timestamps is None else self.timestamps[entries]
        weights = None if self.weights is None else self.weights[rows]
        return Interactions(self.users[rows], self.films, self.ratings[rows], timestamps, weights)

    def take(self, rows: np.ndarray) -> "Interactions":
        """The users in `rows`, int64 ascending, with their ratings."""
        is_taken = np.zeros(len(self), dtype=bool)
        is_taken[rows] = True
        timestamps = None if self.timestamps is None else self.timestamps[is_taken[self.row_indices]]
        weights = None if self.weights is None else self.weights[rows]
        return Interactions(self.users[rows], self.films, self.ratings[rows], timestamps, weights)

    def drop(self, held_out: sparse.csr_matrix) -> "Interactions":
        """The same users without the ratings at the non-zero entries of `held_out`, CSR (users, films)."""
        row = self.row_indices
        positions = row * len(self.films) + self.ratings.indices
        of_held_out = np.repeat(np.arange(len(self)), np.diff(held_out.indptr)) * len(self.films) + held_out.indices
        kept = ~np.isin(positions, of_held_out)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(self)))])
        entries = (self.ratings.data[kept], self.ratings.indices[kept], indptr)
        ratings = sparse.csr_matrix(entries, shape=self.ratings.shape)
        timestamps = None if self.timestamps is None else self.timestamps[kept]
        return Interactions(self.users, self.films, ratings, timestamps, self.weights)


def hold_out(users: np.ndarray, share: float, rng: np.random.Generator, *, at_least_one: bool = True) -> np.ndarray:
    """Mark a random `share` of each user's interactions: bool (interactions,).

    `users` holds the user of each interaction, int (interactions,), in any order. The number held out is rounded
    to the nearest and at least one of each user; without `at_least_one` it is rounded down.
    """
    order = np.lexsort((rng.random(len(users)), users))  # grouped by user, shuffled within each
    sorted_users = users[order]
    first = np.flatnonzero(np.r_[True, sorted_users[1:] != sorted_users[:-1]]) if len(users) else np.zeros(0, int)
    counts = np.diff(np.r_[first, len(users)])
    position = np.arange(len(users)) - np.repeat(first, counts)
    # The epsilon makes 0.2 · 5 one, although 1 − 0.8 is a little less than 0.2.
    n_held_out = np.maximum(1, np.rint(share * counts)) if at_least_one else np.floor(share * counts + 1e-9)
    held_out = np.zeros(len(users), dtype=bool)
    held_out[order[position < np.repeat(n_held_out, counts)]] = True
    return held_out
