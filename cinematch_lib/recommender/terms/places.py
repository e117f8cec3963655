"""The term of films that have places of the list: the least bonus by which they have them."""

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.reasons import Contributions, Feature, Label
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term

FIRST = 10  # places of a list, of which some are for films that have something in common with the liked ones


class Places(NamedTuple):
    """Some films have at least `n` of the first `first` places of a list, or all that there are.

    Attributes
    ----------
    kind : of the reason; see `reasons.Reason`.
    films : bool (films,), True for these films.
    n, first : numbers of places.
    label : what the films have in common; None where the `kind` says it.
    movie : the film that the reason refers to, or None.

    """

    kind: str
    films: np.ndarray
    n: int
    first: int
    label: Label | None = None
    movie: Movie | None = None

    def term(self, selection: Selection, scores: np.ndarray) -> "PlacesTerm | None":
        """The term by which they have these places; None where they have them anyway.

        `scores`, float (selected films,), are without the term, −∞ for excluded films.
        """
        bonus = least_bonus(scores, selection.restrict(self.films), self.n, self.first)
        return PlacesTerm(self, bonus) if bonus else None


class PlacesTerm(Term):
    """What the films of some `places` gain: `bonus`."""

    def __init__(self, places: Places, bonus: float) -> None:
        self._places, self._bonus = places, bonus

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self._bonus) * selection.restrict(self._places.films)

    @property
    def likeness(self) -> Hashable:
        """Equal for terms of one kind."""
        return PlacesTerm, self._places.kind

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part, whose feature is what they have in common."""
        label, movie, bonus = self._places.label, self._places.movie, self._bonus
        features = () if label is None else (Feature(*label, bonus),)
        values = bonus * self._places.films[rows].astype(np.float64)[:, None]
        return [Contributions(self._places.kind, values, lambda film, part: movie, lambda film, part: features)]


def least_bonus(scores: np.ndarray, is_chosen: np.ndarray, n: int, first: int) -> float:
    """The least bonus by which the chosen films have `n` of the `first` places of a list, or all that there are.

    `scores`, float (films,), are without the bonus, −∞ for excluded films; `is_chosen` is bool (films,). It is 0 where
    the chosen films have these places anyway.

    >>> scores, is_chosen = np.array([9.0, 8.0, 7.0, 5.0, 4.0]), np.array([False, False, False, True, True])
    >>> round(least_bonus(scores, is_chosen, 1, 2), 5), least_bonus(scores, is_chosen, 1, 4)
    (3.0, 0.0)
    """
    chosen = np.where(is_chosen, scores, -np.inf)
    if not n or not (best := top_k(chosen, n)).size:
        return 0.0
    others = np.where(is_chosen, -np.inf, scores)
    ahead = top_k(others, first - len(best) + 1)
    if len(ahead) <= first - len(best):  # there is room for all
        return 0.0
    highest, lowest = float(scores[ahead[-1]]), float(scores[best[-1]])
    if lowest > highest:
        return 0.0
    # Above that film in float32 too, in which scores are added up.
    return highest - lowest + 4 * float(np.spacing(np.float32(max(abs(highest), abs(lowest), highest - lowest))))
