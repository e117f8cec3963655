"""The map of films: two coordinates for each film, such that films with similar features lie side by side.

t-SNE (van der Maaten and Hinton 2008) with two simplifications that keep it fast. Every film is attracted by its
nearest neighbours alone, all alike (Böhm, Berens and Kobak 2022, Journal of Machine Learning Research 23:95). And
the repulsion of all films by all is computed on a grid, by Fourier transforms (Linderman and others 2019,
doi 10.1038/s41592-018-0308-4).
"""

import numpy as np
from scipy import fft, sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

NEIGHBOURS = 10  # films that attract each film
_DIMENSIONS = 40  # to which features are reduced before they are compared
_ROUNDS, _EARLY_ROUNDS = 220, 80
_ATTRACTION, _EARLY_ATTRACTION = 1.6, 10.0  # factors; in the early rounds, groups of films find each other
_MOMENTUM, _EARLY_MOMENTUM = 0.8, 0.5
_RATE = 0.4  # of learning, for each film
_CELL = 0.6  # of the grid, in units of the distance at which repulsion begins to fall
_MIN_CELLS, _MAX_CELLS = 50, 700
_PLACED_SPREAD = 0.3  # of a further film around its neighbours, as a share of their distance from each other
_EXACT = 10_000  # films up to which all pairs are compared
_PIVOT_FILMS, _PIVOTS_SEARCHED = 700, 8  # above: films for each pivot, on average, and the pivots that are searched
_FAR_OFF = 0.001  # share of films at either end of an axis that do not set its scale
_MARGIN = 1.05  # of the map, around the others
_CHUNK = 512  # films whose similarities are in memory at a time


def lay_out_films(features: sparse.csr_matrix, names: list[str], seed: int = 0) -> np.ndarray:
    """The place of each film on the map, float32 (films, 2), from −1 to 1.

    `features` is CSR float32 (films, features) with the column names `names`, as `build_features` returns them;
    columns for what is unknown count as nothing. The same features and seed give the same places.
    """
    if features.shape[0] < 2:
        return np.zeros((features.shape[0], 2), dtype=np.float32)
    rng = np.random.default_rng(seed)
    vectors = _reduced(features, names, seed)
    return _scaled(_optimized(_first_places(vectors, rng), _attracting_pairs(vectors, rng)))


def place_films(new: sparse.csr_matrix, features: sparse.csr_matrix, places: np.ndarray, seed: int = 0) -> np.ndarray:
    """Places of further films, float32 (new films, 2), near the median of their nearest neighbours on the map.

    `new` is CSR float32 (new films, features), `features` the same of the films on the map, `places` their places.
    """
    k = min(NEIGHBOURS, features.shape[0])
    if not k:
        return np.zeros((new.shape[0], 2), dtype=np.float32)
    rng, placed = np.random.default_rng(seed), np.zeros((new.shape[0], 2))
    for start in range(0, new.shape[0], _CHUNK):
        near = places[_best((new[start : start + _CHUNK] @ features.T).toarray(), k)].astype(np.float64)
        middle = np.median(near, axis=1)
        spread = np.median(np.abs(near - middle[:, None]), axis=1)
        placed[start : start + _CHUNK] = middle + spread * rng.normal(scale=_PLACED_SPREAD, size=middle.shape)
    return np.clip(placed, -1, 1).astype(np.float32)


def _reduced(features: sparse.csr_matrix, names: list[str], seed: int) -> np.ndarray:
    """Features without the columns for what is unknown, in 40 dimensions: float32 (films, d), rows of length 1."""
    known = np.array([not name.endswith("__unknown") for name in names], dtype=bool)
    table = normalize(features[:, known])
    if min(table.shape) > _DIMENSIONS:
        table = TruncatedSVD(_DIMENSIONS, n_iter=3, random_state=seed).fit_transform(table)
    dense = table.toarray() if sparse.issparse(table) else table
    return normalize(dense).astype(np.float32)


def _attracting_pairs(vectors: np.ndarray, rng: np.random.Generator) -> sparse.coo_matrix:
    """The pairs of films that attract each other, (films, films), symmetric, with weights whose sum is 1."""
    n = len(vectors)
    found = _neighbours(vectors, min(NEIGHBOURS, n - 1), rng)
    rows = np.repeat(np.arange(n), found.shape[1])
    graph = sparse.csr_matrix((np.ones(rows.size), (rows, found.ravel())), (n, n))
    pairs = sparse.coo_matrix(graph + graph.T)
    pairs.data /= pairs.data.sum()
    return pairs


