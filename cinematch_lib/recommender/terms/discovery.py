"""The discount of popular films: the sum of some terms times (1 + likes of the film)^−β."""

from collections.abc import Hashable, Sequence

import numpy as np

from cinematch_lib.artifacts.sparse_rows import one_array
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.terms.base import Term, combined, contributions_of_people, sum_of_bounds, sums_of_scores


class DiscountedTerms(Term):
    """The sum of `terms`, each film's times its factor: float32 (films,), above 0.

    All contributions to a film have the same factor, so that their shares stay what they are.
    """

    def __init__(self, terms: Sequence[Term], factors: np.ndarray) -> None:
        self._terms, self._factors = terms, factors

    def scores(self, selection: Selection) -> np.ndarray:
        """The sum for each selected film: float32 (selected films,)."""
        return self.scores_of_people([self], [selection])[0]

    @classmethod
    def scores_of_people(cls, terms: Sequence["DiscountedTerms"], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The same for several people's terms, each for its own selection."""
        totals = sums_of_scores([one._terms for one in terms], selections)
        for total, one, selection in zip(totals, terms, selections, strict=True):
            total *= selection.take(one._factors)
        return totals

    def bounds(self, block: Block, *, roughly: bool = False) -> np.ndarray:
        """Numbers that are at least the `scores` of films in groups; see `Term.bounds`."""
        total, factors = sum_of_bounds(self._terms, block, roughly=roughly), block.take(self._factors)
        # Nobody likes most films, so that their factor is 1.
        return total if factors[0] == 1 == len(factors) else combined(np.multiply, total, block.table(factors))

    def is_bounded(self, selection: Selection) -> bool:
        """Whether `bounds` take less time than `scores`."""
        return any(term.is_bounded(selection) for term in self._terms)

    @property
    def batch_key(self) -> Hashable:
        """Equal for sums of like terms."""
        return DiscountedTerms, *[term.batch_key for term in self._terms]

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each part of each term adds to the films in `rows`, int64 (n,)."""
        return self.contributions_of_people([self], [rows])

    @classmethod
    def contributions_of_people(
        cls, terms: Sequence["DiscountedTerms"], rows: Sequence[np.ndarray]
    ) -> list[Contributions]:
        """The same for several people's terms and lists, one list after another."""
        factors = one_array([one._factors.take(of_list) for one, of_list in zip(terms, rows, strict=True)])
        found = contributions_of_people([one._terms for one in terms], rows)
        return [one.scaled(factors.astype(np.float64)) for one in found]
