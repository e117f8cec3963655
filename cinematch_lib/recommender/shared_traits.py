"""The directors and genres that a few liked films share more often than by chance, and the places these have in a list.

A list for somebody who names a few films by one director, or of one genre, would else hold hardly any other of them:
what people like most is a better guess for each single place. So a trait t that m of n liked films have is given

    floor(10 · (m + 4 · q) / (n + 4))

of the first ten places, where q is its share of all likes: the mean of the posterior distribution of the person's
share, with a Beta distribution of mean q before that counts as much as four likes. This is done where m of n likes
drawn at random would have the trait with a probability of at most 0.0005, by the bound of Chernoff (1952, doi
10.1214/aoms/1177729330) exp(−n · D), with the Kullback-Leibler divergence D = m/n · log(m / (n · q)) +
(1 − m/n) · log((1 − m/n) / (1 − q)). From more than 20 likes, the weights learned from ratings tell enough.
"""

import math
from collections.abc import Sequence

import numpy as np

from cinematch_lib.artifacts.sparse_rows import take_rows
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.places import FIRST, Places

_FIELDS = ("director", "genres")
_MAX_LIKES, _OTHER_LIKES = 20, 4.0
_MAX_CHANCE = 5e-4


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

    def places(self, liked: Sequence[int], disliked: Sequence[int]) -> list[Places]:
        """The places for what the films in the rows `liked` share, and none in `disliked`; the least likely first."""
        n, found = len(liked), []
        if not 2 <= n <= _MAX_LIKES:
            return []
        traits, counts = np.unique(self._traits_of(liked), return_counts=True)
        several = counts > 1
        if several.any():
            several &= ~np.isin(traits, self._traits_of(disliked))
        for trait, m in zip(traits[several].tolist(), counts[several].tolist(), strict=True):
            share = self._share_of_likes(trait)
            chance, of_person = _highest_chance(m, n, share), (m + _OTHER_LIKES * share) / (n + _OTHER_LIKES)
            if chance <= _MAX_CHANCE and (of_first := int(FIRST * of_person)):
                found.append((chance, trait, of_first))
        return [
            Places("in_common", self._having(trait), of_first, FIRST, self._labels[trait])
            for _, trait, of_first in sorted(found)
        ]

    def _traits_of(self, rows: Sequence[int]) -> np.ndarray:
        """The columns of the traits of some films, one film after another."""
        columns = take_rows(self._matrix, np.array(rows, dtype=np.int64)).columns
        return columns[self._is_trait.take(columns)]

    def _share_of_likes(self, trait: int) -> float:
        return max(int(self._likes[self._traits.searchsorted(trait)]), 1) / self._all_likes

    def _having(self, trait: int) -> np.ndarray:
        """Which films have the trait: bool (films,)."""
        at = int(self._traits.searchsorted(trait))
        has = np.zeros(self._matrix.shape[0], dtype=bool)
        has[self._films[self._ends[at] : self._ends[at + 1]]] = True
        return has


def _highest_chance(m: int, n: int, share: float) -> float:
    """A bound of the probability that `m` or more of `n` have a trait that each has with the probability `share`.

    >>> round(_highest_chance(2, 2, 0.01), 6), _highest_chance(1, 2, 0.5)
    (0.0001, 1.0)
    """
    part = m / n
    if part <= share:
        return 1.0
    divergence = part * math.log(part / share)
    if m < n:
        divergence += (1 - part) * math.log((1 - part) / (1 - share))
    return math.exp(-n * divergence)
