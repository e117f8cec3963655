"""Upper bounds of the products of many films' features, or embeddings, with a vector, from a part of these."""

from functools import cached_property

import numpy as np
from scipy import sparse

from cinematch_lib.recommender.selection import BLOCK, Selection

_COMMON = 1 / 8  # of all films: of features that as many have, only the length of all together is looked at
_ADDING = 4  # the cost of adding up an entry of a few columns, relative to multiplying by all
_LEAST = 0.01  # length of the part of a film that is bounded; short of it, bounds are higher than they need be
_TINY = 1e-12  # added to lengths, so that no product that rounding makes 0 counts
_IN_CACHE = 2048  # embeddings, of which a product with few directions is too small for BLAS to start threads
_DIRECTIONS = 2  # of embeddings, that have most of the length of a user's vector


class ProductBounds:
    """Bounds Σ_f x_if p_f of all films i from above, with x_i the features of a film and p any vector.

    Over the features that few films have the sum is exact, and over the common ones, which have most entries, it is at
    most the product of the lengths of both parts (Cauchy–Schwarz).

    `features` are CSR float32 (films, features), and `sizes`, int64 (features,), say how many films have each.
    """

    def __init__(self, features: sparse.csr_matrix, sizes: np.ndarray) -> None:
        self._features, self._is_common = features, sizes > _COMMON * features.shape[0]
        self._rare = np.flatnonzero(~self._is_common)
        self._sizes = sizes[self._rare]
        self._blocks: dict[int, tuple[sparse.csc_matrix, np.ndarray]] = {}
        # The bound and what it bounds are both wrong by `_rounding`, and |x_i| is at most √m times the largest entry.
        # As all lengths are `_LEAST` or more, it is made up for by a greater length of p.
        self._most, largest = int(np.diff(features.indptr).max(initial=0)), np.abs(features.data).max(initial=0)
        self._rounding = float(2 * _rounding(self._most) * self._most**0.5 * largest / _LEAST)

    def are_cheap(self, vector: np.ndarray) -> bool:
        """Whether bounds take less time than the products with `vector`."""
        return bool(_ADDING * self._sizes[vector[self._rare] != 0].sum() <= self._features.nnz)

    def of(self, vector: np.ndarray, block: Selection) -> np.ndarray:
        """Numbers that are at least the products of some films with `vector`, float32 (features,): float32 (films,).

        `block` is one of `Selection.blocks`. No product that is added up in float32, in whatever order, is above its
        bound.
        """
        number = int(block.rows[0]) // BLOCK
        rare, lengths = self._block(number)
        of_rare = vector[self._rare]
        used = np.flatnonzero(of_rare)
        exact = vector.astype(np.float64)
        length = np.linalg.norm(exact[self._is_common]) + self._rounding * np.linalg.norm(exact)
        bounds: np.ndarray = rare[:, used] @ of_rare[used]
        bounds += lengths * np.float32(length)
        return bounds if len(bounds) == len(block) else bounds[block.rows - number * BLOCK]

    def highest(self, vector: np.ndarray) -> np.ndarray:
        """A number that is at least the products of all films with `vector`: float32 (1,)."""
        return _highest(self._longest, vector, self._most)

    @cached_property
    def _longest(self) -> float:
        """The length of the features of the film where it is greatest."""
        matrix = self._features
        squares = sparse.csr_matrix((np.square(matrix.data), matrix.indices, matrix.indptr), matrix.shape)
        return float(np.sqrt((squares @ np.ones(matrix.shape[1], dtype=np.float32)).max(initial=0)))

    def _block(self, number: int) -> tuple[sparse.csc_matrix, np.ndarray]:
        """The rare features of the films of a block, and the length of the common ones of each: float32 (films,)."""
        if number not in self._blocks:
            starts = self._features.indptr[number * BLOCK :][: BLOCK + 1]
            entries = slice(int(starts[0]), int(starts[-1]))
            parts = self._features.data[entries], self._features.indices[entries], starts - starts[0]
            shape = len(starts) - 1, self._features.shape[1]
            squares = sparse.csr_matrix((np.square(parts[0]), *parts[1:]), shape) @ self._is_common.astype(np.float32)
            rare = sparse.csr_matrix(parts, shape).tocsc()[:, self._rare]
            self._blocks[number] = rare, np.sqrt(squares).clip(_LEAST)
        return self._blocks[number]


