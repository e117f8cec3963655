"""The discount of popular films: the sum of some terms times (1 + likes of the film)^−β."""

from collections.abc import Sequence

import numpy as np

from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term


class DiscountedTerms:
    """The sum of `terms`, each film's times its factor: float32 (films,), above 0.

    All contributions to a film have the same factor, so that their shares stay what they are.
    """

    def __init__(self, terms: Sequence[Term], factors: np.ndarray) -> None:
        self._terms, self._factors = terms, factors

    def scores(self, selection: Selection) -> np.ndarray:
        """The sum for each selected film: float32 (selected films,)."""
        total = np.zeros(len(selection), dtype=np.float32)
        for term in self._terms:
            total += term.scores(selection)
        total *= selection.take(self._factors)
        return total

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each part of each term adds to the films in `rows`, int64 (n,)."""
        factors = self._factors[rows].astype(np.float64)
        return [one.scaled(factors) for term in self._terms for one in term.contributions(rows)]
