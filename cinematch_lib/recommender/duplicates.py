"""Films that a data set has more than once, of which a list holds one at most."""

import numpy as np


class Duplicates:
    """The films that share a tmdbId with another one of the same year, or of the year before or after.

    MovieLens has some films twice. Where the years differ more, the films are two, and one tmdbId is wrong.

    Attributes
    ----------
    rows : int64 (n,), their rows, those of one film one after another and ascending.

    """

    def __init__(self, tmdb_ids: np.ndarray, years: np.ndarray) -> None:
        """From the `tmdb_ids`, int64 (films,), 0 where unknown, and the `years`, float (films,), NaN where unknown."""
        ids, counts = np.unique(tmdb_ids, return_counts=True)
        (rows,) = np.isin(tmdb_ids, ids[(counts > 1) & (ids > 0)]).nonzero()
        rows = rows[np.lexsort((years[rows], tmdb_ids[rows]))]
        is_other = (np.diff(tmdb_ids[rows], prepend=0) != 0) | (np.diff(years[rows], prepend=0) > 1)
        film = np.cumsum(is_other) - 1
        several = np.bincount(film)[film] > 1
        order = np.lexsort((rows[several], film[several]))
        self.rows: np.ndarray = rows[several][order]
        self._film: np.ndarray = film[several][order]
        self._known_rows = frozenset(self.rows.tolist())
        self._repeated: np.ndarray = self.rows[np.diff(self._film, prepend=-1) == 0]

    def excluded(self, known: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """The rows of those that may not be in a list: int64 (any,).

        `known` are rows of films that the person knows, under whichever id, and `allowed` those of films that pass all
        filters, int64 (any,) each. Of one film, the first row that is allowed may be in the list: MovieLens's first id
        of a film has most of its ratings.
        """
        if len(allowed) == len(self.rows) and self._known_rows.isdisjoint(known.tolist()):
            return self._repeated
        is_known = np.zeros(self._film[-1] + 1, dtype=bool)
        is_known[self._film[np.isin(self.rows, known)]] = True
        (left,) = (np.isin(self.rows, allowed) & ~is_known[self._film]).nonzero()
        is_first = np.diff(self._film[left], prepend=-1) > 0
        excluded: np.ndarray = np.delete(self.rows, left[is_first])
        return excluded
