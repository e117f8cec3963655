"""Item-to-item weights of a run: what liking one film adds to the score of every other film."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.sparse_rows import SparseRows, take_rows
from cinematch_lib.errors import CineMatchError

ITEM_WEIGHTS = "item_weights.npz"
# The arrays of the file, with the kind of their dtype.
_ARRAYS = {
    "movie_ids": "i",
    "well_rated": "b",
    "content_weight": "f",
    "like_counts": "i",
    "data": "f",
    "indices": "i",
    "indptr": "i",
}
# The exceptions of numpy, scipy and zipfile for a file that holds no arrays; a pickle is a ValueError to them.
_WRONG_CONTENT = (ValueError, TypeError, LookupError, AttributeError, EOFError, NotImplementedError)
UNREADABLE = (*_WRONG_CONTENT, OSError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class ItemWeights:
    """Sparse item-to-item weights, learned from ratings (see `models.Hybrid`).

    Raises CineMatchError if shapes or values do not fit each other.

    Parameters
    ----------
    movie_ids : int64 (films,), MovieLens ids, ascending. Row and column i of `matrix` belong to ``movie_ids[i]``.
    matrix : CSR float32 (films, films). ``matrix[j, i]`` is added to the score of film i when film j is liked.
    well_rated : bool (films,). True where a film has enough likes that its row alone represents it; the similarity
        of the other films to a candidate counts in full.
    content_weight : float32 (films,), >= 0. The weight of content in a film's score; it falls with its ratings.
    like_counts : int64 (films,), >= 0. The number of users who like each film.

    """

    movie_ids: np.ndarray
    matrix: sparse.csr_matrix
    well_rated: np.ndarray
    content_weight: np.ndarray
    like_counts: np.ndarray

    def __post_init__(self) -> None:
        films = len(self.movie_ids)
        for name in ("matrix", "well_rated", "content_weight", "like_counts"):
            shape, expected = getattr(self, name).shape, (films, films) if name == "matrix" else (films,)
            if shape != expected:
                raise CineMatchError(f"{name} must have the shape {expected} for {films} films, got {shape}")
        if not (np.diff(self.movie_ids) > 0).all():
            raise CineMatchError("movie_ids must be ascending without repeats")
        finite = np.isfinite(self.matrix.data).all() and np.isfinite(self.content_weight).all()
        if not finite or (self.content_weight < 0).any():
            raise CineMatchError("weights must be finite, and content_weight must be 0 or more")
        if (self.like_counts < 0).any():
            raise CineMatchError("like_counts must be 0 or more")

    def __len__(self) -> int:
        return len(self.movie_ids)

    @cached_property
    def popularity(self) -> np.ndarray:
        """log(1 + likes) divided by its maximum: float32 (films,), 0 to 1."""
        logs = np.log1p(self.like_counts)
        popularity: np.ndarray = (logs / max(logs.max(), 1.0)).astype(np.float32)
        return popularity

    @cached_property
    def popularity_gap(self) -> np.ndarray:
        """The distance of each film's popularity to the highest: float32 (films,), 0 to 1."""
        gap: np.ndarray = self.popularity.max() - self.popularity
        return gap

    def check(self, movie_ids: np.ndarray) -> None:
        """Raise CineMatchError unless these are the weights of the films `movie_ids`, int64 (films,), row by row."""
        if not np.array_equal(self.movie_ids, movie_ids):
            other = np.setdiff1d(self.movie_ids, movie_ids).size + np.setdiff1d(movie_ids, self.movie_ids).size
            raise CineMatchError(
                f"{ITEM_WEIGHTS} has weights of {len(self):,} films, and the run has {len(movie_ids):,}, of which "
                f"{other:,} differ; train anew on this run's films (cinematch run --from train)"
            )

    # Only a quarter of a large catalog is the target of any weight. Sums over these columns alone are shorter,
    # so the columns are numbered anew: `target_index` maps a film to its number.

    @cached_property
    def n_targets(self) -> int:
        """The number of films that are the target of any weight."""
        return int(np.count_nonzero(self._is_target))

    @cached_property
    def target_index(self) -> np.ndarray:
        """The number of each film among the targets, int32 (films,); `n_targets` for films that are none."""
        numbers = np.cumsum(self._is_target) - 1
        return np.where(self._is_target, numbers, self.n_targets).astype(np.int32)

    @cached_property
    def _is_target(self) -> np.ndarray:
        is_target = np.zeros(len(self), dtype=bool)
        is_target[self.matrix.indices] = True
        return is_target

    @cached_property
    def compact(self) -> sparse.csr_matrix:
        """`matrix` with columns numbered by `target_index`: CSR float32 (films, n_targets)."""
        weights, shape = self.matrix, (len(self), self.n_targets)
        return sparse.csr_matrix((weights.data, self.target_index[weights.indices], weights.indptr), shape=shape)

    def rows(self, rows: Sequence[int]) -> SparseRows:
        """The weights of some films' rows; columns are films."""
        return take_rows(self.matrix, np.asarray(rows, dtype=np.int64))

    def compact_rows(self, rows: Sequence[int]) -> SparseRows:
        """The weights of some films' rows; columns are numbered by `target_index`."""
        return take_rows(self.compact, np.asarray(rows, dtype=np.int64))

    def accumulate(self, rows: SparseRows) -> np.ndarray:
        """The sum of some `compact_rows`: float64 (n_targets + 1,); the last is 0, for films that are no target."""
        return np.bincount(rows.columns, rows.values, minlength=self.n_targets + 1)

    def write(self, to: BinaryIO) -> None:
        """Write as uncompressed npz, which loads fast; the same weights give the same bytes."""
        matrix = sparse.csr_matrix(self.matrix, dtype=np.float32)
        matrix.sort_indices()
        np.savez(
            to,
            movie_ids=self.movie_ids.astype(np.int64),
            well_rated=self.well_rated.astype(bool),
            content_weight=self.content_weight.astype(np.float32),
            like_counts=self.like_counts.astype(np.int64),
            data=matrix.data,
            indices=matrix.indices,
            indptr=matrix.indptr,
        )

    @classmethod
    def read(cls, data: bytes) -> "ItemWeights":
        """Read the bytes of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {name: _read_array(file, name, kind) for name, kind in _ARRAYS.items()}
            films = len(arrays["movie_ids"])
            entries = tuple(arrays.pop(name) for name in ("data", "indices", "indptr"))
            matrix = sparse.csr_matrix(entries, (films, films))
            matrix.check_format(full_check=True)
            if not matrix.has_sorted_indices:
                raise ValueError("the columns of a row are not sorted")
            return cls(matrix=matrix, **arrays)
        except (*UNREADABLE, CineMatchError) as error:
            raise CineMatchError(f"it holds no item-to-item weights ({error})") from None


def _read_array(file: Any, name: str, kind: str) -> np.ndarray:
    array: np.ndarray = file[name]
    if array.ndim != 1 or array.dtype.kind != kind:
        raise ValueError(f"{name} is {array.dtype} with {array.ndim} dimensions")
    return array