def _neighbours(vectors: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """The `k` most similar films of each film, int64 (films, k).

    Many films are divided among pivots, films drawn at random; neighbours are then sought in the parts of the eight
    pivots that are most similar to one's own.
    """
    n = len(vectors)
    n_pivots = max(1, n // _PIVOT_FILMS) if n > _EXACT else 1
    pivots = np.unique(vectors[rng.permutation(n)[:n_pivots]], axis=0)
    part_of = (vectors @ pivots.T).argmax(axis=1)
    searched = _best(pivots @ pivots.T, min(_PIVOTS_SEARCHED, len(pivots)))
    found = np.empty((n, k), dtype=np.int64)
    for pivot in range(len(pivots)):
        candidates = np.flatnonzero(np.isin(part_of, searched[pivot]) | (part_of == pivot))
        if len(candidates) <= k:
            candidates = np.arange(n)
        films = np.flatnonzero(part_of == pivot)
        for rows in np.array_split(films, len(films) // _CHUNK + 1):
            similar = vectors[rows] @ vectors[candidates].T
            own = np.minimum(np.searchsorted(candidates, rows), len(candidates) - 1)
            similar[candidates[own] == rows, own[candidates[own] == rows]] = -np.inf
            found[rows] = candidates[_best(similar, k)]
    return found


def _best(similar: np.ndarray, k: int) -> np.ndarray:
    """The positions of the `k` highest numbers of each row, in no order."""
    return np.argpartition(-similar, k - 1, axis=1)[:, :k]


def _first_places(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The first two principal components with some noise: float64 (films, 2), with a small scale as t-SNE needs."""
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, -2:]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    places = rng.normal(scale=0.01, size=(len(vectors), 2))
    places[:, : axes.shape[1]] += centred @ axes
    return 1e-2 * places / places.std()


def _optimized(places: np.ndarray, pairs: sparse.coo_matrix) -> np.ndarray:
    """Places after all rounds of gradient descent with momentum and a gain for each coordinate."""
    rate = _RATE * max(len(places), 500)
    velocity, gains = np.zeros_like(places), np.ones_like(places)
    for number in range(_ROUNDS):
        early = number < _EARLY_ROUNDS
        pull = _EARLY_ATTRACTION if early else _ATTRACTION
        force = pull * _attraction(places, pairs) + _repulsion(places)
        gains = np.maximum(np.where(force * velocity > 0, gains + 0.2, gains * 0.8), 0.01)
        velocity = (_EARLY_MOMENTUM if early else _MOMENTUM) * velocity + rate * gains * force
        places = places + velocity - places.mean(axis=0)
    return places


def _attraction(places: np.ndarray, pairs: sparse.coo_matrix) -> np.ndarray:
    gap = places[pairs.col] - places[pairs.row]
    gap *= (pairs.data / (1 + np.einsum("ij,ij->i", gap, gap)))[:, None]
    return np.column_stack([np.bincount(pairs.row, gap[:, axis], len(places)) for axis in (0, 1)])


def _repulsion(places: np.ndarray) -> np.ndarray:
    """Σ_j (y_i − y_j) / (1 + d²)² over all films j, divided by the sum of 1 / (1 + d²) over all pairs.

    Each film is shared among the four corners of its cell, fields are computed at the corners, and read likewise.
    """
    low = places.min(axis=0)
    span = float((places.max(axis=0) - low).max())
    cells = int(max(min(span / _CELL, 8 * len(places) ** 0.5, _MAX_CELLS), _MIN_CELLS))
    size = fft.next_fast_len(2 * (cells + 1), real=True)  # twice as wide, so that the ends do not see each other
    at = (places - low) / (span / cells)
    corner = np.minimum(at.astype(np.int64), cells - 1)
    (x, y), first = (at - corner).T, corner[:, 0] * size + corner[:, 1]
    corners = (
        (first, (1 - x) * (1 - y)),
        (first + 1, (1 - x) * y),
        (first + size, x * (1 - y)),
        (first + size + 1, x * y),
    )
    films = sum(np.bincount(where, share, size * size) for where, share in corners)
    charge = fft.rfft2(np.reshape(films, (size, size)))
    total, *forces = (
        sum(field[where] * share for where, share in corners)
        for field in (
            fft.irfft2(charge * fft.rfft2(kernel), (size, size)).ravel() for kernel in _kernels(size, span / cells)
        )
    )
    return np.column_stack(forces) / max(float(np.sum(total)) - len(places), 1e-9)


def _kernels(size: int, cell: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """1 / (1 + d²), and the two coordinates of (y_i − y_j) / (1 + d²)², (size, size) each, by the gap in cells."""
    gap = fft.fftfreq(size, 1 / size) * cell
    near = 1 / (1 + gap[:, None] ** 2 + gap[None] ** 2)
    return near, near**2 * gap[:, None], near**2 * gap[None]


def _scaled(places: np.ndarray) -> np.ndarray:
    """Places with the middle at 0, float32; the few films that lie far off all others are moved to the edge, at 1."""
    low, high = np.quantile(places, (_FAR_OFF, 1 - _FAR_OFF), axis=0)
    scaled = (2 * places - low - high) / max(_MARGIN * (high - low).max(), 1e-9)
    return np.clip(scaled, -1, 1).astype(np.float32)
