"""Upper bounds of the products of many films' features with a vector, from a part of the features."""

import numpy as np
from scipy import sparse

from cinematch_lib.recommender.selection import BLOCK, Selection

_COMMON = 1 / 8  # of all films: of features that as many have, only the length of all together is looked at
_ADDING = 4  # the cost of adding up an entry of a few columns, relative to multiplying by all
_LEAST = 0.01  # length of what a film has of the common features; short of it, bounds are higher than they need be


class ProductBounds:
    """Bounds Σ_f x_if p_f of all films i from above, with x_i the features of a film and p any vector.

    Over the features that few films have the sum is exact, and over the common ones, which have most entries, it is at
    most the product of the lengths of both parts (Cauchy–Schwarz).

    `features` are CSR float32 (films, features), and `sizes`, int64 (features,), say how many films have each.
    """

    def __init__(self, features: sparse.csr_matrix, sizes: np.ndarray) -> None:
        self._entries, self._is_common = features.nnz, sizes > _COMMON * features.shape[0]
        self._rare = np.flatnonzero(~self._is_common)
        self._sizes = sizes[self._rare]
        self._blocks: list[tuple[sparse.csc_matrix, np.ndarray]] = []
        for start in range(0, features.shape[0], BLOCK):
            block = features[start : start + BLOCK]
            rare = block[:, self._rare].tocsc()
            self._blocks.append((rare, np.sqrt(block.power(2) @ self._is_common.astype(np.float32)).clip(_LEAST)))
        # A sum of m products x_if p_f, rounded after each, is wrong by at most m ε |x_i| |p|, and |x_i| is at most √m
        # times the largest entry; the bound and what it bounds are such sums, and 4 ε are for lengths. As all lengths
        # are `_LEAST` or more, all this is made up for by a greater length of p.
        most, largest = np.diff(features.indptr).max(initial=0), np.abs(features.data).max(initial=0)
        self._rounding = float((2 * most + 4) * most**0.5 * largest * np.finfo(np.float32).eps / _LEAST)

    def are_cheap(self, vector: np.ndarray) -> bool:
        """Whether bounds take less time than the products with `vector`."""
        return bool(_ADDING * self._sizes[vector[self._rare] != 0].sum() <= self._entries)

    def of(self, vector: np.ndarray, block: Selection) -> np.ndarray:
        """Numbers that are at least the products of some films with `vector`, float32 (features,): float32 (films,).

        `block` is one of `Selection.blocks`. No product that is added up in float32, in whatever order, is above its
        bound.
        """
        number = int(block.rows[0]) // BLOCK
        rare, lengths = self._blocks[number]
        of_rare = vector[self._rare]
        used = np.flatnonzero(of_rare)
        exact = vector.astype(np.float64)
        length = np.linalg.norm(exact[self._is_common]) + self._rounding * np.linalg.norm(exact)
        bounds: np.ndarray = rare[:, used] @ of_rare[used]
        bounds += lengths * np.float32(length)
        return bounds if len(bounds) == len(block) else bounds[block.rows - number * BLOCK]
