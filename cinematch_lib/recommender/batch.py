"""Lists for many users at once: the score of `scoring` as products of sparse matrices, in blocks of users and films."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import DISLIKED, Embeddings, similarity_weight
from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import FRACTIONS, Preferences
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.scoring import CONTENT_HALF_LIFE, ScoreModel, seeds
from cinematch_lib.recommender.similarity import ContentSimilarity

BLOCK = 64  # users whose scores are held at once
_TILE = 512  # films whose scores for a block are computed at once, in the cache of a processor
_PRODUCT = 32  # films of one matrix product: so few that BLAS starts no threads of its own, which wait for each other


@dataclass(frozen=True)
class Histories:
    """The known films of some users, as matrices of users and films.

    `weights` is CSR float32 (users, films), w_j of every known film; `liked` and `disliked` are CSR float32 of ones;
    `n_known` is int64 (users,).
    """

    weights: sparse.csr_matrix
    liked: sparse.csr_matrix
    disliked: sparse.csr_matrix
    n_known: np.ndarray

    @classmethod
    def of(cls, films: FilmTable, preferences: Sequence[Preferences], disliked_weight: float) -> "Histories":
        """Of the preferences of some users. Raises UnknownNameError for unknown films."""
        rows: tuple[list[Sequence[int]], ...] = ([], [], [])
        values: list[np.ndarray] = []
        for one in preferences:
            liked, disliked, watched = (films.rows(ids) for ids in (one.liked, one.disliked, one.watched))
            groups = seeds(one, liked, disliked, watched, disliked_weight)
            values.append(np.concatenate([np.zeros(0), *(group.weights for group in groups)]))
            known = [row for group in groups for row in group.rows]
            for of_kind, found in zip(rows, (known, liked, disliked), strict=True):
                of_kind.append(found)
        weights, liked, disliked = (_by_user(of_kind, len(films)) for of_kind in rows)
        n_known = np.diff(weights.indptr).astype(np.int64)
        weights.data = np.concatenate([np.zeros(0), *values]).astype(np.float32)
        return cls(weights, liked, disliked, n_known)

    def take(self, order: np.ndarray) -> "Histories":
        """Those of some users, whose numbers are int64 (n,), in this order."""
        return Histories(self.weights[order], self.liked[order], self.disliked[order], self.n_known[order])


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
        """The same for the histories of a block; `excluded` are rows of films that each user's list is without."""
        order, n_poor = self._poorly_rated_first(histories)
        by_user, rated = self._scores(histories.take(order), n_poor)
        found = {}
        for at, scores, is_rated in zip(order.tolist(), by_user, rated.tolist(), strict=True):
            if is_rated:
                scores[excluded[at]] = -np.inf
                rows = top_k(scores, k)
                found[at] = rows, scores[rows].astype(np.float64)
        return found

    def _excluded(self, preferences: Preferences) -> np.ndarray:
        """The rows of the films that do not pass the filters, or that the preferences name: int64."""
        selection = self._films.filter(preferences)
        named = np.array(self._films.rows(preferences.excluded), dtype=np.int64)
        if len(selection) == len(self._films):
            return named
        others = np.ones(len(self._films), dtype=bool)
        others[selection.rows] = False
        return np.concatenate([np.flatnonzero(others), named])

    def _poorly_rated_first(self, histories: Histories) -> tuple[np.ndarray, int]:
        """The order of users in which those who like or dislike poorly rated films come first, and their number."""
        both = (histories.liked + histories.disliked) @ (~self._weights.well_rated).astype(np.float32)
        return np.argsort(both == 0, kind="stable"), int(np.count_nonzero(both))

    def _scores(self, histories: Histories, n_poor: int) -> tuple[np.ndarray, np.ndarray]:
        """The scores, float32 (users, films), and for which users they hold, bool (users,).

        The first `n_poor` users are those who like or dislike poorly rated films. The scores do not hold where the
        weights favour no film: then there is no rating term. They are those of `ScoreModel.scorer` up to rounding,
        because sums are added in another order.
        """
        sums, unit, rated = self._rating_sums(histories)
        model = self._model.weights
        early = model.early_content_share * 0.5 ** (histories.n_known / CONTENT_HALF_LIFE)
        least = (model.content_share + early).astype(np.float32)
        profiles, lengths = self._profiles(histories, n_poor)
        vectors, scale = self._user_vectors(histories, unit, lengths)
        users = len(least)
        total = np.empty((users, len(self._weights)), dtype=np.float32)
        room = np.empty((_TILE, users), dtype=np.float32), np.empty((_TILE // _PRODUCT, _PRODUCT, users), np.float32)
        for one in self._tiles:
            share = room[0][: one.films.stop - one.films.start]
            np.multiply(self._weights.content_weight[one.films, None], scale, out=share)  # c_i of each film and user
            share += least
            part = np.matmul(one.items, vectors, out=room[1]).reshape(-1, users)[: len(share)]
            similarities = one.features @ profiles
            if n_poor:
                of_poor = np.subtract(1, share[:, :n_poor])
                np.maximum(of_poor, 0, out=of_poor)
                of_poor *= similarities[:, users:]
                part[:, :n_poor] += of_poor
            share *= similarities[:, :users]
            part += share
            total[:, one.films] = part.T
        for scores, of_targets in zip(total, sums, strict=True):
            scores[self._targets] += of_targets
        return total, rated

    def _rating_sums(self, histories: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Σ_m t_m / s_m Σ_j w_j B_ji, discounted, float32 (users, targets); the units; and if any s_m > 0."""
        users, maximum = len(histories.n_known), self._model.weights.ratings
        sums = np.zeros((users, self._weights.n_targets), dtype=np.float32)
        unit, rated = np.zeros(users), np.zeros(users, dtype=bool)
        for user, n_known in enumerate(histories.n_known.tolist()):
            known = slice(*histories.weights.indptr[user : user + 2].tolist())
            rows, weights = histories.weights.indices[known], histories.weights.data[known]
            raises = weights > 0
            for number, share in self._model.mixture(n_known):
                B = self._weights.compact[number]
                found = _sum_of_rows(B, rows[raises], weights[raises])
                highest = float(found.max(initial=0))
                if highest <= 0:
                    continue
                if not raises.all():
                    found += _sum_of_rows(B, rows[~raises], weights[~raises])
                found *= np.float32(share * maximum / highest)
                sums[user] += found
                unit[user] += share * maximum * self._weights.unit(number, highest)
                rated[user] = True
        sums *= self._target_discounts
        return sums, unit, rated

    def _profiles(self, histories: Histories, n_poor: int) -> tuple[np.ndarray, np.ndarray]:
        """The profiles p, and what poorly rated films make up of the first `n_poor` of them.

        They are float32 (features, users + n_poor), multiplied by the weight of the content term. The second array,
        float64 (users,), are the lengths of the profiles.
        """
        X, liked, disliked = self._similarity.matrix, histories.liked, histories.disliked
        of_liked, of_disliked = liked @ X, disliked @ X
        lengths = np.where(np.diff(liked.indptr) > 0, _row_lengths(of_liked), _row_lengths(of_disliked))
        lengths[lengths == 0] = 1
        scale = sparse.diags_array((self._model.weights.content / lengths).astype(np.float32))
        both = liked + np.float32(DISLIKED) * disliked
        poor = scale @ (both @ sparse.diags_array((~self._weights.well_rated).astype(np.float32)) @ X)
        profiles = scale @ (of_liked + np.float32(DISLIKED) * of_disliked)
        stacked = sparse.vstack([profiles, poor[:n_poor]])
        return sparse.csr_matrix(stacked.T, dtype=np.float32).toarray(), lengths

    def _user_vectors(
        self, histories: Histories, unit: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The vectors whose products with `_tiles`' items are the towers and the prior, float32 (d + 1, users).

        The second array, float32 (users,), is what the content weight of a film is multiplied by.
        """
        prior = -self._model.prior_weight(histories.n_known)
        scale = np.full(len(unit), self._model.weights.towers)
        if self._embeddings is None or not self._model.weights.towers:
            return prior[None].astype(np.float32), scale.astype(np.float32)
        liked, disliked = (np.diff(one.indptr) for one in (histories.liked, histories.disliked))
        n = np.where(liked > 0, liked, disliked)
        of_user = np.sqrt(self._embeddings.mean_likes) / np.maximum(n, 1)
        weight = np.array([similarity_weight(one) for one in n.tolist()])
        both = histories.liked + np.float32(DISLIKED) * histories.disliked
        vectors = both @ self._embeddings.history_embeddings
        vectors = vectors - weight[:, None] * (both @ self._embeddings.history_corrections)
        scale = scale * unit
        users = vectors * (of_user * scale)[:, None]
        return (
            np.vstack([users.T, prior[None]]).astype(np.float32),
            (scale * weight * of_user * lengths).astype(np.float32),
        )

    @cached_property
    def _tiles(self) -> list["_Tile"]:
        discounts = self._model.discounts()
        items = self._weights.popularity_gap[:, None]
        if self._embeddings is not None and self._model.weights.towers:
            towers = self._embeddings.item_embeddings * self._weights.content_weight[:, None]
            items = np.hstack([towers, items])
        items = items * discounts[:, None]
        features = sparse.csr_matrix(sparse.diags_array(discounts) @ self._similarity.matrix)
        tiles = []
        for start in range(0, len(items), _TILE):
            films = slice(start, min(start + _TILE, len(items)))
            padded = np.zeros((_TILE, items.shape[1]), dtype=np.float32)
            padded[: films.stop - start] = items[films]
            in_parts = padded.reshape(-1, _PRODUCT, items.shape[1])
            tiles.append(_Tile(films, features[films], in_parts))
        return tiles

    @cached_property
    def _targets(self) -> np.ndarray:
        """The rows of the films that have item-to-item weights, in the order of their numbers: int64 (targets,)."""
        return np.flatnonzero(self._weights.target_index < self._weights.n_targets)

    @cached_property
    def _target_discounts(self) -> np.ndarray:
        """The discount of each target: float32 (targets,)."""
        discounts: np.ndarray = self._model.discounts()[self._targets]
        return discounts


class _Tile(NamedTuple):
    """Some films with their discounted features and items, [w_i · e_i, popularity gap], `_PRODUCT` films a part."""

    films: slice
    features: sparse.csr_matrix
    items: np.ndarray


def _sum_of_rows(B: sparse.csr_matrix, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ_j w_j B_ji over some rows j, int (n,), with their weights, float32 (n,): float32 (targets,)."""
    total: np.ndarray = B[rows].T @ weights
    return total


def _row_lengths(matrix: sparse.csr_matrix) -> np.ndarray:
    """The Euclidean length of each row: float64 (rows,)."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.sqrt(np.bincount(rows, matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0]))


def _by_user(rows: Sequence[Sequence[int]], n_films: int) -> sparse.csr_matrix:
    """CSR float32 (users, films): 1 at the rows of each user."""
    indptr = np.concatenate([[0], np.cumsum([len(of_user) for of_user in rows])])
    indices = np.array([row for of_user in rows for row in of_user], dtype=np.int64)
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(len(rows), n_films))
