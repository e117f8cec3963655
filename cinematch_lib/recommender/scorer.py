"""The sum of the terms of a score, and the films that may score best."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np

from cinematch_lib.recommender.ranking import kth_highest, top_k
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import (
    Term,
    contributions_of_people,
    sum_of_bounds,
    sum_of_scores,
    sums_of_scores,
)

_LIKELY = 4  # times k: the films of the highest bounds of a block, of whose scores the k-th best is taken
_MANY = 64  # times k: fewer films are scored sooner than bounded
_SHORT = 64  # the k from which on the k-th best of the films scored first is too low to leave out most of the others


class Scorer:
    """Adds terms up."""

    def __init__(self, terms: Sequence[Term], first: np.ndarray | None = None) -> None:
        """`first`, bool (films,), are the films to score before the others, which hardly differ by some terms."""
        self.terms, self._first = tuple(terms), first

    def scores(self, selection: Selection) -> np.ndarray:
        """The scores of the selected films: float32 (selected films,)."""
        return sum_of_scores(self.terms, selection)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the scores of the films in `rows`, int64 (n,), are the sum of, kind by kind."""
        return self.contributions_of_people([self], [rows])

    @property
    def likeness(self) -> Hashable:
        """Equal for scorers of different people that have terms of the same kinds."""
        return tuple([term.likeness for term in self.terms])

    @staticmethod
    def contributions_of_people(scorers: Sequence["Scorer"], rows: Sequence[np.ndarray]) -> list[Contributions]:
        """The same for several people's scorers, of equal `likeness`, and lists, one list after another."""
        return contributions_of_people([one.terms for one in scorers], rows)

    @staticmethod
    def scores_of_people(scorers: Sequence["Scorer"], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The `scores` of several people's scorers, each of its own selection.

        They are computed term by term, so that what a term reads stays in the processor's cache from one person to the
        next.
        """
        found: dict[int, np.ndarray] = {}
        for numbers in alike(scorers):
            terms, of_each = [scorers[at].terms for at in numbers], [selections[at] for at in numbers]
            found.update(zip(numbers, sums_of_scores(terms, of_each), strict=True))
        return [found[at] for at in range(len(scorers))]

    def plus(self, term: Term) -> "Scorer":
        """The same sum with one more term."""
        return Scorer([*self.terms, term])

    def narrowed(self, selection: Selection, allowed: np.ndarray, k: int) -> tuple[Selection, np.ndarray]:
        """A part of the selection with the `k` best of the films allowed, and which of the part are allowed.

        `allowed` is bool (selected films,). A film is left out if its score is at most a bound that is below the k-th
        best of the scores of some films. Where bounds would take longer than all scores, the part is the whole.
        """
        if len(selection) < _MANY * k:
            return selection, allowed
        if self._first is not None and k <= _SHORT:
            at_first, first, others = selection.split(self._first)
            if 2 * len(first) < len(selection):
                found, least = self._candidates(first, allowed.take(at_first), k, -np.inf)
                positions = at_first.take(found)
                if sum_of_bounds(self.terms, others, roughly=True).max() >= least:
                    found, _ = self._candidates(others, allowed & others.alike, k, least)
                    positions = np.sort(np.concatenate([positions, found]))
                return selection.part(positions), allowed.take(positions)
        if not self._is_bounded(selection):
            return selection, allowed
        positions, _ = self._candidates(selection, allowed, k, -np.inf)
        return selection.part(positions), allowed.take(positions)

    def _is_bounded(self, selection: Selection) -> bool:
        return any(term.is_bounded(selection) for term in self.terms)

    def _candidates(self, selection: Selection, allowed: np.ndarray, k: int, least: float) -> tuple[np.ndarray, float]:
        """The positions of the films that may be among the `k` best of more films: int64 (any,), ascending.

        And what the k-th best of these scores at least, of which `least` is known.
        """
        if not self._is_bounded(selection):
            scores = np.where(allowed, self.scores(selection), -np.inf)
            least = max(least, kth_highest(scores, k))
            return np.flatnonzero(scores >= least), least
        blocks = selection.blocks
        ends = np.cumsum([len(block) for block in blocks])[:-1]
        with ThreadPoolExecutor(cpu_count()) as pool:  # numpy and scipy let other threads run
            bounds = list(pool.map(lambda block: sum_of_bounds(self.terms, block), blocks))
            if least > -np.inf:
                positions = _positions(bounds, lambda of_block: np.flatnonzero(of_block >= least))
                positions = positions[allowed.take(positions)]
                if len(positions) <= _MANY * k:
                    return positions, least
            list(pool.map(_exclude, bounds, np.split(allowed, ends)))
        likely = selection.part(_positions(bounds, lambda of_block: np.sort(top_k(of_block, _LIKELY * k))))
        least = max(least, kth_highest(self.scores(likely), k))
        return _positions(bounds, lambda of_block: np.flatnonzero(of_block >= least)), least


def _exclude(bounds: np.ndarray, allowed: np.ndarray) -> None:
    np.copyto(bounds, -np.inf, where=~allowed)


def alike(scorers: Sequence[Scorer]) -> list[list[int]]:
    """The numbers of the scorers, those of equal `likeness` together."""
    if len(scorers) == 1:
        return [[0]]
    groups: dict[Hashable, list[int]] = {}
    for number, one in enumerate(scorers):
        groups.setdefault(one.likeness, []).append(number)
    return list(groups.values())


def _positions(blocks: Sequence[np.ndarray], of_block: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The positions in blocks that follow each other, int64 (any,), of those found in each: ascending."""
    starts = np.cumsum([0, *map(len, blocks)]).tolist()
    return np.concatenate([start + of_block(block) for start, block in zip(starts, blocks, strict=False)])
