"""The films of a run in tiles, whose scores for a block of users stay in the cache of a processor."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights

TILE = 512  # films
BLOCK = 144  # users whose scores are held at once; with a power of two, those of one user are in few sets of the cache
_PRODUCT = 1 << 18  # multiplications of one matrix product; for more, BLAS starts threads, which wait for each other
_COMMON = 1 / 16  # of all films: features that as many have are multiplied faster as a dense matrix
_SHARED = 4096  # films that share a content weight, from which on products with profiles are cheaper for each weight


@dataclass(frozen=True)
class FilmTile:
    """Some films.

    `start` is the position of the first in `FilmTiles.film_order`, and `rows`, int64 (films,), are their rows in the
    run. `dense`, float32 (products, films of one, d), are the items and, also as `common`, the features that many films
    have, filled up with 0; `rare` are the other features, CSR float32 (films, features). `content_weight` is float32
    (films, 1), or (1, 1) where all have the same.
    """

    start: int
    rows: np.ndarray
    dense: np.ndarray
    common: np.ndarray
    rare: sparse.csr_matrix
    content_weight: np.ndarray

    @property
    def positions(self) -> slice:
        """Of the films in `FilmTiles.film_order`."""
        return slice(self.start, self.start + len(self.rows))


class FilmTiles:
    """Tiles of all films of a run, those that have item-to-item weights first.

    `features` are CSR float32 (films, features), the commonest first, and the first `n_common` count as common;
    `items` are float32 (films, d). `film_order` is int64 (films,), the rows of the films in the order of the tiles, and
    `positions` is the position of each row there; `of_targets` and `of_others` are the tiles.
    """

    def __init__(self, features: sparse.csr_matrix, items: np.ndarray, weights: ItemWeights) -> None:
        groups = _groups(weights)
        self.film_order = np.concatenate(groups)
        self.positions = np.argsort(self.film_order)
        self.n_common = int(np.count_nonzero(features.getnnz(axis=0) > _COMMON * features.shape[0]))
        common, rare = features[:, : self.n_common].toarray(), features[:, self.n_common :]
        both = np.hstack([items, common]).astype(np.float32)
        width, n_items = both.shape[1], items.shape[1]
        of_product = min(1 << max((_PRODUCT // (width * BLOCK)).bit_length() - 1, 0), TILE)
        tiles, start = [], 0
        for group in groups:
            for rows in (group[first : first + TILE] for first in range(0, len(group), TILE)):
                padded = np.zeros((TILE, width), dtype=np.float32)
                padded[: len(rows)] = both[rows]
                dense = padded.reshape(-1, of_product, width)
                content_weight = weights.content_weight[rows, None]
                if np.ptp(content_weight) == 0:
                    content_weight = content_weight[:1]
                tiles.append(FilmTile(start, rows, dense, dense[..., n_items:], rare[rows], content_weight))
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
