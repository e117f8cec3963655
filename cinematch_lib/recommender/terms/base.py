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

    def bounds(self, block: Selection, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of one of `Selection.blocks`: float32 (films,), or (1,) for all.

        Where the term is one that may be bounded, the selection is, by `is_bounded`, or the bounds are asked for
        `roughly`: by no more than the lengths of vectors.
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


def sum_of_bounds(terms: Sequence[Term], block: Selection, *, roughly: bool = False) -> np.ndarray:
    """Numbers that are at least the `sum_of_scores` of one or more terms: float32 (films,), or (1,) for all."""
    first, *others = terms
    total = first.bounds(block, roughly=roughly)
    for term in others:  # in the same order: rounding is monotonic, so that no sum of scores exceeds that of bounds
        total = combined(np.add, total, term.bounds(block, roughly=roughly))
    return total


def combined(operation: np.ufunc, total: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`operation` of two arrays, (n,) or (1,) each; in that of `total` where it is as long."""
    result: np.ndarray = operation(total, values, out=total if len(total) >= len(values) else None)
    return result
