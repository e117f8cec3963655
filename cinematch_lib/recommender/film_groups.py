"""Films in groups of a few that are much alike, so that one bound of a part of their scores serves for each group."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from cinematch_lib.recommender.selection import Block, Selection

_SIZE = 16  # films of a group, about
_PARTS = 4  # into which films are cut at a time
_BLOCK = 1 << 18  # films whose scores stay in the cache of a processor


class Coordinates(Protocol):
    """Numbers of films by which these are alike or not."""

    def coordinate(self, number: int) -> np.ndarray:
        """One of them for each film, 0 for the most telling, and again from the first: float32 (films,)."""

    def keep(self, blocks: Sequence[Block]) -> None:
        """Work out what is needed of the films in groups, and let go of the rest."""


class FilmGroups:
    """The films that ratings tell nothing of, in groups; the others, `is_first`, bool (films,), are scored before.

    Films are cut into four equal parts by the first coordinate of the first of `sources`, each of these into four by
    the first of the second one, and so on.
    """

    def __init__(self, is_first: np.ndarray, sources: Sequence[Coordinates]) -> None:
        self.is_first, self._sources = is_first, sources
        self.n_films = len(is_first)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "blocks"}  # what they keep is made anew

    @cached_property
    def blocks(self) -> list[Block]:
        """The groups, in blocks; of the last film there are several if the groups are not full."""
        (rows,) = (~self.is_first).nonzero()
        if not len(rows):
            return []
        cuts = max(0, round(math.log(len(rows) / _SIZE, _PARTS)))
        size = -(-len(rows) // _PARTS**cuts)
        order = rows.take(np.arange(size * _PARTS**cuts).clip(max=len(rows) - 1))
        for cut in range(cuts):
            number, at = divmod(cut, len(self._sources))
            order = order.reshape(_PARTS**cut, -1)
            values = self._sources[at].coordinate(number).take(order)
            order = np.take_along_axis(order, values.argsort(axis=1), axis=1)
        table = np.ascontiguousarray(order.reshape(-1, size).T)
        width = _BLOCK // size
        blocks = [Block.of(table[:, start : start + width]) for start in range(0, table.shape[1], width)]
        for one in self._sources:
            one.keep(blocks)
        return blocks

    def of_selection(self, selection: Selection) -> list[Block]:
        """The blocks, with the shares of preferred genres that the films of a selection have."""
        if not selection.has_genres:
            return self.blocks
        shares = np.zeros(self.n_films, dtype=np.float32)
        shares[selection.rows] = selection.genre_share
        return [replace(block, genre_share=shares.take(block.rows)) for block in self.blocks]
