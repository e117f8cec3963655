"""What the hybrid learns from: graded ratings of whole histories and of sessions, and when they were given."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from cinematch_lib.models.interactions import LIKED, Interactions

SITTING = 15  # about how many ratings, one after another, make a session
_LOVED, _MIDDLING = 4.5, 3.0
_GRADES = (1.2, 1.0, 0.6, 0.3)
_YEAR = 365.25 * 86_400  # seconds


def grade(stars: np.ndarray) -> np.ndarray:
    """What a rating counts: a low one counts less, yet it says that the film was chosen to be watched.

    >>> grade(np.array([5.0, 4.0, 3.5, 3.0, 2.5, 0.5])).tolist()
    [1.2, 1.0, 0.6, 0.6, 0.3, 0.3]
    """
    return np.select([stars >= _LOVED, stars >= LIKED, stars >= _MIDDLING], _GRADES[:3], _GRADES[3])


def spoken(learned: Interactions, graded: bool) -> sparse.csr_matrix:
    """What people said: the likes alone, or every rating by its grade; CSR float32 (users, films)."""
    return learned.graded(grade) if graded else learned.likes


class Calendar:
    """The years in which ratings were given, as columns beside the films.

    `years` is float64 (years,), one for each year of the ratings it is made from, none where times are unknown.
    """

    def __init__(self, learned: Interactions) -> None:
        if learned.times is None or not len(learned.times):
            self.years = np.zeros(0)
        else:
            low, high = (learned.times.min() / _YEAR, learned.times.max() / _YEAR)
            self.years = np.arange(np.floor(low), np.ceil(high) + 1)

    def of(self, times: np.ndarray | None, row: np.ndarray, rows: int) -> np.ndarray:
        """The part of each row's ratings that each year has: float32 (rows, years), zero for rows without times.

        `times` is float64 (ratings,), seconds since 1970, and `row` int64 (ratings,), the row of each. A rating
        is spread over the years near it, by a normal curve of one year's width.
        """
        made = np.zeros((rows, len(self.years)), dtype=np.float64)
        if times is None or not len(self.years):
            return made.astype(np.float32)
        year = np.clip(times / _YEAR, self.years[0], self.years[-1])
        near = np.rint(year).astype(np.int64)
        for step in range(-4, 5):
            at = near + step - int(self.years[0])
            inside = (at >= 0) & (at < len(self.years))
            value = np.exp(-((year - near - step) ** 2) / 2)
            made += np.bincount(
                row[inside] * len(self.years) + at[inside], weights=value[inside], minlength=made.size
            ).reshape(made.shape)
        return (made / np.maximum(made.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)

    def beside(self, asked: Interactions) -> sparse.csr_matrix:
        """Graded histories with the calendar's columns after the films': CSR float32 (users, films + years)."""
        row = np.repeat(np.arange(len(asked)), np.diff(asked.stars.indptr))
        years = sparse.csr_matrix(self.of(asked.times, row, len(asked)))
        return sparse.hstack([asked.graded(grade), years], format="csr", dtype=np.float32)

    def beside_sittings(self, learned: Interactions) -> sparse.csr_matrix:
        """Sittings with empty columns for the years, of which whole histories speak: CSR float32 as `beside`."""
        films = sessions(learned)
        years = sparse.csr_matrix((films.shape[0], len(self.years)), dtype=np.float32)
        return sparse.hstack([films, years], format="csr", dtype=np.float32)


@dataclass(frozen=True)
class Rows:
    """All that is learned from, as rows whose columns are the films and after them the years.

    `histories` is CSR float32 (users, films + years), `sessions` the same for sessions, None where times are
    unknown, and `session_users` int64 (sessions,), whose they are. `columns` int64 are those of all that are there.
    """

    calendar: Calendar
    histories: sparse.csr_matrix
    sessions: sparse.csr_matrix | None
    session_users: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, learned: Interactions, *, with_sittings: bool = True) -> "Rows":
        """From ratings; without sessions where they will not be asked for."""
        calendar = Calendar(learned)
        made = calendar.beside(learned)
        everything = np.arange(made.shape[1])
        if learned.times is None or not with_sittings:
            return cls(calendar, made, None, np.zeros(0, dtype=np.int64), everything)
        return cls(calendar, made, calendar.beside_sittings(learned), session_users(learned), everything)

    def part(self, films: np.ndarray) -> "Rows":
        """The same rows with the columns of these films, and all years."""
        years = np.arange(len(self.columns) - len(self.calendar.years), len(self.columns))
        columns = np.concatenate([films, years])
        cut = None if self.sessions is None else self.sessions[:, columns]
        return replace(self, histories=self.histories[:, columns], sessions=cut, columns=columns)


def sessions(learned: Interactions, size: int = SITTING) -> sparse.csr_matrix:
    """Graded ratings with a row for each session instead of each user: CSR float32 (sessions, films).

    A history is cut, in the order of its times, into parts of about `size` ratings; ratings of one second are
    in the order of the films. Films rated in one session are more alike than films of one history, since
    tastes, and what is in the cinemas, change. Histories too short to be cut are left out.
    """
    graded = learned.graded(grade)
    counts, parts = np.diff(graded.indptr), _parts(learned, size)
    user = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((learned.times, user))
    place = np.arange(len(order)) - np.repeat(graded.indptr[:-1], counts)
    first = np.concatenate([[0], np.cumsum(parts)])
    order, user, place = (one[parts[user] > 0] for one in (order, user, place))  # by user, so in either order
    row = first[user] + place * parts[user] // counts[user]
    indptr = np.searchsorted(row, np.arange(first[-1] + 1))
    return sparse.csr_matrix((graded.data[order], graded.indices[order], indptr), shape=(first[-1], graded.shape[1]))


def session_users(learned: Interactions, size: int = SITTING) -> np.ndarray:
    """The row of the user whose session it is, for each row of `sessions`: int64 (sessions,)."""
    return np.repeat(np.arange(len(learned)), _parts(learned, size))


def _parts(learned: Interactions, size: int) -> np.ndarray:
    parts = np.rint(np.diff(learned.stars.indptr) / size).astype(np.int64)
    parts[parts < 2] = 0
    return parts
