"""The sum of the terms of a score, and the films that may score best."""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

import numpy as np

from cinematch_lib.recommender.film_groups import FilmGroups
from cinematch_lib.recommender.ranking import at_least, kth_highest, top_k
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Block, Selection
from cinematch_lib.recommender.terms.base import (
    Term,
    contributions_of_people,
    sum_of_bounds,
    sum_of_scores,
    sums_of_scores,
)

_LIKELY = 4  # times k: the films of the highest bounds of a block, of whose scores the k-th best is taken
_MANY = 64  # times k: fewer films are scored sooner than bounded
_SOME = 1 / 8  # of the films: of more, a first few are scored to leave out others


class Scorer:
    """Adds terms up."""

    def __init__(self, terms: Sequence[Term], groups: FilmGroups | None = None) -> None:
        """`groups` are of the films whose scores may be bounded; None where all scores are computed sooner."""
        self.terms, self._groups = tuple(terms), groups

    def scores(self, selection: Selection) -> np.ndarray:
        """The scores of the selected films: float32 (selected films,)."""
        return sum_of_scores(self.terms, selection)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What the scores of the films in `rows`, int64 (n,), are the sum of, kind by kind."""
        return self.contributions_of_people([self], [rows])

    @property
    def batch_key(self) -> Hashable:
        """Equal for scorers of different people that have terms of the same kinds."""
        return tuple([term.batch_key for term in self.terms])

    @staticmethod
    def contributions_of_people(scorers: Sequence["Scorer"], rows: Sequence[np.ndarray]) -> list[Contributions]:
        """The same for several people's scorers, of equal `batch_key`, and lists, one list after another."""
        return contributions_of_people([one.terms for one in scorers], rows)

    @staticmethod
    def scores_of_people(scorers: Sequence["Scorer"], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The `scores` of several people's scorers, each of its own selection.

        They are computed term by term, so that what a term reads stays in the processor's cache from one person to the
        next.
        """
        found: dict[int, np.ndarray] = {}
        for numbers in grouped(scorers):
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
        groups = self._groups
        if groups is None or len(selection) < _MANY * k:
            return selection, allowed
        at_first, first = selection.chosen(groups.is_first)
        scores = np.where(allowed.take(at_first), self.scores(first), -np.inf)
        least, found = kth_highest(scores, k), np.empty(0, dtype=np.int64)
        if (
            least == -np.inf
            or max(sum_of_bounds(self.terms, one, roughly=True).max() for one in groups.blocks) >= least
        ):
            if not any(term.is_bounded(selection) for term in self.terms):
                return selection, allowed
            found, least = self._candidates(groups, _Allowed(selection, allowed, groups.n_films), scores, k)
        positions = np.sort(np.concatenate([at_first[scores >= least], found]))
        return selection.part(positions), allowed.take(positions)

    def _candidates(
        self, groups: FilmGroups, allowed: "_Allowed", first: np.ndarray, k: int
    ) -> tuple[np.ndarray, float]:
        """The positions of the films in groups that may be among the `k` best: int64 (any,), ascending.

        And what the k-th best scores at least. `first` are the scores of the films that are in no group.
        """
        blocks, least = groups.of_selection(allowed.selection), kth_highest(first, k)
        bounds = [sum_of_bounds(self.terms, block) for block in blocks]  # threads take longer to start than they save
        if least > -np.inf:
            positions = _positions(blocks, bounds, allowed, lambda of_block: at_least(of_block, least))
            if len(positions) <= _SOME * len(allowed.selection):
                return positions, least
        if (more := allowed.n_others) > _MANY * k:
            for block, of_block in zip(blocks, bounds, strict=True):
                allowed.exclude(block, of_block)
            more = 0
        likely = _positions(blocks, bounds, allowed, lambda of_block: top_k(of_block, _LIKELY * k + more))
        scores = self.scores(allowed.selection.part(likely))
        least = max(least, kth_highest(np.concatenate([first, scores]), k))
        return _positions(blocks, bounds, allowed, lambda of_block: at_least(of_block, least)), least


class _Allowed:
    """Which films of a selection are allowed: bool (selected films,)."""

    def __init__(self, selection: Selection, allowed: np.ndarray, n_films: int) -> None:
        self.selection, self._allowed, self._n_films = selection, allowed, n_films

    @property
    def n_others(self) -> int:
        """The number of the other films of the run."""
        return self._n_films - int(np.count_nonzero(self._allowed))

    def positions(self, rows: np.ndarray) -> np.ndarray:
        """Where those of some films that are allowed stand in the selection: int64 (any,), ascending."""
        at = np.sort(rows)
        at = at[np.diff(at, prepend=-1) > 0]
        if len(self.selection) < self._n_films:
            rows, at = at, self.selection.rows.searchsorted(at).clip(max=len(self.selection) - 1)
            at = at[self.selection.rows.take(at) == rows]
        positions: np.ndarray = at[self._allowed.take(at)]
        return positions

    def exclude(self, block: Block, bounds: np.ndarray) -> None:
        """Make the bounds of the films of a block that are not allowed −∞."""
        np.copyto(bounds, -np.inf, where=~block.table(self._of_all.take(block.rows)))

    @cached_property
    def _of_all(self) -> np.ndarray:
        """The same for all films of the run."""
        rows = self.selection.rows
        of_all = np.zeros(self._n_films, dtype=bool)
        of_all[rows] = self._allowed
        return of_all


def _positions(
    blocks: Sequence[Block],
    bounds: Sequence[np.ndarray],
    allowed: _Allowed,
    of_block: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """The positions in the selection of the allowed films that are found by their bounds in blocks."""
    found = [block.rows[of_block(one.ravel())] for block, one in zip(blocks, bounds, strict=True)]
    return allowed.positions(np.concatenate(found))


def grouped(scorers: Sequence[Scorer]) -> list[list[int]]:
    """The numbers of the scorers, those of equal `batch_key` together."""
    if len(scorers) == 1:
        return [[0]]
    groups: dict[Hashable, list[int]] = {}
    for number, one in enumerate(scorers):
        groups.setdefault(one.batch_key, []).append(number)
    return list(groups.values())
