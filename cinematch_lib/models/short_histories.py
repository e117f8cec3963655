"""Item-to-item weights for users of whom few ratings are known."""

import logging
from collections.abc import Callable

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from cinematch_lib.models.gram import column_squares, gram
from cinematch_lib.models.inverse import Inverse, ridge_inverse, takes_products
from cinematch_lib.models.pruning import largest_weights
from cinematch_lib.models.ridge import RidgeInverse
from cinematch_lib.models.triangle import Triangle
from cinematch_lib.recommender.rating_weights import rating_weight

# By the number of known ratings, as a share of the mean history of a training user: the dropout θ. EASE learned
# from histories of which n of N ratings are kept at random has θ = N/n − 1 (Steck 2020); more is better below ten.
SHORT_HISTORIES = {0.025: 200.0, 0.1: 12.0}
LONG_HISTORY = 0.4  # the share of the mean history from which the weights for whole histories serve alone
_WEIGHTS_PER_FILM = 100  # more of them gain nothing
TARGET_EXPONENT = 0.5  # for pruning, see `largest_weights`: where little is known, popular films are recommended most
_FEATURE_WEIGHT, _FEATURE_RANK, _EXTRA_SQUARES = 0.3, 64, 20.0
_MOST_RATERS = 10_000  # users of whom it is counted which films they rated
_SHARE_WEIGHT = 2.0  # of these counts in the weights for the shortest histories
_BLOCK = 128  # films whose weights are computed at once
_LOG = logging.getLogger(__name__)


