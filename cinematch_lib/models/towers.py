"""Two towers in closed form: a bilinear map from the films a user likes to films, by the features of both.

The score of film i for a user with the likes L is

    √N / n · Σ_{j∈L} f_j (Δ₀ − c_n Δ₁) f_iᵀ + c_n · √N / n · Σ_{j∈L} x_j · x_i

where n = |L|, N is the mean number of likes of a training user, x are the features of the films, f the same reduced by
a singular value decomposition with an indicator of each period of release, and c_n = 0.3 · n / (n + 20). It is a ridge
regression of all likes A on the profiles P (rows Σ f_j / √n) that is drawn towards c times the similarity of the
features, instead of towards 0:

    Δ₀ = (PᵀP + θD + λ₁)⁻¹ (PᵀAF − O) (FᵀF + λ₂)⁻¹
    Δ₁ = (PᵀP + θD + λ₁)⁻¹ (PᵀP' + θD') F'ᵀF (FᵀF + λ₂)⁻¹

P' and F' are made of x in place of f. O = Σ_i f_i f_iᵀ Σ_{u likes i} 1 / √n_u takes out what a film says of itself.
With D = Σ_u Σ_{i∈L_u} f_i f_iᵀ / n_u, the regression is that of histories of which a share θ / (1 + θ) is dropped at
random (Steck 2020, "Autoencoders that don't overfit towards the identity"); D' is the same with x. Both maps are then
reduced to the directions in which the scores of the training users vary most. The more is known of a user, the more
exact is the similarity to single films, so c_n grows with n.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from cinematch_lib.artifacts.embeddings import SIMILARITY, Embeddings, embed, periods_of

RANK = 32
_FEATURE_RANK, _PERIOD = 256, 0.3  # dimensions of the reduced features; value of the indicator of a period
_PROFILE_PENALTY, _FILM_PENALTY, _DROPOUT = 20.0, 5.0, 10.0  # λ₁, λ₂, θ
_MAX_USERS = 50_000  # more of them change nothing that was measured


@dataclass(frozen=True)
class _Statistics:
    """The sums over the users that the maps are computed from, see the module."""

    profiles: np.ndarray  # PᵀP + θD: (d, d)
    profiles_by_features: np.ndarray  # PᵀP' + θD': (d, features)
    likes: np.ndarray  # PᵀAF − O: (d, d)
    films: np.ndarray  # FᵀF over the films with likes: (d, d)
    films_by_features: np.ndarray  # F'ᵀF over the same: (features, d)
    mean_likes: float  # N


def fit_towers(
    likes: sparse.csr_matrix, features: sparse.csr_matrix, years: np.ndarray, movie_ids: np.ndarray, seed: int = 0
) -> Embeddings | None:
    """The embeddings of films and histories; None where nobody likes a film that has features.

    `likes` is CSR float32 (users, films) of ones; `features`, CSR float32 (films, features), are in the order of
    `movie_ids`, int64 (films,); `years`, float (films,), are the years of release, NaN where unknown. `seed` chooses
    the users, where there are more than 50,000, and starts the singular value decomposition.
    """
    # More threads take longer with these small matrices, and change the rounding, which the maps magnify.
    with threadpool_limits(1, user_api="blas"):
        return _fit(_some_users(likes, seed), features, years, movie_ids, seed)


def _fit(
    likes: sparse.csr_matrix, features: sparse.csr_matrix, years: np.ndarray, movie_ids: np.ndarray, seed: int
) -> Embeddings | None:
    liked = np.flatnonzero(np.bincount(likes.indices, minlength=likes.shape[1]))
    if not len(liked) or not features[liked].nnz:
        return None
    periods, names = periods_of(years)
    rank = min(_FEATURE_RANK, len(liked), features.shape[1])
    _, _, basis = randomized_svd(features[liked], rank, n_iter=3, random_state=seed)
    indicators = _PERIOD * np.eye(len(names), dtype=np.float32)[periods]
    reduced = np.hstack([features[liked] @ basis.T, indicators[liked]]).astype(np.float32)
    sums = _statistics(likes[:, liked], features[liked], reduced)
    to_history, to_correction, to_film = _low_rank(sums)
    blocks = (np.vstack([basis.T @ one[:rank], _PERIOD * one[rank:]]) for one in (to_history, to_correction, to_film))
    history, correction, film = (block.astype(np.float32) for block in blocks)
    n_features, d = features.shape[1], film.shape[1]
    return Embeddings(
        movie_ids=movie_ids,
        item_embeddings=embed(features, periods, film, d),
        history_embeddings=embed(features, periods, history, d),
        history_corrections=embed(features, periods, correction, d),
        feature_embeddings=film[:n_features],
        period_embeddings=film[n_features:],
        periods=periods.astype(np.int32),
        period_names=np.array(names, dtype=np.int64),
        mean_likes=sums.mean_likes,
        history_maps=history,
        correction_maps=correction,
    )


def release_years(catalog: pd.DataFrame) -> np.ndarray:
    """The years of release of the films of a catalog: float64 (films,), NaN where unknown."""
    if "year" not in catalog:
        return np.full(len(catalog), np.nan)
    years = pd.to_numeric(catalog["year"], errors="coerce").astype("Float64")
    return years.to_numpy(dtype=np.float64, na_value=np.nan)


def _some_users(likes: sparse.csr_matrix, seed: int) -> sparse.csr_matrix:
    """The users with likes; a random sample, where there are too many."""
    users = np.flatnonzero(np.diff(likes.indptr))
    if len(users) > _MAX_USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, _MAX_USERS, replace=False))
    return sparse.csr_matrix(likes[users])


def _statistics(likes: sparse.csr_matrix, features: sparse.csr_matrix, reduced: np.ndarray) -> _Statistics:
    """`likes` are of the liked films alone, whose `features` and `reduced` features are given."""
    counts = np.diff(likes.indptr).astype(np.float32)
    profiles = (likes @ reduced) / np.sqrt(counts)[:, None]
    by_films = likes.T @ (profiles / np.sqrt(counts)[:, None])  # Pᵀ in the sum PᵀP' = Σ_u p_u Σ_j x_j / √n_u
    weighted = likes.power(2)  # the weight of each user
    shares = weighted.T @ (1 / counts)  # Σ_u 1 / n_u over the users who like each film
    own = (reduced * (weighted.T @ (1 / np.sqrt(counts)))[:, None]).T @ reduced
    dropped = _DROPOUT * reduced * shares[:, None]
    return _Statistics(
        profiles=profiles.T @ profiles + dropped.T @ reduced,
        profiles_by_features=np.asarray(features.T @ (by_films + dropped)).T,
        likes=(likes.T @ profiles).T @ reduced - own,
        films=reduced.T @ reduced,
        films_by_features=np.asarray(features.T @ reduced),
        mean_likes=float(counts.mean()),
    )


def _low_rank(sums: _Statistics) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Δ₀ and Δ₁ as products with one map of films: U₀, U₁ and V with Δ ≈ U Vᵀ, float64 (d, RANK) each.

    V spans the directions in which the scores P Δ Fᵀ of the training users vary most.
    """
    d = len(sums.films)
    profiles = sums.profiles.astype(np.float64) + _PROFILE_PENALTY * np.eye(d)
    films = sums.films.astype(np.float64) + _FILM_PENALTY * np.eye(d)

    def solve(target: np.ndarray) -> np.ndarray:
        left = linalg.solve(profiles, target.astype(np.float64), assume_a="pos")
        solved: np.ndarray = linalg.solve(films, left.T, assume_a="pos").T
        return solved

    likes = solve(sums.likes)
    similarity = solve(sums.profiles_by_features.astype(np.float64) @ sums.films_by_features)
    root, inverse_root = _roots(films)
    weighted, _ = _roots(profiles)
    _, _, directions = linalg.svd(np.vstack([weighted @ likes @ root, SIMILARITY * (weighted @ similarity @ root)]))
    directions = directions[:RANK].T
    return likes @ root @ directions, similarity @ root @ directions, inverse_root @ directions


def _roots(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The square root of a symmetric positive definite matrix and the inverse of that root."""
    values, vectors = linalg.eigh(matrix)
    roots = np.sqrt(np.maximum(values, values[-1] * 1e-12))
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
