"""What every term of the score does."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection


class Term(Protocol):
    """One term of the score of films for one user.

    All methods describe the same numbers: the contributions of a film add up to its score.
    """

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,), in an array of its own."""

    def bounds(self, block: Selection) -> np.ndarray:
        """Numbers that are at least the `scores` of one of `Selection.blocks`: float32 (films,).

        Where the term is one that may be bounded, the selection is, by `is_bounded`.
        """
        return self.scores(block)

    def is_bounded(self, selection: Selection) -> bool:
        """Whether `bounds` take less time than `scores`."""
        return False

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each part of the term, such as one liked film or one genre, adds to the films in `rows`, int64 (n,)."""


def sum_of_scores(terms: Sequence[Term], selection: Selection) -> np.ndarray:
    """The sum of the scores of some terms: float32 (selected films,)."""
    total = np.zeros(len(selection), dtype=np.float32)
    for term in terms:
        total += term.scores(selection)
    return total


def sum_of_bounds(terms: Sequence[Term], block: Selection) -> np.ndarray:
    """Numbers that are at least the `sum_of_scores` of one or more terms: float32 (films,)."""
    first, *others = terms
    total = first.bounds(block)
    for term in others:  # in the same order: rounding is monotonic, so that no sum of scores exceeds that of bounds
        total += term.bounds(block)
    return total