def raters(ratings: sparse.csr_matrix, users: np.ndarray, seed: int) -> sparse.csr_matrix:
    """The weight of each rating by some users u, times 1 / |u|^(1/4): CSR float32 (users, films).

    `ratings` are CSR (all users, films); of the rows `users`, int (n,), no more than 10,000 are taken, at random. The
    user gave |u| ratings. So the product of the columns of two films counts the users who rated both, each by 1 / √|u|:
    who has rated many films tells less of two of them.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(users)[:_MOST_RATERS])
    of_users = sparse.csr_matrix(ratings[chosen], dtype=np.float32)
    lengths = np.diff(of_users.indptr)
    scale = np.repeat(np.maximum(lengths, 1.0) ** -0.25, lengths)
    of_users.data = (rating_weight(of_users.data) * scale).astype(np.float32)
    return of_users


def short_history_weights(
    histories: sparse.csr_matrix | Triangle,
    squares: np.ndarray,
    features: sparse.csr_matrix,
    of_raters: sparse.csr_matrix,
    regularization: float,
    seed: int,
    n_exact: int,
) -> list[sparse.csr_matrix]:
    """One matrix of weights for each entry of SHORT_HISTORIES: CSR float32 (films, films).

    `histories` is X, CSR float32 (users, films), the rating weights of whole histories, or XᵀX, whose first columns are
    the films; `squares` s, float64 (films,), are the squared norms of the columns of X; `features`, CSR float32 (films,
    features), are the features f of the films. The weights are those of EASE with the Gram matrix

        XᵀX + κ · √(s_i + 20) · √(s_j + 20) · f_i · f_j (i ≠ j) + diag(λ + θ · s)

    where f are the features reduced to 64 dimensions by a truncated singular value decomposition. So films with similar
    features support each other in proportion to their ratings. `n_exact` films are inverted exactly (see
    `inverse.exact_columns`). To those for the shortest histories is added

        2 / (1 + θ) · Σ_u r_uj · r_ui / Σ_u r_uj²

    where r, `of_raters`, is what `raters` returns for these films: the share of the users who rated film j that rated
    film i, by rating weights, in the unit of the other weights, which tend to such shares as θ grows. What else people
    have watched who watched a film is a better guess of what its lovers like than the regression alone.
    """
    embedding = np.sqrt(_FEATURE_WEIGHT * (squares + _EXTRA_SQUARES))[:, None] * reduced(features, seed)
    own = (embedding**2).sum(axis=1)  # what the feature rows add to the diagonal, taken off again
    norms = np.sqrt(squares)
    inverse_with = _inverse_with(histories, embedding, n_exact)

    def weights_for(dropout: float, more: Callable[[slice], np.ndarray] | None = None) -> sparse.csr_matrix:
        _LOG.info("weights for short histories, dropout %g", dropout)
        inverse = inverse_with(regularization + dropout * squares - own)
        blocks = ((block, _weights(inverse, block)) for block in blocks_of(len(squares)))
        if more is not None:
            blocks = ((block, weights + more(block)) for block, weights in blocks)
        return largest_weights(blocks, norms, _WEIGHTS_PER_FILM * len(squares), TARGET_EXPONENT)

    shortest, *others = SHORT_HISTORIES.values()
    shares = _shares(of_raters, _SHARE_WEIGHT / (1 + shortest))
    return [weights_for(shortest, shares), *map(weights_for, others)]


def _shares(of_raters: sparse.csr_matrix, weight: float) -> Callable[[slice], np.ndarray]:
    """`weight` times the share of the users who rated film j that rated film i, for i in a block and i ≠ j.

    What is returned makes an array of them, float32 (films of the block, films).
    """
    by_film, squares = sparse.csr_matrix(of_raters.T), column_squares(of_raters)
    scale = np.divide(weight, squares, out=np.zeros(len(squares)), where=squares > 0).astype(np.float32)

    def of_block(block: slice) -> np.ndarray:
        products: np.ndarray = (by_film[block] @ of_raters).toarray() * scale
        products[np.arange(len(products)), np.arange(block.start, block.stop)] = 0
        return products

    return of_block


def _inverse_with(
    histories: sparse.csr_matrix | Triangle, embedding: np.ndarray, n_exact: int
) -> Callable[[np.ndarray], Inverse]:
    """The inverse for histories and the rows of the features, as a function of what is added to the diagonal."""
    if isinstance(histories, Triangle):
        products = histories
    elif takes_products(histories.shape[0] + embedding.shape[1], len(embedding), n_exact):
        products = Triangle(gram(histories))
    else:
        rows = sparse.vstack([histories, sparse.csr_matrix(embedding.T, dtype=np.float32)], format="csr")
        return lambda penalty: ridge_inverse(rows, penalty, n_exact)
    return lambda penalty: RidgeInverse.of_products(_with_features(products, embedding), penalty)


def _with_features(histories: Triangle, embedding: np.ndarray) -> np.ndarray:
    """XᵀX + E·Eᵀ, where `embedding` is E: float32 (films, films), its upper triangle."""
    products = np.zeros((len(embedding),) * 2, dtype=np.float32)
    histories.add_to(products)
    for block in blocks_of(len(products)):
        products[block, block.start :] += (embedding[block] @ embedding[block.start :].T).astype(np.float32)
    return products


def reduced(features: sparse.csr_matrix, seed: int, rank: int = _FEATURE_RANK) -> np.ndarray:
    """The features in the `rank` dimensions that hold most of their squares: float64 (films, at most `rank`)."""
    rank = min(rank, *features.shape)
    U, singular, _ = randomized_svd(features, rank, n_iter=3, random_state=seed)
    embedding: np.ndarray = U * singular
    return embedding


def blocks_of(films: int) -> list[slice]:
    """Slices of the films that are worked on together."""
    return [slice(start, min(start + _BLOCK, films)) for start in range(0, films, _BLOCK)]


def _weights(inverse: Inverse, block: slice) -> np.ndarray:
    """B_ji = −P_ji / P_ii for j ≠ i, and B_ii = 0, of the targets i in `block`: float32 (block, films)."""
    weights = -inverse.rows(block) / inverse.diagonal[block, None]
    weights[np.arange(len(weights)), np.arange(block.start, block.stop)] = 0
    return weights
