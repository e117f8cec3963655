"""The hybrid: EASE on weighted ratings of histories and sessions, with content, for histories of any length."""

import copy
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import cold_start_weight, named_features
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.gram import column_squares
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.inverse import exact_columns, inverse_note
from cinematch_lib.models.kept_gram import kept_gram
from cinematch_lib.models.linear import PRIOR_WEIGHT, TYPICAL_USERS, WELL_RATED_LIKES, popularity_priors
from cinematch_lib.models.long_histories import long_history_inverse, long_penalty, scaled
from cinematch_lib.models.pruning import WEIGHTS_PER_FILM, largest_weights, prune, refitted
from cinematch_lib.models.ridge import RidgeInverse, by_rows
from cinematch_lib.models.short_histories import (
    LONG_HISTORY,
    SHORT_HISTORIES,
    TARGET_EXPONENT,
    blocks_of,
    raters,
    short_history_weights,
)
from cinematch_lib.models.tower_tuning import FilmFacts
from cinematch_lib.models.towers import fit_towers, release_years
from cinematch_lib.models.training_matrix import SESSION_LENGTH, TrainingMatrix, YearFeatures
from cinematch_lib.models.training_products import TrainingProducts
from cinematch_lib.models.triangle import Triangle
from cinematch_lib.models.tuning import tune
from cinematch_lib.models.validation_fold import COLUMN_EXPONENT
from cinematch_lib.recommender.rating_weights import low_rating_factors, rating_weight
from cinematch_lib.recommender.score_weights import ScoreWeights
from cinematch_lib.recommender.scoring import ScoreModel
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.ratings import RatingsTerm

_LOG = logging.getLogger(__name__)
_MIN_RATINGS = 2  # of a film that has weights; of one alone, next to nothing can be learned
_TUNED = ("dropout", "session_weight", "year_weight", "feature_weight", "content_weight")
_SHORT_SHARE = 0.25  # of the served weights, for each matrix for short histories
_LONG_TARGET_EXPONENT = 0.25  # for pruning the weights for whole histories, see `largest_weights`


