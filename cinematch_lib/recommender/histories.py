"""The known films of many users, as sparse matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import DISLIKED_WEIGHT
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.known_films import KnownFilms
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.terms.ratings import seeds


@dataclass(frozen=True)
class Histories:
    """The known films of some users, as matrices of users and films.

    `weights` is CSR float32 (users, films), w_j of every known film; `liked` and `disliked` are CSR float32 of ones;
    `n_known` is int64 (users,).
    """

    weights: sparse.csr_matrix
    liked: sparse.csr_matrix
    disliked: sparse.csr_matrix
    n_known: np.ndarray

    @classmethod
    def of(cls, films: FilmTable, preferences: Sequence[Preferences], disliked_weight: float) -> "Histories":
        """Of the preferences of some users. Raises UnknownNameError for unknown films."""
        rows: tuple[list[Sequence[int]], ...] = ([], [], [])
        values: list[np.ndarray] = []
        for one in preferences:
            known_films = KnownFilms.of(films, one)
            groups = seeds(one, known_films, disliked_weight)
            values.append(np.concatenate([np.zeros(0), *(group.weights for group in groups)]))
            known = [row for group in groups for row in group.rows]
            for of_kind, found in zip(rows, (known, known_films.liked, known_films.disliked), strict=True):
                of_kind.append(found)
        weights, liked, disliked = (_by_user(of_kind, len(films)) for of_kind in rows)
        n_known = np.diff(weights.indptr).astype(np.int64)
        weights.data = np.concatenate([np.zeros(0), *values]).astype(np.float32)
        return cls(weights, liked, disliked, n_known)

    @cached_property
    def opinions(self) -> sparse.csr_matrix:
        """CSR float32 (users, films): 1 for the liked films, and `DISLIKED_WEIGHT` for the disliked ones."""
        return self.liked + np.float32(DISLIKED_WEIGHT) * self.disliked

    def opinions_of(self, user: int) -> tuple[list[int], list[int]]:
        """The rows of the films that one of the users likes, and of those that the user dislikes."""
        liked, disliked = (one.indices[one.indptr[user] : one.indptr[user + 1]] for one in (self.liked, self.disliked))
        return liked.tolist(), disliked.tolist()


def _by_user(rows: Sequence[Sequence[int]], n_films: int) -> sparse.csr_matrix:
    """CSR float32 (users, films): 1 at the rows of each user."""
    indptr = np.concatenate([[0], np.cumsum([len(of_user) for of_user in rows])])
    indices = np.array([row for of_user in rows for row in of_user], dtype=np.int64)
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(len(rows), n_films))
