"""The films of a run in tiles, whose scores for a block of users stay in the cache of a processor."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights

TILE = 512  # films
PRODUCT = 32  # films of one matrix product: so few that BLAS starts no threads of its own, which wait for each other
_SHARED = 4096  # films that share a content weight, from which on products with profiles are cheaper for each weight


@dataclass(frozen=True)
class FilmTile:
    """Some films.

    `start` is the position of the first in `FilmTiles.film_order`, and `rows`, int64 (films,), are their rows in the
    run. `features` is CSR float32 (films, features); `items` is float32 (n, `PRODUCT`, d), filled up with 0;
    `content_weight` is float32 (films, 1), or (1, 1) where all have the same.
    """

    start: int
    rows: np.ndarray
    features: sparse.csr_matrix
    items: np.ndarray
    content_weight: np.ndarray

    @property
    def positions(self) -> slice:
        """Of the films in `FilmTiles.film_order`."""
        return slice(self.start, self.start + len(self.rows))


class FilmTiles:
    """Tiles of all films of a run, those that have item-to-item weights first.

    `film_order` is int64 (films,), the rows of the films in the order of the tiles, and `positions` is the position of
    each row there; `of_targets` and `of_others` are the tiles.
    """

    def __init__(self, features: sparse.csr_matrix, items: np.ndarray, weights: ItemWeights) -> None:
        groups = _groups(weights)
        self.film_order = np.concatenate(groups)
        self.positions = np.argsort(self.film_order)
        tiles, start = [], 0
        for group in groups:
            for rows in (group[first : first + TILE] for first in range(0, len(group), TILE)):
                padded = np.zeros((TILE, items.shape[1]), dtype=np.float32)
                padded[: len(rows)] = items[rows]
                in_products = padded.reshape(-1, PRODUCT, items.shape[1])
                content_weight = weights.content_weight[rows, None]
                if np.ptp(content_weight) == 0:
                    content_weight = content_weight[:1]
                tiles.append(FilmTile(start, rows, features[rows], in_products, content_weight))
                start += len(rows)
        self.of_targets = [tile for tile in tiles if tile.start < weights.n_targets]
        self.of_others = tiles[len(self.of_targets) :]


def _groups(weights: ItemWeights) -> list[np.ndarray]:
    """The rows of the films, int64, in groups.

    The first are those that have item-to-item weights. Of the others, those of many films that share a content weight,
    as films without ratings do, are a group of their own.
    """
    is_target = weights.target_index < weights.n_targets
    shared, number, count = np.unique(weights.content_weight, return_inverse=True, return_counts=True)
    group = np.where(count[number] >= _SHARED, number, len(shared))
    others = [np.flatnonzero(~is_target & (group == one)) for one in np.unique(group)]
    return [np.flatnonzero(is_target), *others]
