"""The quality of hyperparameters of the hybrid on held-out users, computed on the most rated films."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import spotrf, strtri

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.content import cold_start_weight, cosines
from cinematch_lib.models.hit_metrics import ndcg, recall
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import NOT_DEFINITE, dense
from cinematch_lib.recommender.ranking import top_k_per_row

COLUMN_EXPONENT = 0.3  # weights towards film j are multiplied by (P_jj · l_j) to this power; see `hybrid`
_CONTENT_DEPTH = 100  # length of the lists by which the content weight is judged
_BATCH_SCORES = 16_000_000  # scores of all films held in memory at once


@dataclass(frozen=True)
class ValidationFold:
    """Held-out users: what is known of them, what is to be found, and the statistics of all other users.

    The model may use the ratings `fold_in`; `held_out` are the likes to be found, CSR float32 (users, films) of ones;
    `columns`, int64 (n,), are the n most rated films, to which `quality` is restricted; `queries` are the rows of
    `fold_in` in the training matrix, CSR float32 (users, n + years). `gram` and `session_gram` are the Gram matrices of
    the other users' histories and sessions, float32 (n + years, n + years); `feature_gram` is that of the features
    of the films, float32 (n, n); `rating_counts` are the other users' numbers of ratings, int64 (films,).
    """

    fold_in: Interactions
    held_out: sparse.csr_matrix
    columns: np.ndarray
    queries: sparse.csr_matrix
    gram: np.ndarray
    session_gram: np.ndarray | None
    feature_gram: np.ndarray
    rating_counts: np.ndarray

    def quality(self, values: dict[str, float]) -> np.ndarray:
        """Mean nDCG@10 and Recall@20 over users, ranking the films in `columns` without the rated ones: (2,)."""
        scores = self.scores(values)
        scores[self._rated] = -np.inf
        hits = np.take_along_axis(self._relevant, top_k_per_row(scores, 20), axis=1)
        return np.array([ndcg(hits, self._n_relevant, 10).mean(), recall(hits, self._n_relevant, 20).mean()])

    def quality_with_content(
        self, values: dict[str, float], features: sparse.csr_matrix, content_weights: tuple[float, ...]
    ) -> np.ndarray:
        """Sum over users of nDCG@100 among all films, for each content weight: float64 (content_weights,).

        A film outside `columns` is scored by content alone, so that the order of these films is the same for
        every weight, and the first 100 of them suffice.
        """
        scores = self.scores(values)
        scale = scores.max(axis=1, keepdims=True)
        scale = np.where(scale > 0, scale, 1)
        scores[self._rated] = -np.inf
        total = np.zeros(len(content_weights))
        size = max(1, _BATCH_SCORES // features.shape[0])
        for start in range(0, len(scores), size):
            batch = slice(start, start + size)
            content = cosines(self.fold_in.slice(batch), features) * cold_start_weight(self.rating_counts)
            content *= scale[batch]
            total += self._ndcg_with_content(scores[batch], content, batch, content_weights)
        return total

    def _ndcg_with_content(
        self, scores: np.ndarray, content: np.ndarray, batch: slice, content_weights: tuple[float, ...]
    ) -> np.ndarray:
        near = content[:, self.columns]
        content[self.fold_in.ratings[batch].nonzero()] = -np.inf
        content[:, self.columns] = -np.inf
        others = top_k_per_row(content, _CONTENT_DEPTH)
        far = np.take_along_axis(content, others, axis=1)
        excluded = ~np.isfinite(far)
        far[excluded] = 0  # a weight of 0 times −∞ is undefined
        relevant_far = np.take_along_axis(self.held_out[batch].toarray() > 0, others, axis=1)
        relevant = np.hstack([self._relevant[batch], relevant_far])
        sums = []
        for weight in content_weights:
            combined = np.hstack([scores + np.float32(weight) * near, np.float32(weight) * far])
            combined[:, len(self.columns) :][excluded] = -np.inf
            hits = np.take_along_axis(relevant, top_k_per_row(combined, _CONTENT_DEPTH), axis=1)
            sums.append(ndcg(hits, self._n_relevant[batch], _CONTENT_DEPTH).mean() * len(scores))
        return np.array(sums)

    def scores(self, values: dict[str, float]) -> np.ndarray:
        """The scores X·B of the held-out users with these hyperparameters: float32 (users, n)."""
        n = len(self.columns)
        year_weight = np.float32(values["year_weight"])
        # G = Gram of histories + session_weight² · Gram of sessions, with the year columns scaled
        if self.session_gram is None:
            G = self.gram.copy()
        else:
            G = self.gram + np.float32(values["session_weight"] ** 2) * self.session_gram
        G[n:] *= year_weight
        G[:, n:] *= year_weight
        # P⁻¹ = G + κ · Gram of the features + diag l, where l = λ + dropout · diag G (films only)
        squares = G.diagonal().copy()
        squares[n:] = 0
        penalty = np.float32(values["regularization"]) + np.float32(values["dropout"]) * squares
        G[np.diag_indices_from(G)] += penalty
        if values["feature_weight"]:
            G[:n, :n] += np.float32(values["feature_weight"]) * self.feature_gram
        # P⁻¹ = L·Lᵀ and P = RᵀR with R = L⁻¹, so that diag P holds the squared column norms of R.
        factor, failed = spotrf(G.T, lower=1, overwrite_a=1)
        if failed:
            raise CineMatchError(NOT_DEFINITE)
        R, _ = strtri(factor, lower=1, overwrite_c=1)
        # X·B = (X − X·P / diag P) · (diag P · l)^0.3, for the film columns
        X = self._dense_queries.copy()
        X[:, n:] *= year_weight
        R_films = R[:, :n]
        diagonal = np.einsum("ij,ij->j", R_films, R_films)
        scores: np.ndarray = X[:, :n] - (X @ R.T) @ R_films / diagonal
        return scores * (diagonal * penalty[:n]) ** np.float32(COLUMN_EXPONENT)

    @cached_property
    def _dense_queries(self) -> np.ndarray:
        return dense(self.queries)

    @cached_property
    def _rated(self) -> np.ndarray:
        """Whether each film in `columns` is rated in the fold-in: bool (users, n)."""
        return self._dense_queries[:, : len(self.columns)] > 0

    @cached_property
    def _relevant(self) -> np.ndarray:
        """Whether each film in `columns` is held out: bool (users, n)."""
        return self.held_out[:, self.columns].toarray() > 0

    @cached_property
    def _n_relevant(self) -> np.ndarray:
        """The number of held-out films, in `columns` or not: int64 (users,)."""
        return np.diff(self.held_out.indptr)
