"""The prior term: weight · b_i, with a number b_i of each film that is the same for all users."""

from collections.abc import Hashable

import numpy as np

from cinematch_lib.recommender.reasons import Contributions, Feature
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term


class PriorTerm(Term):
    """How good a guess a film is for somebody of whom nothing is known.

    Parameters
    ----------
    kind : ``quality`` where `values` are average ratings, ``popularity`` where they count the people who like a film.
    values : float32 (films,), b_i.
    weight : what the values are multiplied by.
    like_counts : int64 (films,), the number of people who like each film, for explanations; None where unknown.

    """

    def __init__(self, kind: str, values: np.ndarray, weight: float, like_counts: np.ndarray | None = None) -> None:
        self._kind, self._values, self.weight, self._like_counts = kind, values, weight, like_counts

    @property
    def batch_key(self) -> Hashable:
        """Equal for priors of one kind."""
        return PriorTerm, self._kind

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self.weight) * selection.take(self._values)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part, whose feature is the number of people who like the film.

        Where the term is for lacking popularity, a second feature, of value 0, is the number for the most popular film.
        """
        values = self.weight * self._values.take(rows).astype(np.float64)[:, None]
        if self._like_counts is None:
            return [Contributions(self._kind, values)]
        counts = self._like_counts.take(rows).tolist()
        highest = int(self._like_counts.max(initial=0))
        name = f"{_people(highest)} like{'s' * (highest == 1)} the most popular film"
        most = [Feature("most_likes", name, 0.0)] if self.weight < 0 else []

        def features(film: int, _: int) -> tuple[Feature, ...]:
            return (Feature("likes", _people(counts[film]), float(values[film, 0])), *most)

        return [Contributions(self._kind, values, features=features)]


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}" if count else "nobody"
