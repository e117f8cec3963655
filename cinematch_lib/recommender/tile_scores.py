"""The scores of the films of a tile for a block of users, but for the sums of item-to-item weights."""

from dataclasses import dataclass

import numpy as np

from cinematch_lib.recommender.film_tiles import TILE, FilmTile


@dataclass
class TileScores:
    """Adds up content, towers and popularity for users u and films i of a tile.

    s_ui p_u·f_i + max(1, s_ui) q_u·f_i + v_u·x_i, with s_ui = c_i scale_u + least_u the share of content, c_i the
    content weight and f_i the features of a film, x_i its items, and p_u and q_u what well and poorly rated films make
    up of a profile: the latter count in full at least.

    `well` and `poor`, float32 (features, users), are p and q, with the `n_common` features of `FilmTile.common` first;
    `vectors`, float32 (d, users), are v; `scale` and `least` are float32 (users,).
    """

    well: np.ndarray
    poor: np.ndarray
    vectors: np.ndarray
    scale: np.ndarray
    least: np.ndarray
    n_common: int

    def __post_init__(self) -> None:
        # Where no share is above 1, content is the product of features with the first of these times c_i, and the rest.
        self._weighted, self._rest = self.well * self.scale, self.well * self.least + self.poor
        self._dense = np.vstack([self.vectors, self._rest[: self.n_common]])
        self._same: tuple[float, np.ndarray, np.ndarray] = (np.nan, self._dense, self._rest)
        self._room, self._other_room = np.empty((2, TILE, len(self.least)), np.float32)

    def of(self, tile: FilmTile) -> np.ndarray:
        """The scores of a tile's films: float32 (films, users), overwritten by the next call."""
        films, content_weight = len(tile.rows), tile.content_weight
        if len(content_weight) == 1:
            dense, rest = self._of_weight(float(content_weight[0, 0]))
            scores = _product(tile.dense, dense, self._room)[:films]
            scores += tile.rare @ rest[self.n_common :]
        else:
            scores = _product(tile.dense, self._dense, self._room)[:films]
            scores += tile.rare @ self._rest[self.n_common :]
            weighted = self._similarities(tile, self._weighted)
            weighted *= content_weight
            scores += weighted
        share = content_weight.max() * self.scale + self.least
        if share.max() > 1:
            of_poor = self._similarities(tile, self.poor)
            of_poor *= np.maximum(content_weight * self.scale + self.least - 1, 0)
            scores += of_poor
        return scores

    def _similarities(self, tile: FilmTile, profiles: np.ndarray) -> np.ndarray:
        """The products of a tile's features with profiles, float32 (features, users): float32 (films, users)."""
        products: np.ndarray = tile.rare @ profiles[self.n_common :]
        products += _product(tile.common, profiles[: self.n_common], self._other_room)[: len(products)]
        return products

    def _of_weight(self, content_weight: float) -> tuple[np.ndarray, np.ndarray]:
        """What dense columns, and all features, of films of one content weight are multiplied by."""
        if content_weight != self._same[0]:
            whole = self._weighted * np.float32(content_weight)
            whole += self._rest
            self._same = content_weight, np.vstack([self.vectors, whole[: self.n_common]]), whole
        return self._same[1:]


def _product(films: np.ndarray, users: np.ndarray, room: np.ndarray) -> np.ndarray:
    np.matmul(films, users, out=room.reshape(len(films), -1, users.shape[1]))
    return room
