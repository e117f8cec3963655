"""The rating term: scale · Σ_j w_j B_ji, with item-to-item weights B learned from ratings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.sparse_rows import SparseRows
from cinematch_lib.recommender.films import FilmTable, Selection
from cinematch_lib.recommender.reasons import Contributions


class _Group(NamedTuple):
    """The liked or the disliked films of a user, with the rows of B that belong to them."""

    kind: str
    seed_items: Sequence[int]
    rows: SparseRows
    factor: float


class RatingsTerm:
    """What the ratings of other people add: scale · Σ_j w_j B_ji, over the films j that the user has rated.

    Parameters
    ----------
    sums : float (targets + 1,), Σ_j w_j B_ji of each target i, and 0 at the end for films that are no target.
    target_index : int (films,), the number of each film among the targets.
    scale : what all sums are multiplied by.

    """

    def __init__(self, sums: np.ndarray, target_index: np.ndarray, scale: float = 1.0) -> None:
        self._sums, self._target_index, self._scale = sums, target_index, scale
        self._groups: list[_Group] = []
        self._films: FilmTable | None = None

    @classmethod
    def from_item_weights(
        cls,
        films: FilmTable,
        weights: ItemWeights,
        liked: Sequence[int],
        disliked: Sequence[int],
        *,
        maximum: float,
        disliked_weight: float,
    ) -> "RatingsTerm | None":
        """The term of liked films, w_j = 1, and disliked films, w_j = `disliked_weight`, given by their rows.

        It is scaled such that the liked films add `maximum` to the film that they favour most. None where the
        weights favour no film: then there is nothing to scale by, and content has to do.
        """
        rows = weights.compact_rows(liked)
        sums = weights.accumulate(rows)
        highest = float(sums.take(rows.columns).max(initial=0.0))
        if highest <= 0:
            return None
        scale = maximum / highest
        groups = [_Group("rated_with_liked", liked, rows, scale)]
        if disliked:
            rows = weights.compact_rows(disliked)
            sums += disliked_weight * weights.accumulate(rows)
            groups.append(_Group("rated_with_disliked", disliked, rows, scale * disliked_weight))
        term = cls(sums, weights.target_index, scale)
        term._groups, term._films = groups, films
        return term

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return (self._scale * self._sums.take(selection.take(self._target_index))).astype(np.float32)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each liked and each disliked film adds to the films in `rows`."""
        # Number the films in `rows` by their target, from 1; 0 marks targets that are not among them.
        number = np.zeros(len(self._sums), dtype=np.min_scalar_type(len(rows)))
        number[self._target_index[rows]] = np.arange(1, len(rows) + 1)
        return [self._group_contributions(group, number, len(rows)) for group in self._groups]

    def _group_contributions(self, group: _Group, number: np.ndarray, n_films: int) -> Contributions:
        film = number.take(group.rows.columns)
        (entries,) = film.nonzero()
        seed = group.rows.lengths.cumsum().searchsorted(entries, side="right")
        values = np.zeros((n_films, len(group.seed_items)))
        values[film[entries] - 1, seed] = group.factor * group.rows.values[entries]
        films = self._films
        assert films is not None  # groups are made together with it
        return Contributions(group.kind, values, lambda _, part: films.movie(group.seed_items[part]))
