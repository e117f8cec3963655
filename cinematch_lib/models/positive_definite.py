"""The inverse of a positive definite matrix of any size, in place."""

import numpy as np
from scipy.linalg.lapack import spotrf, spotri

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.triangle import symmetrize

NOT_DEFINITE = "the ratings' Gram matrix cannot be inverted in single precision; raise the regularization"
# OpenBLAS 0.3.31 ends the process in `spotrf` on two threads from some 27,000 rows on.
_MOST_AT_ONCE = 20_480
_BLOCK = 1024  # rows and columns swept at once where there are more


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite float32 matrix (n, n) in C order, overwriting it.

    Of the matrix, only the upper triangle is read. It is inverted by Cholesky; a large one block by block with the
    sweep operator (Goodnight 1979, doi 10.1080/00031305.1979.10482685), which takes n³ operations as well. Raises
    CineMatchError if the matrix is not positive definite in single precision.
    """
    if len(matrix) <= _MOST_AT_ONCE:
        return _by_cholesky(matrix)
    for start in range(0, len(matrix), _BLOCK):
        _sweep(matrix, slice(start, min(start + _BLOCK, len(matrix))))
    np.negative(matrix, out=matrix)
    symmetrize(matrix.T)
    return matrix


def inverse_bytes(size: int) -> int:
    """The memory in bytes that `inverse` needs in addition to the matrix, (size, size)."""
    return 0 if size <= _MOST_AT_ONCE else 4 * _BLOCK * (3 * size + _BLOCK)


def _by_cholesky(matrix: np.ndarray) -> np.ndarray:
    factor, failed = spotrf(matrix.T, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise CineMatchError(NOT_DEFINITE)
    symmetrize(factor)
    return factor.T


def _sweep(matrix: np.ndarray, at: slice) -> None:
    """Sweep the symmetric matrix A, of which the upper triangle is stored, on the rows and columns k = `at`.

    With D = (A_kk)⁻¹: A_ij − A_ik D A_kj takes the place of A_ij, A_ik D that of A_ik, and −D that of A_kk. Once all
    are swept, it is −A⁻¹.
    """
    own = _by_cholesky(np.ascontiguousarray(matrix[at, at]))
    column = np.vstack([matrix[: at.start, at], np.zeros_like(own), matrix[at, at.stop :].T])
    swept = column @ own
    for start in range(0, len(matrix), _BLOCK):
        rows = slice(start, start + _BLOCK)
        matrix[rows, start:] -= swept[rows] @ column[start:].T
    matrix[: at.start, at], matrix[at, at], matrix[at, at.stop :] = swept[: at.start], -own, swept[at.stop :].T
