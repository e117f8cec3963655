"""Well-known models from the library `implicit`, which is needed for comparisons and not for serving."""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from cinematch_lib.errors import CineMatchError, require_extra
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.training_matrix import spoken

if TYPE_CHECKING:
    import pandas as pd


class ItemKNN(Model):
    """The films most liked together with the liked ones (Sarwar et al. 2001, doi 10.1145/371920.372071).

    `neighbours` of each film count; `weighting` is ``cosine``, ``tfidf`` or ``bm25``.
    """

    def __init__(self, neighbours: int = 100, weighting: str = "cosine") -> None:
        if weighting not in ("cosine", "tfidf", "bm25"):
            raise CineMatchError(f"weighting must be cosine, tfidf or bm25, got {weighting!r}")
        if neighbours < 1:
            raise CineMatchError(f"neighbours must be 1 or more, got {neighbours!r}")
        self.neighbours, self.weighting = neighbours, weighting

    def _learn(self, learned: Interactions, catalog: "pd.DataFrame") -> None:
        nearest = _implicit("nearest_neighbours")
        kind = {
            "cosine": nearest.CosineRecommender,
            "tfidf": nearest.TFIDFRecommender,
            "bm25": nearest.BM25Recommender,
        }[self.weighting]
        model = kind(K=self.neighbours + 1, num_threads=1)  # a film is its own nearest
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Method expects CSR input")  # implicit's own, to itself
            model.fit(learned.likes.astype(np.float64), show_progress=False)
        weights = sparse.coo_matrix(model.similarity)
        others = weights.row != weights.col
        self._weights = sparse.csr_matrix(
            (weights.data[others].astype(np.float32), (weights.row[others], weights.col[others])), shape=weights.shape
        )

    def _scores(self, asked: Interactions) -> np.ndarray:
        return np.asarray((asked.likes @ self._weights).todense(), dtype=np.float32)


class Als(Model):
    """Factors by alternating least squares (Hu, Koren, Volinsky 2008, doi 10.1109/ICDM.2008.22).

    A like has the confidence `alpha`. A new user's factors are solved for from their likes. With `graded`,
    every rating has it, times its grade (`graded.grade`), as in the hybrid.
    """

    def __init__(
        self,
        factors: int = 64,
        regularization: float = 10.0,
        alpha: float = 5.0,
        iterations: int = 15,
        seed: int = 0,
        graded: bool = False,
    ) -> None:
        self.factors, self.regularization, self.alpha = factors, regularization, alpha
        self.iterations, self.seed, self.graded = iterations, seed, graded

    def _learn(self, learned: Interactions, catalog: "pd.DataFrame") -> None:
        with threadpool_limits(1, user_api="blas"):  # its matrices are small: more threads wait for one another
            self._model = _implicit("als").AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=self.seed,
                num_threads=1,
            )
            self._model.fit(spoken(learned, self.graded), show_progress=False)

    def _scores(self, asked: Interactions) -> np.ndarray:
        if not len(asked):
            return np.zeros(asked.stars.shape, dtype=np.float32)
        said = spoken(asked, self.graded)
        users = self._model.recalculate_user(np.arange(len(asked)), said)
        return _with_silence(np.asarray(users) @ self._model.item_factors.T, said)


class Bpr(Model):
    """Factors by Bayesian personalized ranking (Rendle et al. 2009, arXiv:1205.2618).

    `implicit` has no way to place a new user, so theirs is the mean of the liked films' factors, `damping`
    counting as so many more films at zero against the films' biases.
    """

    def __init__(
        self,
        factors: int = 64,
        rate: float = 0.05,
        regularization: float = 0.01,
        iterations: int = 100,
        damping: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.factors, self.rate, self.regularization, self.iterations = factors, rate, regularization, iterations
        self.damping, self.seed = damping, seed

    def _learn(self, learned: Interactions, catalog: "pd.DataFrame") -> None:
        model = _implicit("bpr").BayesianPersonalizedRanking(
            factors=self.factors,
            learning_rate=self.rate,
            regularization=self.regularization,
            iterations=self.iterations,
            random_state=self.seed,
            num_threads=1,
        )
        model.fit(learned.likes, show_progress=False)
        self._factors, self._users = np.asarray(model.item_factors), np.asarray(model.user_factors)
        # The factors' scale differs between users and films: a user's are so many times the mean of the films'.
        means = self._mean(learned.likes)
        self._scale = float((self._users[:, :-1] * means).sum() / max((means**2).sum(), 1e-9))

    def _mean(self, likes: sparse.csr_matrix) -> np.ndarray:
        size = np.asarray(likes.sum(axis=1)).ravel() + self.damping
        return np.asarray(likes @ self._factors[:, :-1]) / np.maximum(size, 1)[:, None]

    def _scores(self, asked: Interactions) -> np.ndarray:
        users = self._mean(asked.likes) * self._scale
        return _with_silence(users @ self._factors[:, :-1].T + self._factors[:, -1], asked.likes)


def _with_silence(scores: np.ndarray, said: sparse.csr_matrix) -> np.ndarray:
    """Users who said nothing have nothing to say, whatever rounding leaves of them."""
    scores[np.diff(said.indptr) == 0] = 0
    return scores


def _implicit(module: str) -> Any:
    require_extra("dev", "implicit")
    return import_module(f"implicit.{module}")
