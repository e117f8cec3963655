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
        self._films: dict[int, int] = dict(zip(self.rows.tolist(), film[several][order].tolist(), strict=True))

    def excluded(self, known: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """The rows of those that may not be in a list: int64 (any,).

        `known` are rows of films that the person knows, under whichever id, and `allowed` those of films that pass all
        filters, int64 (any,) each. Of one film, the first row that is allowed may be in the list: MovieLens's first id
        of a film has most of its ratings.
        """
        listed, excluded = {self._films.get(row) for row in known.tolist()}, []
        may_be_listed = set(allowed.tolist())
        for row, film in self._films.items():  # some seventy
            if row in may_be_listed and film not in listed:
                listed.add(film)
            else:
                excluded.append(row)
        return np.array(excluded, dtype=np.int64)
