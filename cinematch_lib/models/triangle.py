"""Symmetric matrices of which only one half is stored."""

from itertools import pairwise

import numpy as np

_BLOCK = 512  # rows copied at once


class Triangle:
    """A symmetric matrix, float32 (n, n), of which the upper triangle is stored, in blocks of rows."""

    def __init__(self, square: np.ndarray) -> None:
        self.size = len(square)
        self._blocks = [square[start : start + _BLOCK, start:].copy() for start in range(0, self.size, _BLOCK)]

    def add_to(self, square: np.ndarray) -> None:
        """Add the first rows and columns to the upper triangle of a square matrix, in place."""
        size = len(square)
        for start, block in zip(range(0, size, _BLOCK), self._blocks, strict=False):
            square[start : start + _BLOCK, start:] += block[: size - start, : size - start]

    def submatrix(self, at: np.ndarray) -> np.ndarray:
        """The rows and columns `at`, int64 ascending, of the matrix: float32 (n, n), its upper triangle."""
        made = np.zeros((len(at), len(at)), dtype=np.float32)
        edges = np.searchsorted(at, np.arange(len(self._blocks) + 1) * _BLOCK).tolist()
        for number, (first, last) in enumerate(pairwise(edges)):
            if first < last:
                block, start = self._blocks[number], number * _BLOCK
                positions = (at[first:last, None] - start) * block.shape[1] + (at[first:] - start)
                made[first:last, first:] = block.ravel().take(positions)
        return made


def symmetrize(matrix: np.ndarray) -> None:
    """Copy the lower triangle of a square matrix to the upper one, in place."""
    size = len(matrix)
    for start in range(0, size, _BLOCK):
        block = slice(start, start + _BLOCK)
        for first in range(start + _BLOCK, size, _BLOCK):  # both tiles fit into the cache
            below = slice(first, first + _BLOCK)
            matrix[block, below] = matrix[below, block].T
        corner = np.tril(matrix[block, block])
        matrix[block, block] = corner + np.tril(corner, -1).T
