"""The rating term: Σ_j w_j B_ji, with item-to-item weights B learned from ratings."""

from collections.abc import Sequence
from functools import reduce
from itertools import compress
from typing import NamedTuple

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.sparse_rows import SparseRows
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term


class Seeds(NamedTuple):
    """Films that a user has rated: their rows, the weight w_j of each, float64 (films,), and the stars, if known."""

    kind: str
    rows: Sequence[int]
    weights: np.ndarray
    stars: Sequence[float | None]


class _Part(NamedTuple):
    """The rows of one matrix that belong to some seeds, each with its factor in the sum: float64 (seeds,)."""

    rows: SparseRows
    factors: np.ndarray


class RatingsTerm(Term):
    """What the ratings of other people add: Σ_j w_j B_ji, over the films j that the user has rated.

    Parameters
    ----------
    sums : float (targets + 1,), the term of each target i, and 0 at the end for films that are no target.
    target_index : int (films,), the number of each film among the targets.
    unit : what a predicted like adds to the score, > 0.

    """

    def __init__(self, sums: np.ndarray, target_index: np.ndarray, unit: float = 1.0) -> None:
        self._sums, self._target_index, self.unit = sums, target_index, unit
        self._parts: list[tuple[Seeds, list[_Part]]] = []
        self._films: FilmTable | None = None

    @classmethod
    def from_item_weights(
        cls,
        films: FilmTable,
        weights: ItemWeights,
        groups: Sequence[Seeds],
        mixture: Sequence[tuple[int, float]],
        maximum: float,
    ) -> "RatingsTerm | None":
        """The term of groups of rated films, by a mixture of the matrices: their numbers and shares.

        The sums of each matrix are scaled such that the seeds of positive weight add `maximum` to the film that they
        favour most, and added up by their shares. None where the weights favour no film: then there is nothing
        to scale by, and content has to do.
        """
        parts: dict[str, list[_Part]] = {group.kind: [] for group in groups}
        is_positive = [bool((group.weights > 0).all()) for group in groups]
        factors = [None if (group.weights == 1).all() else group.weights for group in groups]
        total, unit = None, 0.0
        for number, share in mixture:
            rows = [weights.compact_rows(group.rows, number) for group in groups]
            sums = [weights.accumulate(one, of_group) for one, of_group in zip(rows, factors, strict=True)]
            positive = list(compress(sums, is_positive))
            highest = float(_total(positive).max()) if positive else 0.0
            if highest > 0:
                scale = share * maximum / highest
                of_matrix = _total(sums)
                of_matrix *= scale
                total = of_matrix if total is None else np.add(total, of_matrix, out=total)
                unit += share * maximum * weights.unit(number, highest)
                for group, one in zip(groups, rows, strict=True):
                    parts[group.kind].append(_Part(one, scale * group.weights))
        if total is None:
            return None
        term = cls(total, weights.target_index, unit)
        term._parts, term._films = [(group, parts[group.kind]) for group in groups], films
        return term

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return self._sums.astype(np.float32).take(selection.take(self._target_index))

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each film that the user has rated adds to the films in `rows`."""
        targets = self._target_index.take(rows)
        is_asked = np.zeros(len(self._sums), dtype=bool)
        is_asked[targets] = True
        number = np.zeros(len(self._sums), dtype=np.min_scalar_type(len(rows)))  # of the film of each target in `rows`
        number[targets] = np.arange(len(rows))
        return [self._group_contributions(seeds, parts, is_asked, number, len(rows)) for seeds, parts in self._parts]

    def _group_contributions(
        self, seeds: Seeds, parts: Sequence[_Part], is_asked: np.ndarray, number: np.ndarray, n_films: int
    ) -> Contributions:
        values = np.zeros((n_films, len(seeds.rows)))
        for part in parts:
            (entries,) = is_asked.take(part.rows.columns).nonzero()
            film = number.take(part.rows.columns.take(entries))
            seed = part.rows.lengths.cumsum().searchsorted(entries, side="right")
            values[film, seed] += part.factors.take(seed) * part.rows.values.take(entries)
        films = self._films
        assert films is not None  # groups are made together with it
        movie = films.movie
        return Contributions(
            seeds.kind, values, lambda _, part: movie(seeds.rows[part]), stars=lambda part: seeds.stars[part]
        )


def _total(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of one or more arrays of one shape; a single one is not copied."""
    return reduce(np.add, arrays)
