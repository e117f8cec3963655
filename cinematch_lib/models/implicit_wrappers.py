"""Baselines from the library `implicit`, which is needed for comparisons only."""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from cinematch_lib.errors import CineMatchError, require_extra
from cinematch_lib.models.base import Model
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.training_matrix import user_item_matrix

if TYPE_CHECKING:
    import pandas as pd


class ItemKNN(Model):
    """Item-based nearest neighbours (Sarwar et al. 2001, doi 10.1145/371920.372071).

    The score of a film is the sum of its similarities to the liked films, of which only the `neighbours` largest
    of each film are kept. `weighting` is ``cosine``, ``tfidf`` or ``bm25``.
    """

    def __init__(self, neighbours: int = 100, weighting: str = "cosine") -> None:
        if weighting not in ("cosine", "tfidf", "bm25"):
            raise CineMatchError(f"weighting must be cosine, tfidf or bm25, got {weighting!r}")
        if neighbours < 1:
            raise CineMatchError(f"neighbours must be 1 or more, got {neighbours!r}")
        self.neighbours, self.weighting = neighbours, weighting

    def _fit(self, train: Interactions, catalog: "pd.DataFrame") -> None:
        name = {"cosine": "CosineRecommender", "tfidf": "TFIDFRecommender", "bm25": "BM25Recommender"}[self.weighting]
        recommender = getattr(_implicit("nearest_neighbours"), name)
        model = recommender(K=self.neighbours + 1, num_threads=1)  # each film is its own nearest neighbour
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Method expects CSR input")  # raised by implicit's own code
            model.fit(train.likes.astype(np.float64), show_progress=False)
        weights = sparse.coo_matrix(model.similarity)
        others = weights.row != weights.col
        entries = (weights.data[others].astype(np.float32), (weights.row[others], weights.col[others]))
        self._weights = sparse.csr_matrix(entries, shape=weights.shape)

    def _scores(self, queries: Interactions) -> np.ndarray:
        return np.asarray((queries.likes @ self._weights).todense(), dtype=np.float32)

    def item_matrix(self) -> sparse.csr_matrix:
        """The similarities that are kept, CSR float32 (films, films)."""
        return self._weights


class Als(Model):
    """Matrix factorization by alternating least squares (Hu, Koren, Volinsky 2008, doi 10.1109/ICDM.2008.22).

    A like has the confidence `alpha`; with `weighted_ratings`, every rating has `alpha` times its rating weight
    (`training_matrix.rating_weight`). The factors of a new user are solved from their ratings.
    """

    def __init__(
        self,
        factors: int = 64,
        regularization: float = 10.0,
        alpha: float = 5.0,
        iterations: int = 15,
        seed: int = 0,
        weighted_ratings: bool = False,
    ) -> None:
        self.factors, self.regularization, self.alpha = factors, regularization, alpha
        self.iterations, self.seed, self.weighted_ratings = iterations, seed, weighted_ratings

    def _fit(self, train: Interactions, catalog: "pd.DataFrame") -> None:
        with threadpool_limits(1, user_api="blas"):  # on small matrices, threads mostly wait for each other
            self._model = _implicit("als").AlternatingLeastSquares(alpha=self.alpha, **_common_options(self))
            self._model.fit(user_item_matrix(train, self.weighted_ratings), show_progress=False)

    def _scores(self, queries: Interactions) -> np.ndarray:
        if not len(queries):
            return np.zeros(queries.ratings.shape, dtype=np.float32)
        X = user_item_matrix(queries, self.weighted_ratings)
        users = self._model.recalculate_user(np.arange(len(queries)), X)
        return _zero_empty_rows(np.asarray(users) @ self._model.item_factors.T, X)


class Bpr(Model):
    """Matrix factorization by Bayesian personalized ranking (Rendle et al. 2009, arXiv:1205.2618).

    `implicit` cannot fold in new users, so their factors are the mean of the liked films' factors, rescaled;
    `damping` adds so many films with zero factors to the mean, which gives the films' biases more weight.
    """

    def __init__(
        self,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        iterations: int = 100,
        damping: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.factors, self.learning_rate, self.regularization = factors, learning_rate, regularization
        self.iterations, self.damping, self.seed = iterations, damping, seed

    def _fit(self, train: Interactions, catalog: "pd.DataFrame") -> None:
        options = _common_options(self)
        model = _implicit("bpr").BayesianPersonalizedRanking(learning_rate=self.learning_rate, **options)
        model.fit(train.likes, show_progress=False)
        self._factors, self._users = np.asarray(model.item_factors), np.asarray(model.user_factors)
        # User factors differ in scale from means of film factors: the least-squares factor between the two.
        means = self._mean(train.likes)
        self._scale = float((self._users[:, :-1] * means).sum() / max((means**2).sum(), 1e-9))

    def _mean(self, likes: sparse.csr_matrix) -> np.ndarray:
        size = np.asarray(likes.sum(axis=1)).ravel() + self.damping
        return np.asarray(likes @ self._factors[:, :-1]) / np.maximum(size, 1)[:, None]

    def _scores(self, queries: Interactions) -> np.ndarray:
        users = self._mean(queries.likes) * self._scale
        return _zero_empty_rows(users @ self._factors[:, :-1].T + self._factors[:, -1], queries.likes)


def _zero_empty_rows(scores: np.ndarray, X: sparse.csr_matrix) -> np.ndarray:
    """Set the scores of users without any input to exactly 0, which rounding may have missed."""
    scores[np.diff(X.indptr) == 0] = 0
    return scores


def _common_options(model: Als | Bpr) -> dict[str, Any]:
    options = {name: getattr(model, name) for name in ("factors", "regularization", "iterations")}
    return options | {"random_state": model.seed, "num_threads": 1}


def _implicit(module: str) -> Any:
    require_extra("dev", "implicit")
    return import_module(f"implicit.{module}")
