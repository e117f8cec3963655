"""Ratings as matrices: where MovieLens ids become rows and columns, and nowhere else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.errors import CineMatchError

LIKED = 4.0  # a rating from here on is a like


@dataclass(frozen=True)
class Interactions:
    """Who rated what, and when.

    `users` and `films` are MovieLens ids, int64, ascending; `stars` is CSR float32 (users, films), sorted, the
    ratings; `times` float64 (ratings,), seconds since 1970 in the order of `stars.data`, None where unknown.
    """

    users: np.ndarray
    films: np.ndarray
    stars: sparse.csr_matrix
    times: np.ndarray | None = None

    @classmethod
    def of(cls, table: pd.DataFrame, films: np.ndarray, users: Sequence[int] | None = None) -> "Interactions":
        """From `userId, movieId, rating` and, where known, `timestamp`.

        Ratings of films that are not in `films` are passed over, though their users stay; of several ratings
        of a film by a user the last row counts. `users` are ids to have rows beside those of the table.
        Raises CineMatchError for missing columns and for ratings that are no numbers above zero.
        """
        if missing := [name for name in ("userId", "movieId", "rating") if name not in table]:
            raise CineMatchError(f"ratings lack the columns {', '.join(missing)}; they have {', '.join(table.columns)}")
        rating = table["rating"].to_numpy(dtype=np.float32)
        if not (rating > 0).all():
            wrong = rating[~(rating > 0)][0]
            raise CineMatchError(f"a rating must be above 0 (MovieLens: 0.5 to 5), got {wrong}; correct or remove it")
        of_user, of_film = (table[name].to_numpy(dtype=np.int64) for name in ("userId", "movieId"))
        rows = np.unique(np.concatenate([of_user, np.asarray(users if users is not None else [], dtype=np.int64)]))
        row, column = np.searchsorted(rows, of_user), np.minimum(np.searchsorted(films, of_film), len(films) - 1)
        known = films[column] == of_film
        at = row * len(films) + column
        at, order = at[known], np.flatnonzero(known)
        if not (np.diff(at) > 0).all():  # MovieLens's own files are in order
            sorted_ = np.argsort(at, kind="stable")
            sorted_ = sorted_[np.append(np.diff(at[sorted_]) > 0, np.full(min(len(at), 1), True))]
            at, order = at[sorted_], order[sorted_]
        indptr = np.searchsorted(at, np.arange(len(rows) + 1) * len(films))
        stars = sparse.csr_matrix((rating[order], at % len(films), indptr), shape=(len(rows), len(films)))
        timed = "timestamp" in table and bool(table["timestamp"].notna().all())
        times = table["timestamp"].to_numpy(dtype=np.float64)[order] if timed else None
        return cls(rows, films, stars, times)

    def __len__(self) -> int:
        return len(self.users)

    @property
    def likes(self) -> sparse.csr_matrix:
        """CSR float32 (users, films): 1 for a like, nothing for other ratings."""
        return self.graded(lambda stars: stars >= LIKED)

    def graded(self, grade: Callable[[np.ndarray], np.ndarray]) -> sparse.csr_matrix:
        """CSR float32 (users, films) of `grade(stars)`, a function of an array of stars; zeros are left out."""
        made = sparse.csr_matrix(
            (np.asarray(grade(self.stars.data), dtype=np.float32), self.stars.indices, self.stars.indptr),
            shape=self.stars.shape,
            copy=True,
        )
        made.eliminate_zeros()
        return made

    def part(self, rows: slice) -> "Interactions":
        """The users in a slice of rows, with their ratings."""
        stars = self.stars[rows]
        start, stop, _ = rows.indices(len(self.users))
        span = slice(self.stars.indptr[start], self.stars.indptr[stop])
        return Interactions(self.users[rows], self.films, stars, None if self.times is None else self.times[span])

    def chosen(self, rows: np.ndarray) -> "Interactions":
        """The users in these rows, ascending, with their ratings."""
        counts = np.diff(self.stars.indptr)
        keep = np.zeros(len(self), dtype=bool)
        keep[rows] = True
        times = None if self.times is None else self.times[np.repeat(keep, counts)]
        return Interactions(self.users[rows], self.films, self.stars[rows], times)

    def without(self, hidden: sparse.csr_matrix) -> "Interactions":
        """The same users without the ratings that `hidden`, CSR (users, films) of values above 0, has."""
        counts = np.diff(self.stars.indptr)
        row = np.repeat(np.arange(len(self)), counts)
        keys = row * len(self.films) + self.stars.indices
        of_hidden = np.repeat(np.arange(len(self)), np.diff(hidden.indptr)) * len(self.films) + hidden.indices
        kept = ~np.isin(keys, of_hidden)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(self)))])
        stars = sparse.csr_matrix((self.stars.data[kept], self.stars.indices[kept], indptr), shape=self.stars.shape)
        return Interactions(self.users, self.films, stars, None if self.times is None else self.times[kept])
