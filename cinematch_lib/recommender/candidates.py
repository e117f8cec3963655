"""The films that may be among the best of the users of a block."""

from collections.abc import Iterator, Sequence

import numpy as np

from cinematch_lib.recommender.film_tiles import FilmTile, FilmTiles
from cinematch_lib.recommender.ranking import top_k


class Candidates:
    """The best films that have item-to-item weights, and the others that score as much.

    Parameters
    ----------
    tiles : the films.
    scores : float32 (users, targets), of the films that have weights; overwritten.
    rated : bool (users,), for which users scores hold.
    excluded : rows of films that each user's list is without.
    k : the length of a list.

    """

    def __init__(
        self, tiles: FilmTiles, scores: np.ndarray, rated: np.ndarray, excluded: Sequence[np.ndarray], k: int
    ) -> None:
        (users, n_targets), self._k = scores.shape, k
        self._users = np.flatnonzero(rated).tolist()
        self._best: list[tuple[np.ndarray, np.ndarray]] = []
        self._found = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))]
        self._allowed = np.ones((users, len(tiles.film_order)), dtype=bool)
        # A film that scores less than the k-th best of those with weights is not among the k best of all.
        self._threshold = np.full(users, np.inf, dtype=np.float32)
        for user in self._users:
            positions = tiles.positions[excluded[user]]
            self._allowed[user, positions] = False
            scores[user, positions[positions < n_targets]] = -np.inf
            best = top_k(scores[user], k)
            self._best.append((tiles.film_order[best], scores[user, best]))
            self._threshold[user] = scores[user, best[-1]] if len(best) == k else np.finfo(np.float32).min

    def add(self, tile: FilmTile, scores: np.ndarray) -> None:
        """Look for candidates among the films of a tile without weights; `scores` is float32 (films, users)."""
        found = np.flatnonzero(scores >= self._threshold)  # many times faster than of two dimensions
        film, user = np.divmod(found, scores.shape[1])
        allowed = self._allowed[user, tile.start + film]
        film, user = film[allowed], user[allowed]
        self._found.append((user, tile.rows[film], scores[film, user]))

    def best(self) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """Each user for whom scores hold, with the rows of the `k` best films, the best first, and their scores.

        Films of equal score are ordered by row.
        """
        user, rows, scores = (np.concatenate(column) for column in zip(*self._found, strict=True))
        order = np.argsort(user, kind="stable")
        starts, ends = (np.searchsorted(user[order], self._users, side=side).tolist() for side in ("left", "right"))
        for one, of_targets, start, end in zip(self._users, self._best, starts, ends, strict=True):
            others = order[start:end]
            of_user = np.concatenate([of_targets[0], rows[others]])
            values = np.concatenate([of_targets[1], scores[others]])
            best = np.lexsort((of_user, -values))[: self._k]
            yield one, (of_user[best], values[best].astype(np.float64))
