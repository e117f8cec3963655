"""Lists for many users at once: the score of `scoring` as products of sparse matrices, in blocks of users and films."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import DISLIKED_WEIGHT, Embeddings, similarity_weight
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.recommender.candidates import Candidates
from cinematch_lib.recommender.film_tiles import FilmTiles
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.histories import Histories
from cinematch_lib.recommender.preferences import FRACTIONS, Preferences
from cinematch_lib.recommender.scoring import ScoreModel
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.tile_scores import TileScores
from cinematch_lib.recommender.weighted_sums import weighted_sums

_LEAST_PRIOR = 1e-20  # a smaller one makes no difference to a score, and products of the least numbers are slow


def is_scored(preferences: Preferences) -> bool:
    """Whether `BatchScorer` scores what is wanted: with none of `FRACTIONS`, and with one genre at most."""
    given = (getattr(preferences, name) for name in FRACTIONS)
    return all(one is None for one in given) and len(preferences.preferred_genres or ()) < 2


class BatchScorer:
    """Scores all films for blocks of users by the terms of a `ScoreModel` with item-to-item weights."""

    def __init__(
        self,
        films: FilmTable,
        model: ScoreModel,
        similarity: ContentSimilarity,
        weights: ItemWeights,
        embeddings: Embeddings | None,
    ) -> None:
        self._films = films
        self._model, self._similarity, self._weights, self._embeddings = model, similarity, weights, embeddings

    def lists(self, preferences: Sequence[Preferences], k: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """The rows and the scores of the `k` best films, by the position of the user among a block of them.

        Users who want what is not `is_scored`, and those whose known films favour no other, have none. Raises
        UnknownNameError for unknown films and names.
        """
        plain = [at for at, one in enumerate(preferences) if is_scored(one)]
        if not plain:
            return {}
        wanted = [preferences[at] for at in plain]
        histories = Histories.of(self._films, wanted, self._model.weights.disliked)
        excluded = [self._excluded(one) for one in wanted]
        return {plain[at]: one for at, one in self.best(histories, excluded, k).items()}

    def best(
        self, histories: Histories, excluded: Sequence[np.ndarray], k: int
    ) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """The same for the histories of a block; `excluded` are rows of films that each user's list is without.

        Scores are those of `ScoreModel.scorers` up to rounding, because terms are added in another order. Users
        whose liked films have places (see `ScoreModel.shared_places`), and those of whose films ratings tell too little
        (see `ScoreModel.confidence`), have no list either.
        """
        mixtures = [self._model.mixture(n_known) for n_known in histories.n_known.tolist()]
        sums, unit, rated = weighted_sums(histories.weights, mixtures, self._weights, self._model.weights.ratings)
        scores, tiles = self._tile_scores(histories, unit), self._tiles
        discounts = self._model.discounts()[tiles.film_order]
        for tile in tiles.of_targets:
            of_tile = sums[:, tile.positions]
            of_tile *= discounts[tile.positions]
            of_tile += scores.of(tile).T
        candidates = Candidates(tiles, sums, rated, excluded, k)
        for tile in tiles.of_others:
            candidates.add(tile, scores.of(tile))
        return {at: one for at, one in candidates.best() if self._is_like_others(histories, at)}

    def _is_like_others(self, histories: Histories, user: int) -> bool:
        """Whether the score of a user has the terms that all have here, and no others."""
        of_user = slice(*histories.weights.indptr[user : user + 2])
        known = histories.weights.indices[of_user][histories.weights.data[of_user] > 0]
        is_confident = self._model.confidence(known.tolist()) == 1
        return is_confident and not self._model.shared_places(*histories.opinions_of(user))

    def _excluded(self, preferences: Preferences) -> np.ndarray:
        """The rows of the films that do not pass the filters, that the preferences name, or that repeat one: int64."""
        films, selection = self._films, self._films.filter(preferences)
        named = np.array(films.rows(preferences.excluded), dtype=np.int64)
        repeated = films.duplicates.excluded(named, selection.rows[selection.positions(films.duplicates.rows)])
        if len(selection) == len(films):
            return np.concatenate([named, repeated])
        others = np.ones(len(films), dtype=bool)
        others[selection.rows] = False
        return np.concatenate([np.flatnonzero(others), named, repeated])

    def _tile_scores(self, histories: Histories, unit: np.ndarray) -> TileScores:
        least = self._model.least_content_share(histories.n_known).astype(np.float32)
        well, poor, lengths = self._profiles(histories)
        vectors, scale = self._user_vectors(histories, unit, lengths)
        return TileScores(well, poor, vectors, scale, least, self._tiles.n_common)

    def _profiles(self, histories: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What well and what poorly rated films make up of each profile, and the lengths of the profiles.

        The parts are float32 (features, users), multiplied by the weight of the content term; the lengths are float32
        (users,).
        """
        well_rated = self._weights.well_rated
        well, poor = (
            (_among(histories.opinions, films) @ self._features).T.tocsr().toarray()
            for films in (well_rated, ~well_rated)
        )
        lengths = np.linalg.norm(well + poor, axis=0)
        n_liked, n_disliked = (np.diff(one.indptr) for one in (histories.liked, histories.disliked))
        lengths[n_liked == 0] /= abs(DISLIKED_WEIGHT)
        mixed = np.flatnonzero((n_liked > 0) & (n_disliked > 0))
        lengths[mixed] = sparse.linalg.norm(histories.liked[mixed] @ self._features, axis=1)
        lengths[lengths == 0] = 1
        scale = (self._model.weights.content / lengths).astype(np.float32)
        well *= scale
        poor *= scale
        return well, poor, lengths

    def _user_vectors(
        self, histories: Histories, unit: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The vectors whose products with the films' items are the towers and the prior, float32 (d + 1, users).

        The second array, float32 (users,), is what the content weight of a film is multiplied by.
        """
        prior = -self._model.prior_weight(histories.n_known)
        prior[prior > -_LEAST_PRIOR] = 0
        scale = np.full(len(unit), self._model.weights.towers)
        if self._embeddings is None or not self._model.weights.towers:
            return prior[None].astype(np.float32), scale.astype(np.float32)
        liked, disliked = (np.diff(one.indptr) for one in (histories.liked, histories.disliked))
        n = np.where(liked > 0, liked, disliked)
        of_user = np.sqrt(self._embeddings.mean_likes) / np.maximum(n, 1)
        weight = np.array([similarity_weight(one) for one in n.tolist()])
        vectors = histories.opinions @ self._embeddings.history_embeddings
        vectors -= weight[:, None] * (histories.opinions @ self._embeddings.history_corrections)
        scale = scale * unit
        users = vectors * (of_user * scale)[:, None]
        return (
            np.vstack([users.T, prior[None]]).astype(np.float32),
            (scale * weight * of_user * lengths).astype(np.float32),
        )

    @cached_property
    def _features(self) -> sparse.csr_matrix:
        """The features of the films, the commonest first: CSR float32 (films, features)."""
        matrix = self._similarity.matrix
        return matrix[:, np.argsort(-matrix.getnnz(axis=0), kind="stable")]

    @cached_property
    def _tiles(self) -> FilmTiles:
        """The films with discounted features, and with discounted items [w_i · e_i, popularity gap]."""
        discounts = self._model.discounts()
        items = self._weights.popularity_gap[:, None]
        if self._embeddings is not None and self._model.weights.towers:
            towers = self._embeddings.item_embeddings * self._weights.content_weight[:, None]
            items = np.hstack([towers, items])
        features = sparse.csr_matrix(sparse.diags_array(discounts) @ self._features)
        return FilmTiles(features, items * discounts[:, None], self._weights)


def _among(matrix: sparse.csr_matrix, films: np.ndarray) -> sparse.csr_matrix:
    """Its entries in the columns of some films, bool (films,)."""
    part = matrix.copy()
    part.data *= films[part.indices]
    part.eliminate_zeros()
    return part
