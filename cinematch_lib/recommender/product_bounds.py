"""Upper bounds of the products of many films' features, or embeddings, with a vector."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np
from scipy import sparse

from cinematch_lib.recommender.selection import Block

_COMMON = 1 / 8  # of all films: the products of features that as many have are bounded group by group
_ADDING = 4  # the cost of adding up an entry of a few columns, relative to multiplying by all
_SAMPLE = 4096  # films, about, that show in which directions the common features of users differ
_SHORTEST = 0.01  # length of the part of a film that is bounded; short of it, bounds are higher than they need be
_LEAST = 0.01  # the same, relative to the length of the film's vector
_TINY = 1e-12  # added to lengths, so that no product that rounding makes 0 counts
_AT_ONCE = 1 << 16  # vectors that are read
_IN_CACHE = 2048  # vectors, of which a product with few directions is too small for BLAS to start threads
_DIRECTIONS = 6  # that have most of the length of a user's vector


class ProductBounds:
    """Bounds Σ_f x_if p_f of films i from above, with x_i the features of a film and p any vector.

    Over the features that few films have the sum is exact, and over the common ones, which have most entries, it is
    bounded by `VectorBounds`.

    `features` are CSR float32 (films, features), and `sizes`, int64 (features,), say how many films have each.
    """

    def __init__(self, features: sparse.csr_matrix, sizes: np.ndarray) -> None:
        self._features, is_common = features, sizes > _COMMON * features.shape[0]
        self._rare, self._common = np.flatnonzero(~is_common), np.flatnonzero(is_common)
        self._sizes = sizes[self._rare]
        some = self._of_common(slice(None, None, 1 + features.shape[0] // _SAMPLE))
        self.of_common = VectorBounds(self._of_common, features.shape[0], some, np.ones(len(some)), _SHORTEST)
        # The bound and what it bounds are both wrong by `_rounding`, and |x_i| is at most √m times the largest entry.
        self._most, largest = int(np.diff(features.indptr).max(initial=0)), np.abs(features.data).max(initial=0)
        self._rounding = float(2 * _rounding(self._most) * self._most**0.5 * largest)

    def _of_common(self, rows: slice) -> np.ndarray:
        found: np.ndarray = self._features[rows][:, self._common].toarray()
        return found

    def are_cheap(self, vector: np.ndarray) -> bool:
        """Whether bounds take less time than the products with `vector`."""
        return bool(_ADDING * self._sizes[vector[self._rare] != 0].sum() <= self._features.nnz)

    def of(self, vector: np.ndarray, block: Block) -> np.ndarray:
        """Numbers that are at least the products with `vector`, float32 (features,): (films of a group, groups).

        They are float32. No product that is added up in float32, in whatever order, is above its bound.
        """
        of_rare = vector[self._rare]
        used = np.flatnonzero(of_rare)
        features = block.kept(self, lambda: self._features[block.rows].tocsc()[:, self._rare])
        bounds = block.table(features[:, used] @ of_rare[used])
        bounds += self.of_common.of(vector[self._common], block, self._rounding * _length(vector))
        return bounds

    def highest(self, vector: np.ndarray, _: Block) -> np.ndarray:
        """A number that is at least the products of all films with `vector`: float32 (1, 1)."""
        return _highest(self._longest, vector, self._most)

    @cached_property
    def _longest(self) -> float:
        """The length of the features of the film where it is greatest."""
        matrix = self._features
        squares = sparse.csr_matrix((np.square(matrix.data), matrix.indices, matrix.indptr), matrix.shape)
        return float(np.sqrt((squares @ np.ones(matrix.shape[1], dtype=np.float32)).max(initial=0)))


class VectorBounds:
    """Bounds the products e_i · u of the vectors of films with those of users from above, group by group of films.

    In the few directions that users differ most in, the product is at most that with the corner of a box around the
    films of a group, and in the others, which have most of the length of a film's vector, but little of a user's, it is
    at most the product of the lengths of both parts (Cauchy–Schwarz).

    `vectors` gives those of a slice of the `n_films` films, float32 (films, d); `users`, float (any, d), are what the
    vectors of users are sums of, and `weights`, float (any,), >= 0, how often each is a part of these. The part of a
    film in the other directions counts as if it had at least the length `shortest`.
    """

    def __init__(
        self,
        vectors: Callable[[slice], np.ndarray],
        n_films: int,
        users: np.ndarray,
        weights: np.ndarray,
        shortest: float = _TINY,
    ) -> None:
        self._vectors, self._n_films, self._shortest = vectors, n_films, shortest
        self._users, self._weights = users, weights

    @cached_property
    def _directions(self) -> np.ndarray:
        """Orthogonal directions of length one, those that users differ most in first: float64 (d, directions)."""
        users = self._users.astype(np.float64)
        products = np.einsum("ua,ub->ab", self._weights[:, None] * users, users)  # sooner than BLAS starts threads
        _, directions = np.linalg.eigh(products)  # by rising share of the users
        return directions[:, : -_DIRECTIONS - 1 : -1]

    def of(self, vector: np.ndarray, block: Block, margin: float = 0.0) -> np.ndarray:
        """Numbers that are at least the products with `vector`, float32 (d,), and `margin`: float32 (1, groups).

        No product that is added up in float32, in whatever order, is above its bound.
        """
        exact = vector.astype(np.float64)
        near = self._directions.T @ exact
        length = np.linalg.norm(exact - self._directions @ near)
        # Wrong by `_rounding` are what is bounded, the parts and the lengths of films, and, most of all, the bound.
        length += 8 * _rounding(len(vector)) / _LEAST * np.linalg.norm(exact) + _TINY + margin / self._shortest
        factors = np.concatenate([near.clip(min=0), near.clip(max=0), [length]]).astype(np.float32)
        # Not by BLAS, which starts threads for so many films.
        bounds: np.ndarray = np.einsum("d,dg->g", factors, block.kept(self, partial(self._boxes, block)))
        return bounds[None]

    def highest(self, vector: np.ndarray, _: Block) -> np.ndarray:
        """A number that is at least the products of all films with `vector`: float32 (1, 1)."""
        return _highest(self._longest, vector, len(vector))

    @cached_property
    def _longest(self) -> float:
        """The length of the longest e_i."""
        vectors = self._vectors(slice(None))
        return float(np.sqrt(np.einsum("id,id->i", vectors, vectors).max(initial=0)))

    def coordinate(self, number: int) -> np.ndarray:
        """The part of each e_i in one of the directions, and again from the first: float32 (films,)."""
        part: np.ndarray = self._parts[number % max(1, len(self._parts) - 1)]
        return part

    def keep(self, blocks: Sequence[Block]) -> None:
        """Work out the boxes of blocks, and let go of the parts of each e_i."""
        for block in blocks:
            block.kept(self, partial(self._boxes, block))
        vars(self).pop("_parts", None)

    def _boxes(self, block: Block) -> np.ndarray:
        """Of each group the most in each direction, the least, and the longest rest: float32 (…, groups)."""
        parts = [block.table(part.take(block.rows)) for part in self._parts]
        most, least = ([of_group(part, axis=0) for part in parts] for of_group in (np.max, np.min))
        return np.array([*most[:-1], *least[:-1], most[-1]])

    @cached_property
    def _parts(self) -> np.ndarray:
        """Of each e_i the part in each direction and the length of the rest: float32 (…, films)."""
        directions = self._directions.astype(np.float32)
        parts = np.empty((directions.shape[1] + 1, self._n_films), dtype=np.float32)
        for start in range(0, self._n_films, _IN_CACHE):
            if start % _AT_ONCE == 0:
                vectors = self._vectors(slice(start, start + _AT_ONCE))
            some, of_some = vectors[start % _AT_ONCE :][:_IN_CACHE], parts[:, start : start + _IN_CACHE]
            of_some[:-1] = (some @ directions).T
            squares = np.einsum("id,id->i", some, some)
            rest = squares - np.einsum("di,di->i", of_some[:-1], of_some[:-1])
            of_some[-1] = np.sqrt((rest + 4 * _rounding(some.shape[1]) * squares).clip(_LEAST**2 * squares))
        parts[-1].clip(self._shortest, out=parts[-1])
        return parts


def _length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector.astype(np.float64)))


def _highest(length: float, vector: np.ndarray, n: int) -> np.ndarray:
    """What no product of `vector` with another one of this length, that has `n` entries, is above: float32 (1, 1)."""
    return np.array([[(1 + 3 * _rounding(n)) * length * _length(vector) + _TINY]], dtype=np.float32)


def _rounding(n: int) -> float:
    """By how much a sum of n products, x · p, rounded to float32 after each, may be wrong, relative to |x| |p|.

    Lengths, which are such sums, are counted in.
    """
    return (n + 2) * float(np.finfo(np.float32).eps)
