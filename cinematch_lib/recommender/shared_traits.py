"""The directors and genres that a few liked films share more often than by chance, and the places these have in a list.

A list for somebody who names a few films by one director, or of one genre, would else hold hardly any other of them:
what people like most is a better guess for each single place. So of the films with a trait that m more liked films
have than disliked ones, those that several people like have as many of the first places as `places.expected_places`
says. From more than 20 likes, the weights learned from ratings tell enough.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from cinematch_lib.artifacts.sparse_rows import take_rows
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.places import FIRST, Places, expected_places

_FIELDS = ("director", "genres")
_SEVERAL = 2  # people who like a film that has a place


class SharedTraits:
    """Finds the places for what liked films share.

    Parameters
    ----------
    similarity : the features of the films, with names.
    like_counts : int64 (films,), how many people like each film.

    """

    def __init__(self, similarity: ContentSimilarity, like_counts: np.ndarray) -> None:
        matrix = similarity.matrix
        self._matrix, self._labels = matrix, similarity.labels(range(matrix.shape[1]))
        self._traits = np.array([at for at, label in enumerate(self._labels) if label.field in _FIELDS], dtype=np.int64)
        self._is_trait = np.zeros(matrix.shape[1], dtype=bool)
        self._is_trait[self._traits] = True
        films = matrix[:, self._traits].tocsc()
        self._ends, self._films = films.indptr, films.indices
        likes = np.append(0, np.cumsum(like_counts.take(films.indices)))
        self._likes, self._all_likes = np.diff(likes[films.indptr]), max(int(like_counts.sum()), 1)
        self._is_liked = like_counts >= _SEVERAL

    def places(self, liked: Sequence[int], disliked: Sequence[int]) -> Iterator[tuple[float, Places]]:
        """The places for what the films in the rows `liked` share, each with the chance of so many likes of it."""
        traits, counts = np.unique(self._traits_of(liked), return_counts=True)
        if disliked and (counts > 1).any():
            counts = counts - (self._traits_of(disliked)[:, None] == traits).sum(axis=0)
        several = counts > 1
        for trait, m in zip(traits[several].tolist(), counts[several].tolist(), strict=True):
            chance, of_first = expected_places(m, len(liked), self._share_of_likes(trait))
            if of_first:
                yield chance, Places("in_common", self._having(trait), of_first, FIRST, self._labels[trait])

    def _traits_of(self, rows: Sequence[int]) -> np.ndarray:
        """The columns of the traits of some films, one film after another."""
        columns = take_rows(self._matrix, np.array(rows, dtype=np.int64)).columns
        return columns[self._is_trait.take(columns)]

    def _share_of_likes(self, trait: int) -> float:
        return max(int(self._likes[self._traits.searchsorted(trait)]), 1) / self._all_likes

    def _having(self, trait: int) -> np.ndarray:
        """Which films that several people like have the trait: bool (films,)."""
        at = int(self._traits.searchsorted(trait))
        has = np.zeros(self._matrix.shape[0], dtype=bool)
        has[self._films[self._ends[at] : self._ends[at + 1]]] = True
        return has & self._is_liked
