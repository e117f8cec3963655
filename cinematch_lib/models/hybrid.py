"""The hybrid: EASE on weighted ratings of histories and sessions, and content for films with few ratings."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import cold_start_weight, film_features
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import RidgeInverse, check_memory
from cinematch_lib.models.training_matrix import SESSION_LENGTH, TrainingMatrix
from cinematch_lib.models.tuning import tune
from cinematch_lib.recommender.films import Selection
from cinematch_lib.recommender.scoring import Scorer
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.content import ContentTerm
from cinematch_lib.recommender.terms.prior import PriorTerm
from cinematch_lib.recommender.terms.ratings import RatingsTerm

_BLOCK = 512  # films whose weights are computed at once
_LOG = logging.getLogger(__name__)
_MAX_FACTOR = 5  # a film has at most so many times the average number of served weights
_HALF_LIFE = 3  # ratings in the history that halve the prior
_WELL_RATED_LIKES = 8  # a liked film with fewer is also represented by its content in full
_TUNED = ("dropout", "session_weight", "year_weight", "content_weight")


class Hybrid(Model):
    """A linear model in closed form whose hyperparameters are tuned on held-out users.

    score(i) =   Σ_j w_j B_ji                   ratings: w_j = `training_matrix.rating_weight` of the rating of j
               + Σ_t y_t B_ti                   years: y_t, the share of the user's ratings in year t
               + 2^(−n/3) · a_i                 prior: a_i, the share of the training users who like i
               + c_i · cos(x_i, p) · max_k s_k  content: features x_i of the film and the profile p of the user

    with n the number of the user's ratings, c_i = content_weight / (1 + number of ratings of i), p = Σ_j x_j over the
    liked films, and s_k the sum of the first three terms for film k.

    The weights B are those of EASE (Steck 2019, doi 10.1145/3308558.3313710) with three changes: X holds rating
    weights of all ratings; sessions are additional rows of X; and years are additional columns, which have
    weights for films but are not recommended. B is learned from long histories, where a missing film was
    mostly rejected; in a short history it is mostly just unseen, which the prior corrects. The content
    term ranks films that have few ratings or none.

    Parameters
    ----------
    regularization : λ of the regression, above 0; None to tune it.
    dropout : λ of film j grows by this share of the squared norm of its column in X, 0 or more, as if this share
        of each history were dropped at random (Steck 2020, "Autoencoders that don't overfit towards the
        identity"); None to tune it.
    session_weight : weight of a session's row relative to a history's, 0 or more; None to tune it.
    year_weight : scale of the year columns, 0 or more; None to tune it. Without timestamps, this and
        `session_weight` are 0.
    content_weight : 0 or more; None for the largest that does not harm the films with ratings.
    max_films : only so many of the most rated films have weights; the others rely on content.
    seed : of the random choice of held-out users.

    Attributes
    ----------
    best_params : the hyperparameters used, given or tuned.
    trials : the values that were tried, with their metrics on the held-out users.
    content_weights : c_i of each film, float32 (films,).

    Progress is logged to ``cinematch_lib.models`` at level INFO.

    """

    def __init__(
        self,
        regularization: float | None = None,
        dropout: float | None = None,
        session_weight: float | None = None,
        year_weight: float | None = None,
        content_weight: float | None = None,
        max_films: int = 20_000,
        seed: int = 0,
    ) -> None:
        self.regularization, self.dropout, self.session_weight = regularization, dropout, session_weight
        self.year_weight, self.content_weight = year_weight, content_weight
        self.max_films, self.seed = max_films, seed
        if regularization is not None and not regularization > 0:
            raise CineMatchError(f"regularization must be above 0, or None to choose it, got {regularization!r}")
        for name in _TUNED:
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise CineMatchError(f"{name} must be 0 or more, or None to choose it, got {value!r}")
        if max_films < 1:
            raise CineMatchError(f"max_films must be 1 or more, got {max_films!r}")
        self.best_params: dict[str, float] = {}
        self.trials: list[dict[str, Any]] = []

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        films = most_rated(train, self.max_films)
        _check_memory(train, len(films))
        features = film_features(catalog)
        self._similarity = ContentSimilarity(features)
        given = {name: getattr(self, name) for name in ("regularization", *_TUNED)}
        matrix = TrainingMatrix.from_interactions(train, with_sessions=self.session_weight != 0)
        self.best_params, self.trials = tune(train, matrix, features, given, self.seed)
        self._year_features = matrix.year_features
        matrix = matrix.select(films)
        self._film_columns, self._columns = films, matrix.columns
        self._scale = np.ones(len(self._columns), dtype=np.float32)
        self._scale[len(films) :] = self.best_params["year_weight"]
        X = self._scaled(matrix.histories)
        if matrix.sessions is not None and self.best_params["session_weight"]:
            sessions = self._scaled(matrix.sessions)
            X = sparse.vstack([X, np.float32(self.best_params["session_weight"]) * sessions], format="csr")
            del sessions
        del matrix
        squared_norms = np.bincount(X.indices, np.square(X.data, dtype=np.float64), len(self._columns))
        self._norms = np.sqrt(squared_norms).astype(np.float32)
        squared_norms[len(films) :] = 0  # years are not dropped out
        penalty = self.best_params["regularization"] + self.best_params["dropout"] * squared_norms
        self._inverse = RidgeInverse(X, penalty)
        counts = np.bincount(train.ratings.indices, minlength=len(self.films))
        self._like_share = (self.like_counts / len(train)).astype(np.float32)
        self.content_weights = np.float32(self.best_params["content_weight"]) * cold_start_weight(counts)

    def _scaled(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """The rows with the year columns multiplied by the year weight."""
        data = rows.data * self._scale[rows.indices]
        return sparse.csr_matrix((data, rows.indices, rows.indptr), shape=rows.shape)

    def _scores(self, queries: Interactions) -> np.ndarray:
        films = len(self._film_columns)
        X = self._scaled(self._year_features.history_rows(queries)[:, self._columns])
        XP = self._inverse.product(X)[:, :films] / self._inverse.diagonal[:films]
        sums = np.zeros(queries.ratings.shape, dtype=np.float32)
        sums[:, self._film_columns] = X[:, :films].toarray() - XP  # X·B
        everything, likes = Selection.everything(len(self.films)), queries.likes
        scores = np.zeros_like(sums)
        for user, n_ratings in enumerate(np.diff(queries.ratings.indptr)):
            if n_ratings:
                liked = likes.indices[likes.indptr[user] : likes.indptr[user + 1]].tolist()
                scores[user] = self._scorer(sums[user], liked, int(n_ratings), everything).scores(everything)
        return scores

    def _scorer(self, sums: np.ndarray, liked: Sequence[int], n_ratings: int, everything: Selection) -> Scorer:
        """The terms of one user's score: those of the recommender, with the unpruned weights."""
        prior = PriorTerm("popularity", self._like_share, 0.5 ** (n_ratings / _HALF_LIFE))
        scorer = Scorer([RatingsTerm(sums, everything.rows), prior])
        if self.best_params["content_weight"] and liked:
            highest = float(scorer.scores(everything).max())
            profile = self._similarity.profile(liked)
            weight = highest if highest > 0 else 1.0
            scorer = scorer.plus(ContentTerm(None, self._similarity, profile, weight, self.content_weights))
        return scorer

    def weights(self, max_weights: int = 200) -> sparse.csr_matrix:
        """B as a sparse matrix: CSR float32 (films + years, films).

        Row j holds what a film with rating weight 1, or a year with all ratings, adds to each film's score. Each
        column keeps the `max_weights` that contribute most to the training scores, the largest by |B_ji| · ‖X_j‖.
        Raises CineMatchError if `max_weights` is below 1.
        """
        inputs, films = len(self._columns), len(self._film_columns)
        if max_weights < 1:
            raise CineMatchError(f"max_weights must be 1 or more, got {max_weights!r}")
        kept = min(max_weights, inputs)
        _LOG.info("pruning to the %s largest weights of each of %s films", f"{kept:,}", f"{films:,}")
        blocks = [self._block(slice(start, min(start + _BLOCK, films)), kept) for start in range(0, films, _BLOCK)]
        transposed = sparse.vstack(blocks, format="coo")
        n_rows = len(self.films) + len(self._year_features.years)
        entries = (transposed.data, (transposed.col, self._film_columns[transposed.row]))
        weights = sparse.csr_matrix(entries, shape=(n_rows, len(self.films)))
        weights.eliminate_zeros()
        return weights

    def _block(self, block: slice, kept: int) -> sparse.csr_matrix:
        """The `kept` largest weights of the films in `block`, as rows: CSR float32 (block, films + years)."""
        weights = -self._inverse.rows(block) * self._scale  # B_ji = −P_ji / P_ii for j ≠ i, and B_ii = 0
        weights /= self._inverse.diagonal[block, None]
        weights[np.arange(len(weights)), np.arange(block.start, block.stop)] = 0
        largest = np.argpartition(-np.abs(weights * self._norms), kept - 1, axis=1)[:, :kept]
        values = np.take_along_axis(weights, largest, axis=1)
        indptr = np.arange(len(weights) + 1) * kept
        shape = (len(weights), len(self.films) + len(self._year_features.years))
        return sparse.csr_matrix((values.ravel(), self._columns[largest].ravel(), indptr), shape)

    def item_weights(self, max_weights: int = 200) -> ItemWeights:
        """What a recommender serves: B without the years, and the content weight of each film.

        Rows are the catalog's films in the order of their ids. The largest |B_ji| are kept, `max_weights` for each
        film on average: films with many ratings need more of them than others, and a common threshold loses far
        less than the same number for each film. Raises CineMatchError if `max_weights` is below 1.
        """
        if max_weights < 1:
            raise CineMatchError(f"max_weights must be 1 or more, got {max_weights!r}")
        n_films, total = len(self.films), max_weights * len(self._film_columns)
        weights = sparse.csr_matrix(self.weights(_MAX_FACTOR * max_weights)[:n_films])
        magnitude = np.abs(weights.data)
        if len(magnitude) > total:
            weights.data[magnitude < np.partition(magnitude, -total)[-total]] = 0
            weights.eliminate_zeros()
        well_rated = np.zeros(n_films, dtype=bool)
        well_rated[self._film_columns] = self.like_counts[self._film_columns] >= _WELL_RATED_LIKES
        return ItemWeights(self.films, weights, well_rated, self.content_weights, self.like_counts.astype(np.int64))


def _check_memory(train: Interactions, films: int) -> None:
    """Raise CineMatchError before any work if histories, sessions and the inverse do not fit into memory."""
    ratings, timed = train.ratings.nnz, train.timestamps is not None
    rows = len(train) + (ratings // SESSION_LENGTH if timed else 0)
    entries = ratings * (2 if timed else 1)
    sorting = 5 * 8 * ratings if timed else 0
    check_memory(rows, films, entries, before=2 * 8 * entries + sorting)
