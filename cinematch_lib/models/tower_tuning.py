"""The choice of the content weight: how much the towers count relative to ratings, judged by hidden films."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import Embeddings, similarity_weight
from cinematch_lib.models.content import cold_start_weight
from cinematch_lib.models.hit_metrics import ndcg
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.towers import fit_towers
from cinematch_lib.models.validation_fold import ValidationFold
from cinematch_lib.recommender.ranking import top_k_per_row

CONTENT_WEIGHT = 1.4  # where there are too few users to choose it
_CANDIDATES = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.4, 2.8, 3.4, 4.0, 5.6)
_HIDDEN, _K = 0.2, 10  # the share of the rated films that is hidden; the length of the lists
_TOLERANCES = (0.02, 0.002)  # the share of nDCG@10 that may be lost, in all films and in those that are not hidden
_BATCH_SCORES = 16_000_000  # scores of all films held in memory at once


@dataclass(frozen=True)
class FilmFacts:
    """`features` is CSR float32 (films, features), `tags`, bool (features,), marks those that users give.

    `years`, float64 (films,), are the years of release, NaN where unknown.
    """

    features: sparse.csr_matrix
    tags: np.ndarray
    years: np.ndarray

    @classmethod
    def of(cls, features: sparse.csr_matrix, names: np.ndarray, years: np.ndarray) -> "FilmFacts":
        """From the names of the features, ``field__term``."""
        return cls(features, np.char.startswith(names, "tags__"), years)

    def without_tags_of(self, hidden: np.ndarray) -> sparse.csr_matrix:
        """The features, those of the films that `hidden`, bool (films,), marks without tags: nobody has seen them."""
        features = self.features.copy()
        of_film = np.repeat(hidden, np.diff(features.indptr))
        features.data[of_film & self.tags[features.indices]] = 0
        features.eliminate_zeros()
        return features


def choose_content_weight(
    folds: Sequence[ValidationFold],
    train: Interactions,
    films: FilmFacts,
    values: dict[str, float],
    seed: int,
) -> float:
    """The largest weight by which films without ratings are in lists no more often than they should be.

    In each fold a random fifth of the rated films is hidden: all their ratings and tags are taken out, and they are
    ranked by the towers. They should have at most the share of the places in lists of ten that they have of the
    held-out likes. They may cost 2 % of nDCG@10, with likes of hidden films counted, and 0.2 % of that of all other
    films. Where no weight is so small, it is the least of the candidates.
    """
    measured, share = np.zeros((len(_CANDIDATES), 3)), 0.0
    rng = np.random.default_rng(seed)
    rated = np.flatnonzero(np.bincount(train.ratings.indices, minlength=len(train.films)))
    for fold in folds:
        hidden = np.zeros(len(train.films), dtype=bool)
        hidden[rng.permutation(rated)[: round(_HIDDEN * len(rated))]] = True
        others = train.likes[~np.isin(train.users, fold.fold_in.users)]
        features = films.without_tags_of(hidden)
        towers = fit_towers(_without(others, hidden), features, films.years, train.films, seed)
        if towers is None:
            return 0.0
        measured += _lists(fold.without(hidden), fold, hidden, features, towers, values)
        share += float(fold.held_out[:, hidden].sum() / fold.held_out.sum()) * len(fold.fold_in)
    places, *qualities = measured.T
    good = places <= max(share, places[0])
    for quality, tolerance in zip(qualities, _TOLERANCES, strict=True):
        good &= quality >= (1 - tolerance) * quality.max()
    return _CANDIDATES[int(np.flatnonzero(good).max(initial=0))]


def tower_scores(likes: sparse.csr_matrix, features: sparse.csr_matrix, towers: Embeddings) -> np.ndarray:
    """The score of the towers of each film, with the similarity of features: float32 (users, films)."""
    counts = np.diff(likes.indptr)
    scale = np.array([towers.history_scale(n) for n in counts.tolist()], dtype=np.float32)[:, None]
    weight = np.array([similarity_weight(n) for n in counts.tolist()], dtype=np.float32)[:, None]
    users = likes @ towers.history_embeddings - weight * (likes @ towers.history_corrections)
    similarity = ((likes @ features) @ features.T).toarray()
    scores: np.ndarray = scale * (users @ towers.item_embeddings.T + weight * similarity)
    return scores


def _lists(
    visible: ValidationFold,
    fold: ValidationFold,
    hidden: np.ndarray,
    features: sparse.csr_matrix,
    towers: Embeddings,
    values: dict[str, float],
) -> np.ndarray:
    """Sums over users of three measures, for each candidate: float64 (candidates, 3).

    These are the share of hidden films in lists of ten, nDCG@10 of the lists, and that of lists without hidden films.
    """
    scores = visible.scores(values)
    highest = np.maximum(scores.max(axis=1, keepdims=True), 1e-9)
    unit = 1 / np.maximum(highest, highest.mean())  # as `ItemWeights.unit`
    weights = cold_start_weight(np.where(hidden, 0, fold.rating_counts))
    likes, n_relevant = _without(fold.fold_in.likes, hidden), np.diff(fold.held_out.indptr)
    size, total = max(1, _BATCH_SCORES // len(hidden)), np.zeros((len(_CANDIDATES), 3))
    for start in range(0, len(scores), size):
        batch = slice(start, start + size)
        near = scores[batch] / highest[batch]
        far = tower_scores(likes[batch], features, towers) * weights * unit[batch]
        far[fold.fold_in.ratings[batch].nonzero()] = -np.inf
        at_near = far[:, visible.columns]
        near[~np.isfinite(at_near)] = -np.inf
        at_near = np.where(np.isfinite(at_near), at_near, 0)
        far[:, visible.columns] = -np.inf
        # The order of the others does not depend on the weight, so the first of them suffice, hidden or not.
        others = np.hstack([top_k_per_row(np.where(hidden == which, far, -np.inf), _K) for which in (True, False)])
        at_far = np.take_along_axis(far, others, axis=1)
        columns = np.hstack([np.broadcast_to(visible.columns, near.shape), others])
        relevant = np.take_along_axis(fold.held_out[batch].toarray() > 0, columns, axis=1)
        is_hidden, excluded = hidden[columns], ~np.isfinite(np.hstack([near, at_far]))
        fixed = np.hstack([near, np.zeros_like(at_far)])
        by_towers = np.where(excluded, 0, np.hstack([at_near, at_far]))
        n_visible = np.diff(fold.held_out[batch][:, ~hidden].indptr)
        for number, weight in enumerate(_CANDIDATES):
            mixed = np.where(excluded, -np.inf, fixed + np.float32(weight) * by_towers)
            best = top_k_per_row(mixed, _K)
            total[number, 0] += np.take_along_axis(is_hidden, best, axis=1).mean(axis=1).sum()
            total[number, 1] += _ndcg(relevant, best, n_relevant[batch])
            best = top_k_per_row(np.where(is_hidden, -np.inf, mixed), _K)
            total[number, 2] += _ndcg(relevant & ~is_hidden, best, n_visible)
    return total


def _ndcg(relevant: np.ndarray, best: np.ndarray, n_relevant: np.ndarray) -> float:
    """The sum of nDCG@10 over the users with a relevant film."""
    some = n_relevant > 0
    hits = np.take_along_axis(relevant, best, axis=1)[some]
    return float(ndcg(hits, n_relevant[some].astype(np.int64), _K).sum())


def _without(likes: sparse.csr_matrix, hidden: np.ndarray) -> sparse.csr_matrix:
    """The likes without those of hidden films; the shape stays."""
    kept = likes.copy()
    kept.data[hidden[kept.indices]] = 0
    kept.eliminate_zeros()
    return kept
