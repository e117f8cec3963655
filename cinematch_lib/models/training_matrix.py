"""The hybrid's training matrix: weighted ratings of whole histories and of sessions, with year columns."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
from scipy import sparse

from cinematch_lib.models.interactions import Interactions
from cinematch_lib.recommender.rating_weights import rating_weight

Result = TypeVar("Result")
SESSION_LENGTH = 15  # ratings, approximately
_YEAR = 365.25 * 86_400  # seconds
_LAST_YEAR = 200  # since 1970
_REACH = 4  # years, four standard deviations of the kernel
_BLOCK_RATINGS = 500_000  # of the users that are worked on together


def user_item_matrix(interactions: Interactions, weighted_ratings: bool) -> sparse.csr_matrix:
    """Rating weights of all ratings, or 1 for each like: CSR float32 (users, films)."""
    return interactions.map_ratings(rating_weight) if weighted_ratings else interactions.likes


class YearFeatures:
    """Columns for the years in which a user rated.

    `years` is float64 (years,), the calendar years (since 1970) that the training ratings span, 200 at most; empty if
    their times are unknown.
    """

    def __init__(self, train: Interactions) -> None:
        self.years = np.zeros(0)
        if train.timestamps is not None and len(train.timestamps):
            # A time in another unit must not decide how many columns there are.
            first, last = np.clip([train.timestamps.min(), train.timestamps.max()], 0, _LAST_YEAR * _YEAR) / _YEAR
            self.years = np.arange(np.floor(first), np.ceil(last) + 1)

    def history_rows(self, interactions: Interactions, *, aged: bool = False) -> sparse.csr_matrix:
        """Rating weights of whole histories, then the year columns: CSR float32 (users, films + years).

        With `aged`, as for those who are recommended to, older ratings count less.
        """
        films, years = interactions.map_ratings(rating_weight), sparse.csr_matrix(self._shares(interactions))
        if aged:
            films = interactions.aged(films)
        return sparse.hstack([films, years], format="csr", dtype=np.float32)

    def session_rows(self, interactions: Interactions) -> sparse.csr_matrix:
        """Rating weights of sessions, then empty year columns: CSR float32 (sessions, films + years)."""
        films = sessions(interactions)
        years = sparse.csr_matrix((films.shape[0], len(self.years)), dtype=np.float32)
        return sparse.hstack([films, years], format="csr", dtype=np.float32)

    def _shares(self, interactions: Interactions) -> np.ndarray:
        """The share of each user's ratings in each year: float32 (users, years), zero where times are unknown.

        A rating is spread over the years around it by a Gaussian kernel with a standard deviation of one year.
        Ratings outside `years` count as of the nearest one.
        """
        if interactions.timestamps is None or not len(self.years):
            return np.zeros((len(interactions), len(self.years)), dtype=np.float32)
        return np.concatenate(_by_blocks(partial(self._shares_of, interactions), interactions))

    def _shares_of(self, interactions: Interactions, users: slice) -> np.ndarray:
        """The shares of some of the users, whose times are known."""
        indptr = interactions.ratings.indptr[users.start : users.stop + 1]
        times = interactions.timestamps[indptr[0] : indptr[-1]]
        year = np.clip(times / _YEAR, self.years[0], self.years[-1])
        nearest = np.rint(year)
        offset = year - nearest
        width = len(self.years) + 2 * _REACH  # years beyond both ends are cut off again
        row = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        cell = row * width + nearest.astype(np.int64) - int(self.years[0])
        sums = np.zeros((len(indptr) - 1, width))
        for step in range(-_REACH, _REACH + 1):
            kernel = np.exp(-((offset - step) ** 2) / 2)
            sums += np.bincount(cell + (step + _REACH), kernel, sums.size).reshape(sums.shape)
        sums = np.ascontiguousarray(sums[:, _REACH:-_REACH])
        return (sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)


@dataclass(frozen=True)
class TrainingMatrix:
    """The training matrix: film columns, then year columns, which `year_features` makes.

    `histories` is CSR float32 (users, films + years); `sessions` is CSR float32 (sessions, films + years), None if
    times are unknown; `session_users` is the row in `histories` of each session's user, int64 (sessions,); `columns`,
    int64, are the columns of the full matrix that are present.
    """

    year_features: YearFeatures
    histories: sparse.csr_matrix
    sessions: sparse.csr_matrix | None
    session_users: np.ndarray
    columns: np.ndarray

    @classmethod
    def from_interactions(cls, train: Interactions, *, with_sessions: bool = True) -> "TrainingMatrix":
        """The matrix with all columns; without sessions if these have no weight."""
        year_features = YearFeatures(train)
        histories = year_features.history_rows(train)
        columns = np.arange(histories.shape[1])
        if train.timestamps is None or not with_sessions:
            return cls(year_features, histories, None, np.zeros(0, dtype=np.int64), columns)
        return cls(year_features, histories, year_features.session_rows(train), session_users(train), columns)

    def select(self, films: np.ndarray) -> "TrainingMatrix":
        """The same rows with only the columns of `films`, int64, and all years."""
        years = np.arange(len(self.columns) - len(self.year_features.years), len(self.columns))
        columns = np.concatenate([films, years])
        selected = None if self.sessions is None else self.sessions[:, columns]
        return replace(self, histories=self.histories[:, columns], sessions=selected, columns=columns)


def sessions(interactions: Interactions, length: int = SESSION_LENGTH) -> sparse.csr_matrix:
    """Rating weights with one row for each session instead of each user: CSR float32 (sessions, films).

    A history is cut, in order of time, into parts of about `length` ratings; ratings of the same second are in
    the order of the films. Films rated in one session have more in common than films of one history, because
    tastes and the films on offer change. Histories that are too short to be cut have no session.
    """
    weights = interactions.map_ratings(rating_weight)
    n_sessions = _sessions_per_user(interactions, length)
    ends = np.cumsum(np.diff(weights.indptr) * (n_sessions > 0))
    n_entries = int(ends[-1]) if len(ends) else 0
    data, indices = np.empty(n_entries, dtype=np.float32), np.empty(n_entries, dtype=weights.indices.dtype)

    def fill(users: slice) -> np.ndarray:
        order, lengths = _session_order(weights.indptr, interactions.timestamps, n_sessions, users)
        start = int(ends[users.start - 1]) if users.start else 0
        data[start : start + len(order)] = weights.data[order]
        indices[start : start + len(order)] = weights.indices[order]
        return lengths

    lengths = np.concatenate(_by_blocks(fill, interactions))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((data, indices, indptr), shape=(len(lengths), weights.shape[1]))


def _session_order(
    indptr: np.ndarray, timestamps: np.ndarray, n_sessions: np.ndarray, users: slice
) -> tuple[np.ndarray, np.ndarray]:
    """The ratings of some users with sessions, in their order, and the number of ratings of each session."""
    starts, n = indptr[users.start : users.stop + 1].astype(np.int64), n_sessions[users]
    counts = np.diff(starts)
    user = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((timestamps[starts[0] : starts[-1]], user))
    position = np.arange(len(order)) - np.repeat(starts[:-1] - starts[0], counts)
    # `user` and `position` are the same before and after sorting, since both go by user.
    order, user, position = (values[n[user] > 0] for values in (order, user, position))
    session = (np.cumsum(n) - n)[user] + position * n[user] // counts[user]
    return starts[0] + order, np.bincount(session, minlength=n.sum())


def session_users(interactions: Interactions, length: int = SESSION_LENGTH) -> np.ndarray:
    """The row of the user of each row of `sessions`: int64 (sessions,)."""
    return np.repeat(np.arange(len(interactions)), _sessions_per_user(interactions, length))


def _sessions_per_user(interactions: Interactions, length: int) -> np.ndarray:
    counts = np.rint(np.diff(interactions.ratings.indptr) / length).astype(np.int64)
    counts[counts < 2] = 0
    return counts


def _by_blocks(function: Callable[[slice], Result], interactions: Interactions) -> list[Result]:
    """What a function returns for each block of users, on as many threads as there are processors.

    A block has about `_BLOCK_RATINGS` ratings; where there are none, it is of all users.
    """
    indptr = interactions.ratings.indptr
    edges = np.unique(np.searchsorted(indptr, np.arange(0, max(indptr[-1], 1), _BLOCK_RATINGS))).tolist()
    blocks = [slice(*one) for one in pairwise([*edges, len(interactions)])]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, blocks))
