"""The quality of hyperparameters of the hybrid on held-out users, computed on the most rated films."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import spotrf, strtri

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.hit_metrics import ndcg, recall
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.positive_definite import NOT_DEFINITE
from cinematch_lib.models.ridge import dense
from cinematch_lib.recommender.ranking import top_k_per_row

COLUMN_EXPONENT = 0.3  # weights towards film j are multiplied by (P_jj · l_j) to this power; see `hybrid`


@dataclass(frozen=True)
class ValidationFold:
    """Held-out users: what is known of them, what is to be found, and the statistics of all other users.

    The model may use the ratings `fold_in`; `held_out` are the likes to be found, CSR float32 (users, films) of ones;
    `columns`, int64 (n,), are the n most rated films, to which `quality` is restricted; `queries` are the rows of
    `fold_in` in the training matrix, CSR float32 (users, n + years). `gram` and `session_gram` are the Gram matrices of
    the other users' histories and sessions, float32 (n + years, n + years); `feature_gram` is that of the features
    of the films, float32 (n, n); `rating_counts` are the other users' numbers of ratings, float64 (films,).
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

    def without(self, hidden: np.ndarray) -> "ValidationFold":
        """The same fold without the films that `hidden`, bool (films,), marks among `columns`."""
        films = np.flatnonzero(~hidden[self.columns])
        kept = np.append(films, np.arange(len(self.columns), len(self.gram)))  # with the years
        return replace(
            self,
            columns=self.columns[films],
            queries=self.queries[:, kept],
            gram=self.gram[np.ix_(kept, kept)],
            session_gram=None if self.session_gram is None else self.session_gram[np.ix_(kept, kept)],
            feature_gram=self.feature_gram[np.ix_(films, films)],
        )

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
