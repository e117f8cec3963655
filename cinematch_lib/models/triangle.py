"""Symmetric matrices of which only one half is stored."""

import numpy as np

_BLOCK = 512  # rows copied at once


class Triangle:
    """A symmetric matrix, float32 (n, n), of which the lower triangle is stored, in blocks of rows."""

    def __init__(self, square: np.ndarray) -> None:
        self.size = len(square)
        self._blocks = [
            square[start : start + _BLOCK, : start + _BLOCK].copy() for start in range(0, self.size, _BLOCK)
        ]

    def square(self, size: int | None = None) -> np.ndarray:
        """The first `size` rows and columns, all of them if None, as a new array: float32 (size, size)."""
        square = np.zeros((self.size if size is None else size,) * 2, dtype=np.float32)
        self.add_to(square)
        symmetrize(square)
        return square

    def add_to(self, square: np.ndarray) -> None:
        """Add the first rows and columns to the lower triangle of a square matrix, in place."""
        size = len(square)
        for start, block in zip(range(0, size, _BLOCK), self._blocks, strict=False):
            part = square[start : start + _BLOCK, : start + _BLOCK]
            part += block[: part.shape[0], : part.shape[1]]


def symmetrize(matrix: np.ndarray) -> None:
    """Copy the lower triangle of a square matrix to the upper one, in place."""
    size = len(matrix)
    for start in range(0, size, _BLOCK):
        block, below = slice(start, start + _BLOCK), slice(start + _BLOCK, size)
        matrix[block, below] = matrix[below, block].T
        corner = np.tril(matrix[block, block])
        matrix[block, block] = corner + np.tril(corner, -1).T
