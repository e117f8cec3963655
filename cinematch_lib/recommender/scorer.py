"""The sum of the terms of a score, and the films that may score best."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np

from cinematch_lib.recommender.ranking import kth_highest, top_k
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term, sum_of_bounds, sum_of_scores

_LIKELY = 4  # times k: the films of the highest bounds of a block, of whose scores the k-th best is taken
_MANY = 64  # times k: fewer films are scored sooner than bounded


class Scorer:
    """Adds terms up."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)

    def scores(self, selection: Selection) -> np.ndarray:
        """The scores of the selected films: float32 (selected films,)."""
        return sum_of_scores(self.terms, selection)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the scores of the films in `rows`, int64 (n,), are the sum of, kind by kind."""
        return [one for term in self.terms for one in term.contributions(rows)]

    def plus(self, term: Term) -> "Scorer":
        """The same sum with one more term."""
        return Scorer([*self.terms, term])

    def narrowed(self, selection: Selection, allowed: np.ndarray, k: int) -> tuple[Selection, np.ndarray]:
        """A part of the selection with the `k` best of the films allowed, and which of the part are allowed.

        `allowed` is bool (selected films,). A film is left out if its score is at most a bound that is below the k-th
        best of the scores of some films. Where bounds would take longer than all scores, the part is the whole.
        """
        if len(selection) < _MANY * k or not any(term.is_bounded(selection) for term in self.terms):
            return selection, allowed
        blocks = selection.blocks
        ends = np.cumsum([len(block) for block in blocks])[:-1]
        with ThreadPoolExecutor(cpu_count()) as pool:  # numpy and scipy let other threads run
            bounds = list(pool.map(self._bounds, blocks, np.split(allowed, ends)))
        likely = selection.part(_positions(bounds, lambda of_block: np.sort(top_k(of_block, _LIKELY * k))))
        least = kth_highest(self.scores(likely), k)
        positions = _positions(bounds, lambda of_block: np.flatnonzero(of_block >= least))
        return selection.part(positions), allowed[positions]

    def _bounds(self, block: Selection, allowed: np.ndarray) -> np.ndarray:
        """Numbers that are at least the scores of the films of a block, −∞ for those not allowed: float32 (films,)."""
        bounds = sum_of_bounds(self.terms, block)
        bounds[~allowed] = -np.inf
        return bounds


def _positions(blocks: Sequence[np.ndarray], of_block: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The positions in blocks that follow each other, int64 (any,), of those found in each: ascending."""
    starts = np.cumsum([0, *map(len, blocks)]).tolist()
    return np.concatenate([start + of_block(block) for start, block in zip(starts, blocks, strict=False)])
