"""The term of unrated films: the least bonus by which they have a share of the list."""

import numpy as np

from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term


class UnratedTerm(Term):
    """What films that nobody has rated gain: `bonus`, where `is_unrated`, bool (films,), is True."""

    def __init__(self, is_unrated: np.ndarray, bonus: float) -> None:
        self._is_unrated, self._bonus = is_unrated, bonus

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self._bonus) * selection.take(self._is_unrated)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part."""
        return [Contributions("unrated", self._bonus * self._is_unrated[rows].astype(np.float64)[:, None])]


def unrated_terms(is_unrated: np.ndarray, selection: Selection, scores: np.ndarray, k: int, share: float) -> list[Term]:
    """The term of the `least_bonus` for these films, if that is above 0."""
    bonus = least_bonus(scores, selection.take(is_unrated), k, share)
    return [UnratedTerm(is_unrated, bonus)] if bonus else []


def least_bonus(scores: np.ndarray, is_unrated: np.ndarray, k: int, share: float) -> float:
    """The least bonus by which unrated films have round(`share` · `k`) of the first `k` places, or all that there are.

    `scores`, float (films,), are without the bonus, −∞ for excluded films; `is_unrated` is bool (films,). It is 0 where
    unrated films have these places anyway.

    >>> scores, is_unrated = np.array([9.0, 8.0, 7.0, 5.0, 4.0]), np.array([False, False, False, True, True])
    >>> round(least_bonus(scores, is_unrated, 2, 0.5), 5), least_bonus(scores, is_unrated, 4, 0.25)
    (3.0, 0.0)
    """
    unrated = np.where(is_unrated, scores, -np.inf)
    places = round(share * k)
    if not places or not (best := top_k(unrated, places)).size:
        return 0.0
    others = np.where(is_unrated, -np.inf, scores)
    ahead = top_k(others, k - len(best) + 1)
    if len(ahead) <= k - len(best):  # there is room for all
        return 0.0
    highest, lowest = float(scores[ahead[-1]]), float(scores[best[-1]])
    if lowest > highest:
        return 0.0
    # Above that film in float32 too, in which scores are added up.
    return highest - lowest + 4 * float(np.spacing(np.float32(max(abs(highest), abs(lowest), highest - lowest))))
