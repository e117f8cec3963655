"""The recency term: weight · 2^(−age / 10), where the age is the number of years to the newest film of the run."""

import numpy as np

from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.reasons import Contributions, Feature
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.terms.base import Term

_HALF_LIFE = 10  # years


class RecencyTerm(Term):
    """What a film gains for being new: `weight` times its `values`, float32 (films,), those of `recency`."""

    def __init__(self, films: FilmTable, values: np.ndarray, weight: float) -> None:
        self._films, self._values, self._weight = films, values, weight

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self._weight) * selection.take(self._values)

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups; see `Term.bounds`."""
        return np.full((1, 1), self._weight, dtype=np.float32) if roughly else super().bounds(block)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part, whose feature is the year of release."""
        values = self._weight * self._values[rows].astype(np.float64)[:, None]
        years = [self._films.year(row) for row in rows.tolist()]

        def features(film: int, _: int) -> tuple[Feature, ...]:
            return (Feature("year", str(years[film]), float(values[film, 0])),)

        return [Contributions("recency", values, features=features)]


def recency(years: np.ndarray) -> np.ndarray:
    """2^(−age / 10) of each film: float32 (films,), 1 for the newest; 0 where the year, float (films,), is NaN.

    >>> recency(np.array([2020.0, 2010.0, np.nan])).tolist()
    [1.0, 0.5, 0.0]
    """
    if not np.isfinite(years).any():
        return np.zeros(len(years), dtype=np.float32)
    halvings = (np.nanmax(years) - years) / _HALF_LIFE
    values: np.ndarray = np.nan_to_num(0.5**halvings).astype(np.float32)
    return values