class EmbeddingBounds:
    """Bounds the products e_i · u of all films' embeddings with those of users from above.

    In the few directions that users differ most in, the product is exact, and in the others, which have most of the
    length of an embedding, but little of a user's, it is at most the product of the lengths of both parts.

    `items` are float32 (films, d); `users`, float (any, d), are what the vectors of users are sums of, and `weights`,
    float (any,), >= 0, how often each is a part of these.
    """

    def __init__(self, items: np.ndarray, users: np.ndarray, weights: np.ndarray) -> None:
        self._items, self._users, self._weights = items, users, weights
        self._parts: dict[int, np.ndarray] = {}

    @cached_property
    def _directions(self) -> np.ndarray:
        """Orthogonal directions of length one: float64 (d, directions)."""
        users = self._users.astype(np.float64)
        products = np.einsum("ua,ub->ab", self._weights[:, None] * users, users)  # sooner than BLAS starts threads
        _, directions = np.linalg.eigh(products)  # by rising share of the users
        return directions[:, -_DIRECTIONS:]

    def of(self, vector: np.ndarray, block: Selection) -> np.ndarray:
        """Numbers that are at least the products of some films with `vector`, float32 (d,): float32 (films,).

        `block` is one of `Selection.blocks`. No product that is added up in float32, in whatever order, is above its
        bound.
        """
        exact = vector.astype(np.float64)
        near = self._directions.T @ exact
        length = np.linalg.norm(exact - self._directions @ near)
        # Wrong by `_rounding` are what is bounded, the parts and the lengths of films, and the bound.
        length += 5 * _rounding(len(vector)) / _LEAST * np.linalg.norm(exact) + _TINY
        number = int(block.rows[0]) // BLOCK
        # Not by BLAS, which starts threads for so many films, though the blocks are bounded side by side.
        bounds: np.ndarray = np.einsum("d,di->i", np.append(near, length).astype(np.float32), self._parts_of(number))
        return bounds if len(bounds) == len(block) else bounds[block.rows - number * BLOCK]

    def highest(self, vector: np.ndarray) -> np.ndarray:
        """A number that is at least the products of all films with `vector`: float32 (1,)."""
        return _highest(self._longest, vector, len(vector))

    @cached_property
    def _longest(self) -> float:
        """The length of the longest e_i."""
        return float(np.sqrt(np.einsum("id,id->i", self._items, self._items).max(initial=0)))

    def _parts_of(self, number: int) -> np.ndarray:
        """Of each e_i of a block, the part in each direction and the length of the rest: float32 (…, films)."""
        if number not in self._parts:
            items, directions = self._items[number * BLOCK :][:BLOCK], self._directions.astype(np.float32)
            parts = np.empty((directions.shape[1] + 1, len(items)), dtype=np.float32)
            for start in range(0, len(items), _IN_CACHE):
                some, of_some = items[start : start + _IN_CACHE], parts[:, start : start + _IN_CACHE]
                of_some[:-1] = (some @ directions).T
                squares = np.einsum("id,id->i", some, some)
                rest = squares - np.einsum("di,di->i", of_some[:-1], of_some[:-1])
                of_some[-1] = np.sqrt((rest + 4 * _rounding(some.shape[1]) * squares).clip(_LEAST**2 * squares))
            parts[-1] += _TINY
            self._parts[number] = parts
        return self._parts[number]


def _highest(length: float, vector: np.ndarray, n: int) -> np.ndarray:
    """What no product of `vector` with another one of this length, that has `n` entries, is above: float32 (1,)."""
    highest = (1 + 3 * _rounding(n)) * length * np.linalg.norm(vector.astype(np.float64))
    return np.array([highest], dtype=np.float32)


def _rounding(n: int) -> float:
    """By how much a sum of n products, x · p, rounded to float32 after each, may be wrong, relative to |x| |p|.

    Lengths, which are such sums, are counted in.
    """
    return (n + 2) * float(np.finfo(np.float32).eps)
