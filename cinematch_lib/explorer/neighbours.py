"""The films nearest to a film, by ratings and by content, each on its own."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.runs import FEATURES, Run
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.similarity import ContentSimilarity

Neighbour = tuple[int, float]  # the id of a film, and its similarity


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of a run's films. Ids are MovieLens's; a film that the run lacks has no neighbours."""

    run: Run

    @cached_property
    def _content(self) -> tuple[np.ndarray, sparse.csr_matrix]:
        """The ids of the films, int64 (films,), and their features, CSR float32 (films, features)."""
        meta = self.run.read_movies_meta()
        return meta.columns.movie_ids, ContentSimilarity(self.run.read_matrix(FEATURES), meta.features).matrix

    @cached_property
    def _weights(self) -> ItemWeights | None:
        return self.run.read_item_weights()

    @property
    def has_ratings(self) -> bool:
        """Whether the run has learned from ratings."""
        return self._weights is not None

    def by_content(self, movie_id: int, k: int) -> list[Neighbour]:
        """The `k` films with the highest cosine of features."""
        ids, features = self._content
        if (row := _row(ids, movie_id)) is None:
            return []
        return _best(ids, np.asarray((features @ features[row].T).todense()).ravel(), row, k)

    def by_ratings(self, movie_id: int, k: int) -> list[Neighbour]:
        """The `k` films with the highest item-to-item weights for whole histories; none without ratings."""
        if (weights := self._weights) is None or (row := _row(weights.movie_ids, movie_id)) is None:
            return []
        return _best(weights.movie_ids, weights.matrix[[row]].toarray().ravel(), row, k)


def _row(ids: np.ndarray, movie_id: int) -> int | None:
    row = int(ids.searchsorted(movie_id))
    return row if row < len(ids) and ids[row] == movie_id else None


def _best(ids: np.ndarray, values: np.ndarray, row: int, k: int) -> list[Neighbour]:
    """The films of the highest values above 0, without that of `row`; equal ones in the order of ids."""
    scores = np.where(values > 0, values, -np.inf)
    scores[row] = -np.inf
    best = top_k(scores, k)
    return [(int(ids[at]), float(scores[at])) for at in best.tolist()]
