"""The scores of the films of a tile for a block of users, but for the sums of item-to-item weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cinematch_lib.recommender.film_tiles import PRODUCT, TILE, FilmTile


@dataclass
class TileScores:
    """Adds up content, towers and popularity for users u and films i of a tile.

    s_ui p_u·f_i + max(0, 1 − s_ui) q_u·f_i + v_u·x_i, with s_ui = c_i scale_u + least_u the share of content, c_i the
    content weight and f_i the features of a film, x_i its items, and q_u what poorly rated films make up of p_u: these
    count in full.

    `profiles`, float32 (features, users), are p; `of_poor`, float32 (features, n), are q of the first n users, where it
    is not 0; `vectors`, float32 (d, users), are v; `scale` and `least` are float32 (users,).
    """

    profiles: np.ndarray
    of_poor: np.ndarray
    vectors: np.ndarray
    scale: np.ndarray
    least: np.ndarray

    def __post_init__(self) -> None:
        users = len(self.least)
        self._room = np.empty((TILE // PRODUCT, PRODUCT, users), np.float32)
        self._poor = slice(self.of_poor.shape[1])
        self._share, self._weighted = np.zeros((0, users), dtype=np.float32), self.profiles

    def of(self, tile: FilmTile) -> np.ndarray:
        """The scores of a tile's films: float32 (films, users), overwritten by the next call."""
        users = len(self.least)
        scores = np.matmul(tile.items, self.vectors, out=self._room).reshape(-1, users)[: len(tile.rows)]
        share = tile.content_weight * self.scale
        share += self.least
        if len(share) == 1:
            scores += tile.features @ self._weighted_by(share)
            return scores
        similarities = tile.features @ self._both
        if self.of_poor.size:
            rest = np.maximum(1 - share[:, self._poor], 0)
            rest *= similarities[:, users:]
            scores[:, self._poor] += rest
        share *= similarities[:, :users]
        scores += share
        return scores

    @cached_property
    def _both(self) -> np.ndarray:
        return np.hstack([self.profiles, self.of_poor])

    def _weighted_by(self, share: np.ndarray) -> np.ndarray:
        """s_u p_u + max(0, 1 − s_u) q_u, for a share that is the same for all films: float32 (features, users)."""
        if not np.array_equal(share, self._share):
            self._share, self._weighted = share, self.profiles * share
            self._weighted[:, self._poor] += self.of_poor * np.maximum(1 - share[:, self._poor], 0)
        return self._weighted