class Hybrid(Model):
    """A linear model in closed form whose hyperparameters are tuned on held-out users.

    The score is that of `recommender.scoring`, with a weight for every pair of films instead of the largest ones, and
    the shares of the user's ratings in each year as further inputs of the weights for whole histories.

    These weights are those of EASE (Steck 2019, doi 10.1145/3308558.3313710) with changes: X holds rating weights of
    all ratings; sessions are additional rows of X; so are the features of the films, one row a feature, which makes
    films with the same features support each other; years are additional columns, which have weights for films but
    are not recommended; and the weights towards film j are multiplied by (P_jj · l_j)^0.3, where P is the inverse and
    l_j what was added to the diagonal. In a long history a missing film was mostly rejected; in a short one it is
    mostly just unseen: `short_histories` has the weights for those. Films that have few ratings or none are ranked by
    content.

    Parameters
    ----------
    regularization : λ of the regression, above 0; None to tune it.
    dropout : λ of film j grows by this share of the squared norm of its column in X, 0 or more, as if this share
        of each history were dropped at random (Steck 2020, "Autoencoders that don't overfit towards the
        identity"); None to tune it.
    session_weight : weight of a session's row relative to a history's, 0 or more; None to tune it.
    year_weight : scale of the year columns, 0 or more; None to tune it. Without timestamps, this and
        `session_weight` are 0.
    feature_weight : κ, 0 or more: each feature's row is multiplied by √κ; None to tune it.
    content_weight : weight of content for a film without ratings, 0 or more; None to tune it on hidden films.
    prior_weight : weight of popularity where little is known of a user, 0 or more; see `linear.popularity_priors`.
    max_films : only so many of the most rated films have weights; the others rely on content.
    seed : of the random choice of held-out users.

    Attributes
    ----------
    best_params : the hyperparameters used, given or tuned.
    trials : the values that were tried, with their metrics on the held-out users.
    gram_file : set it before `fit` to keep the Gram matrices of the training matrix there (see `kept_gram`).
    gram_note : how these came about, in a sentence; empty where there are none.
    inverse_note : what is approximate where memory is too small for the exact inverse; empty where nothing is.
    score_weights : the weights of the terms of the score.
    ages : whether older ratings of a history count less, where their times are known; false where histories are cut
        at random, so that an age tells nothing of what was held out.

    Progress is logged to ``cinematch_lib.models`` at level INFO.

    """

    score_weights = ScoreWeights()
    ages = True

    def __init__(
        self,
        regularization: float | None = None,
        dropout: float | None = None,
        session_weight: float | None = None,
        year_weight: float | None = None,
        feature_weight: float | None = None,
        content_weight: float | None = None,
        prior_weight: float = PRIOR_WEIGHT,
        max_films: int = 20_000,
        seed: int = 0,
    ) -> None:
        self.regularization, self.dropout, self.session_weight = regularization, dropout, session_weight
        self.year_weight, self.feature_weight, self.content_weight = year_weight, feature_weight, content_weight
        self.prior_weight, self.max_films, self.seed = prior_weight, max_films, seed
        if regularization is not None and not regularization > 0:
            raise CineMatchError(f"regularization must be above 0, or None to choose it, got {regularization!r}")
        for name in _TUNED:
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise CineMatchError(f"{name} must be 0 or more, or None to choose it, got {value!r}")
        if not prior_weight >= 0:
            raise CineMatchError(f"prior_weight must be 0 or more, got {prior_weight!r}")
        if max_films < 1:
            raise CineMatchError(f"max_films must be 1 or more, got {max_films!r}")
        self.best_params: dict[str, float] = {}
        self.trials: list[dict[str, Any]] = []
        self.gram_file: Path | None = None
        self.gram_note = self.inverse_note = ""

    def _fit(self, train: Interactions, catalog: pd.DataFrame) -> None:
        films = most_rated(train, self.max_films, _MIN_RATINGS)
        if not len(films):
            films = most_rated(train, self.max_films)
        features, names = named_features(catalog)
        years, of_films = release_years(catalog), features[films]
        self._n_exact = _exact_columns(train, len(films), of_films)
        self._film_columns, self._similarity = films, ContentSimilarity(features)
        matrix = self._tuned_matrix(train, FilmFacts.of(features, names, years))
        self._embeddings = fit_towers(train.likes, features, years, self.films, self.seed)
        content_weights = np.float32(self.best_params["content_weight"]) * cold_start_weight(train.rating_counts)
        typical = np.random.default_rng(self.seed).permutation(train.full_users)[:TYPICAL_USERS]
        typical_users = train.take(np.sort(typical))
        squares = column_squares(matrix.histories)[: len(films)]
        self._norms = np.sqrt(squares)
        lengths = np.diff(matrix.histories[:, : len(films)].indptr)[train.full_users]
        self._history_lengths = (lengths.mean() if len(lengths) else 1.0) * np.array([*SHORT_HISTORIES, LONG_HISTORY])
        self._priors = popularity_priors(self.prior_weight, len(train.full_users))
        penalty = long_penalty(matrix, self.best_params)
        training = self._products(matrix, self.films[films], train.users)
        of_raters = raters(train.ratings, train.full_users, self.seed)[:, films]
        del train, matrix  # which take as much memory as a matrix of films by films
        self._fit_weights(training, of_films, of_raters, squares, penalty)
        highest = self._long_sums(typical_users).max(axis=1, initial=0)
        self._typical_sum = float(highest.mean()) if highest.any() else 1.0
        empty = sparse.csr_matrix((len(self.films),) * 2, dtype=np.float32)
        self._statistics = self._item_weights([empty] * len(self._history_lengths), content_weights)
        self._score_model = self._make_score_model(self.score_weights)

    def _tuned_matrix(self, train: Interactions, facts: FilmFacts) -> TrainingMatrix:
        """The training matrix with the columns of the films with weights, once hyperparameters are chosen by it."""
        given = {name: getattr(self, name) for name in ("regularization", *_TUNED)}
        matrix = TrainingMatrix.from_interactions(train, with_sessions=self.session_weight != 0)
        self.best_params, self.trials = tune(train, matrix, facts, given, self.seed)
        self._year_features = matrix.year_features
        matrix = matrix.select(self._film_columns)
        self._columns = matrix.columns
        self._scale = np.ones(len(self._columns), dtype=np.float32)
        self._scale[len(self._film_columns) :] = self.best_params["year_weight"]
        self.inverse_note = inverse_note(self._n_exact, len(self._columns))
        return matrix

    def _products(
        self, matrix: TrainingMatrix, films: np.ndarray, users: np.ndarray
    ) -> TrainingMatrix | TrainingProducts:
        """The products of the training matrix; the matrix itself, where these do not fit or take more work."""
        if self.inverse_note or by_rows(*matrix.histories.shape):
            reason = "its exact inverse does not fit" if self.inverse_note else "there are fewer rows than films"
            self.gram_note = "" if self.gram_file is None else f"no Gram matrix was kept, as {reason}"
            return matrix
        if self.gram_file is None:
            return TrainingProducts.of(matrix)
        products, self.gram_note = kept_gram(self.gram_file, matrix, films, users)
        return products

    def _fit_weights(
        self,
        training: TrainingMatrix | TrainingProducts,
        features: sparse.csr_matrix,
        of_raters: sparse.csr_matrix,
        squares: np.ndarray,
        penalty: np.ndarray,
    ) -> None:
        """The weights for short histories and for whole ones; `features` are those of the films with weights."""
        films, best, n_exact = len(squares), self.best_params, self._n_exact
        rated = training.histories
        if not isinstance(rated, Triangle):
            rated = sparse.csr_matrix(rated[:, :films])
        parts = rated, squares, features, of_raters
        self._short = short_history_weights(*parts, best["regularization"], self.seed, n_exact)
        del rated
        self._inverse = long_history_inverse(training, features, self._scale, penalty, best, n_exact)
        self._factor = ((self._inverse.diagonal * penalty) ** COLUMN_EXPONENT).astype(np.float32)[:films]
        self._divisor = self._inverse.diagonal[:films] / self._factor

    def _sums_by(self, queries: Interactions, weights: sparse.csr_matrix) -> np.ndarray:
        """Σ_j w_j B_ji by `weights`: float32 (users, films with weights)."""
        X, n_known = queries.map_ratings(rating_weight), np.diff(queries.ratings.indptr)
        X.data *= low_rating_factors(queries.ratings.data, n_known.repeat(n_known)).astype(np.float32)
        sums: np.ndarray = ((queries.aged(X) if self.ages else X)[:, self._film_columns] @ weights).toarray()
        return sums

    def _scores(self, queries: Interactions) -> np.ndarray:
        sums = [*(self._sums_by(queries, one) for one in self._short), self._long_sums(queries)]
        highest = [np.maximum(one.max(axis=1, initial=0), 1e-9) for one in sums]
        everything, likes = Selection.everything(len(self.films)), queries.likes
        scores = np.zeros(queries.ratings.shape, dtype=np.float32)
        for user, n_ratings in enumerate(np.diff(queries.ratings.indptr).tolist()):
            if n_ratings:
                total, unit = np.zeros(len(self.films)), 0.0
                for number, share in self._score_model.mixture(n_ratings):
                    total[self._film_columns] += share / highest[number][user] * sums[number][user]
                    unit += share * self._statistics.unit(number, float(highest[number][user]))
                liked = likes.indices[likes.indptr[user] : likes.indptr[user + 1]].tolist()
                terms = self._score_model.rated_terms(RatingsTerm(total, everything.rows, unit), n_ratings, liked)
                scores[user] = self._score_model.discounted(terms).scores(everything)
        return scores

    def without_content(self) -> "Hybrid":
        """The same fitted model without the content term."""
        other = copy.copy(self)
        other._score_model = self._make_score_model(replace(self.score_weights, content=0.0, towers=0.0))
        return other

    def _make_score_model(self, weights: ScoreWeights) -> ScoreModel:
        return ScoreModel(None, self._similarity, self._statistics, weights, self._embeddings)

    def _long_sums(self, queries: Interactions) -> np.ndarray:
        """Σ_j w_j B_ji by the weights for whole histories: float32 (users, films with weights)."""
        films = len(self._film_columns)
        X = scaled(self._year_features.history_rows(queries, aged=self.ages)[:, self._columns], self._scale)
        XP = self._inverse.product(X)[:, :films]
        # B_jj = 0: take out what P_jj of a rated film adds to its own score
        XP -= X[:, :films].multiply(self._inverse.diagonal[:films]).toarray()
        return -XP / self._divisor

    def item_weights(self, weights_per_film: int = WEIGHTS_PER_FILM) -> ItemWeights:
        """What a recommender serves: the largest weights, and the content weight of each film.

        Rows are the catalog's films in the order of their ids. `weights_per_film` are kept on average, in all matrices
        together: half of them for whole histories, which are estimated again without the others and without the years
        (see `refitted`). Raises CineMatchError if `weights_per_film` is below 1.
        """
        if weights_per_film < 1:
            raise CineMatchError(f"weights_per_film must be 1 or more, got {weights_per_film!r}")
        films = len(self._film_columns)
        short, total = round(_SHORT_SHARE * weights_per_film * films), weights_per_film * films
        _LOG.info("pruning to %s weights of %s films", f"{total:,}", f"{films:,}")
        blocks = ((block, self._long_block(block)) for block in blocks_of(films))
        n_long = max(1, total - short * len(self._short))
        long = largest_weights(blocks, self._norms, n_long, _LONG_TARGET_EXPONENT)
        if isinstance(self._inverse, RidgeInverse):
            long = refitted(long, self._inverse.submatrix, self._factor)
        pruned = [prune(one, self._norms, max(1, short), TARGET_EXPONENT) for one in self._short]
        whole = [self._in_catalog(one) for one in (*pruned, long)]
        return self._item_weights(whole, self._statistics.content_weight)

    def _long_block(self, block: slice) -> np.ndarray:
        """The weights towards the films in `block` for whole histories, without the years: float32 (block, films)."""
        weights = -self._inverse.rows(block)[:, : len(self._film_columns)] / self._divisor[block, None]
        weights[np.arange(len(weights)), np.arange(block.start, block.stop)] = 0
        return weights

    def _in_catalog(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """The weights with rows and columns for every film of the catalog: CSR float32 (films, films)."""
        entries, films = weights.tocoo(), self._film_columns
        shape = (len(self.films),) * 2
        return sparse.csr_matrix((entries.data, (films[entries.row], films[entries.col])), shape=shape)

    def _item_weights(self, matrices: Sequence[sparse.csr_matrix], content_weights: np.ndarray) -> ItemWeights:
        well_rated = np.zeros(len(self.films), dtype=bool)
        well_rated[self._film_columns] = self.like_counts[self._film_columns] >= WELL_RATED_LIKES
        arrays = (self._history_lengths, well_rated, content_weights, self.like_counts.astype(np.int64))
        numbers = self._typical_sum, *self._priors, self.best_params["content_weight"]
        return ItemWeights(self.films, tuple(matrices), *arrays, *numbers)


def _exact_columns(train: Interactions, films: int, features: sparse.csr_matrix) -> int:
    """`exact_columns` for histories and sessions with years. Raises CineMatchError if nothing fits into memory."""
    ratings, timed = train.ratings.nnz, train.timestamps is not None
    years = len(YearFeatures(train).years)
    rows = len(train) + (ratings // SESSION_LENGTH if timed else 0) + features.shape[1]
    entries = ratings * (2 if timed else 1) + len(train) * years + features.nnz
    of_histories = ratings + len(train) * years
    # The matrix with all films and that with the films with weights; or the former, and sessions while they are made.
    before = 16 * entries + 24 * ratings * timed
    largest_part = None if by_rows(len(train), films + years) else of_histories
    return exact_columns(rows, films, entries, before, years=years, keeps_products=True, largest_part=largest_part)
