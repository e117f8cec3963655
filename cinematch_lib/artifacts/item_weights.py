"""Item-to-item weights of a run: what liking one film adds to the score of every other film."""

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.array_file import UNREADABLE, read_arrays, write_arrays
from cinematch_lib.artifacts.sparse_rows import SparseRows, take_rows
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content

ITEM_WEIGHTS = "item_weights.npz"
# The arrays of the file, with the kind of their dtype; each matrix has three more, `_ENTRIES` with its number.
_ARRAYS = {"movie_ids": "i", "history_lengths": "f", "well_rated": "b", "content_weight": "f", "like_counts": "i"}
# Each an array of length one.
_NUMBERS = ("typical_sum", "prior_weight", "lasting_prior_weight", "unrated_content_weight")
_OPTIONAL = {"lasting_prior_weight", "unrated_content_weight"}  # runs made before there were these lack them
_ENTRIES = {"data": "f", "indices": "i", "indptr": "i"}


@dataclass(frozen=True)
class ItemWeights:
    """Sparse item-to-item weights, learned from ratings (see `models.Hybrid`).

    Raises CineMatchError if shapes or values do not fit each other.

    Parameters
    ----------
    movie_ids : int64 (films,), MovieLens ids, ascending. Row and column i of a matrix belong to ``movie_ids[i]``.
    matrices : one CSR float32 (films, films) or more. ``matrix[j, i]`` is added to the score of film i when film j is
        liked. Each is learned for users of whom so many ratings are known as its entry in `history_lengths`.
    history_lengths : float64 (matrices,), above 0, ascending.
    well_rated : bool (films,). True where a film has enough likes that its row alone represents it; the similarity
        of the other films to a candidate counts in full.
    content_weight : float32 (films,), >= 0. The weight of content in a film's score; it falls with its ratings.
    like_counts : int64 (films,), >= 0. The number of users who like each film.
    typical_sum : > 0. The mean highest sum of a user by the last of `matrices`.
    prior_weight : >= 0. The weight of popularity in the score of a user of whom little is known.
    lasting_prior_weight : >= 0. What is added to it, and fades more slowly with the number of known films.
    unrated_content_weight : > 0. The content weight of a film that nobody has rated; −1 for the highest of all films.

    """

    movie_ids: np.ndarray
    matrices: tuple[sparse.csr_matrix, ...]
    history_lengths: np.ndarray
    well_rated: np.ndarray
    content_weight: np.ndarray
    like_counts: np.ndarray
    typical_sum: float = 1.0
    prior_weight: float = 1.0
    lasting_prior_weight: float = 0.0
    unrated_content_weight: float = -1.0

    def __post_init__(self) -> None:
        films, sets = len(self.movie_ids), len(self.matrices)
        arrays: list[tuple[str, Any, tuple[int, ...]]]
        arrays = [("each matrix", one, (films, films)) for one in self.matrices]
        arrays += [(name, getattr(self, name), (films,)) for name in ("well_rated", "content_weight", "like_counts")]
        for name, array, expected in [*arrays, ("history_lengths", self.history_lengths, (sets,))]:
            if array.shape != expected:
                raise CineMatchError(f"{name} must have the shape {expected} for {films} films, got {array.shape}")
        lengths = self.history_lengths
        if not sets or not (lengths > 0).all() or not (np.diff(lengths) > 0).all():
            raise CineMatchError(f"history_lengths must be one or more, ascending and above 0, got {lengths.tolist()}")
        if not (np.diff(self.movie_ids) > 0).all():
            raise CineMatchError("movie_ids must be ascending without repeats")
        finite = all(
            np.isfinite(values).all() for values in (*(one.data for one in self.matrices), self.content_weight)
        )
        if not finite or (self.content_weight < 0).any():
            raise CineMatchError("weights must be finite, and content_weight must be 0 or more")
        if (self.like_counts < 0).any():
            raise CineMatchError("like_counts must be 0 or more")
        for name in ("prior_weight", "lasting_prior_weight"):
            if not 0 <= getattr(self, name) < np.inf:
                raise CineMatchError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if not np.isfinite(self.unrated_content_weight):
            raise CineMatchError(f"unrated_content_weight must be finite, got {self.unrated_content_weight}")
        if not 0 < self.typical_sum < np.inf:
            raise CineMatchError(f"typical_sum must be above 0, got {self.typical_sum}")

    def __len__(self) -> int:
        return len(self.movie_ids)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """The matrix for the longest histories."""
        return self.matrices[-1]

    @property
    def n_weights(self) -> int:
        """The number of weights in all matrices."""
        return sum(int(one.nnz) for one in self.matrices)

    def mixture(self, n_ratings: float) -> list[tuple[int, float]]:
        """The matrices for a user of whom `n_ratings`, 1 or more, are known: their numbers, and shares of 1 in all.

        Between the two nearest `history_lengths`, the shares are linear in the logarithm of the number of ratings.
        """
        if len(self.matrices) == 1:
            return [(0, 1.0)]
        lengths = self.history_lengths.tolist()
        upper = bisect(lengths, n_ratings)
        if upper in (0, len(lengths)):
            return [(min(upper, len(lengths) - 1), 1.0)]
        lower = upper - 1
        share = math.log(n_ratings / lengths[lower]) / math.log(lengths[upper] / lengths[lower])
        return [(number, part) for number, part in ((lower, 1 - share), (upper, share)) if part]

    def unit(self, matrix: int, highest: float) -> float:
        """What one predicted rating counts, where the sums by one of the matrices are divided by their `highest`.

        The longer a history, the higher are the sums. Those of a short one are not in the unit of ratings, so that a
        typical sum takes the place of small ones.
        """
        return 1 / (max(highest, self.typical_sum) if matrix == len(self.matrices) - 1 else self.typical_sum)

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

    def extended(self, movie_ids: np.ndarray) -> "ItemWeights":
        """These weights for further films: `movie_ids`, int64 (films,), ascending, hold the present ones.

        A further film has no weights, and content counts for it as for a film that nobody likes. Where all further ids
        are above the present ones, the arrays of weights are shared. Raises CineMatchError for other films.
        """
        at = np.searchsorted(movie_ids, self.movie_ids)
        if len(movie_ids) < len(self) or not np.array_equal(
            movie_ids[np.minimum(at, len(movie_ids) - 1)], self.movie_ids
        ):
            self.check(movie_ids)

        def spread(values: np.ndarray, fill: float) -> np.ndarray:
            wide = np.full(len(movie_ids), fill, dtype=values.dtype)
            wide[at] = values
            return wide

        matrices = []
        for one in self.matrices:
            lengths = np.zeros(len(movie_ids), dtype=np.int64)
            lengths[at] = np.diff(one.indptr)
            indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(one.indptr.dtype)
            indices = one.indices if at[-1] == len(at) - 1 else at[one.indices].astype(one.indices.dtype)
            matrices.append(sparse.csr_matrix((one.data, indices, indptr), (len(movie_ids), len(movie_ids))))
        return replace(
            self,
            movie_ids=movie_ids,
            matrices=tuple(matrices),
            well_rated=spread(self.well_rated, False),
            content_weight=spread(self.content_weight, self._of_unrated),
            like_counts=spread(self.like_counts, 0),
        )

    @cached_property
    def unrated(self) -> np.ndarray:
        """Which films nobody has rated, as their content weight tells: bool (films,); none where it is 0."""
        has_most = self.content_weight >= np.float32(self._of_unrated)
        unrated: np.ndarray = has_most & (self.content_weight > 0) & (self.like_counts == 0)
        return unrated

    @property
    def _of_unrated(self) -> float:
        """The content weight of a film that nobody has rated."""
        given = self.unrated_content_weight
        return given if given >= 0 else float(self.content_weight.max(initial=0))

    @cached_property
    def is_known(self) -> np.ndarray:
        """Which films these weights tell anything of: bool (films,). All others are alike."""
        is_known: np.ndarray = self._is_target | ~self.unrated
        return is_known

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
        for matrix in self.matrices:
            is_target[matrix.indices] = True
        return is_target

    @cached_property
    def compact(self) -> tuple[sparse.csr_matrix, ...]:
        """The matrices with columns numbered by `target_index`: CSR float32 (films, n_targets)."""
        shape = len(self), self.n_targets
        return tuple(
            sparse.csr_matrix((one.data, self.target_index[one.indices], one.indptr), shape=shape)
            for one in self.matrices
        )

    def rows(self, rows: Sequence[int]) -> SparseRows:
        """The rows of some films in the matrix for the longest histories; columns are films."""
        return take_rows(self.matrix, np.asarray(rows, dtype=np.int64))

    def compact_rows(self, rows: Sequence[int], matrix: int = -1) -> SparseRows:
        """The rows of some films in one of the matrices; columns are numbered by `target_index`."""
        return take_rows(self.compact[matrix], np.asarray(rows, dtype=np.int64))

    def accumulate(self, rows: SparseRows, factors: np.ndarray | None = None) -> np.ndarray:
        """The sum of some `compact_rows`, each times its factor, float64 (rows,): float64 (n_targets + 1,).

        The last entry is 0, for films that are no target.
        """
        values = rows.values if factors is None else rows.values * np.repeat(factors, rows.lengths)
        return np.bincount(rows.columns, values, minlength=self.n_targets + 1)

    def write(self, to: BinaryIO) -> None:
        """Write as uncompressed npz, which loads fast; the same weights give the same bytes."""
        entries: dict[str, Any] = {name: np.array([getattr(self, name)], dtype=np.float64) for name in _NUMBERS}
        for number, one in enumerate(self.matrices):
            matrix = sparse.csr_matrix(one, dtype=np.float32)
            matrix.sort_indices()
            entries |= {f"{name}_{number}": getattr(matrix, name) for name in _ENTRIES}
        entries |= {
            "movie_ids": self.movie_ids.astype(np.int64),
            "history_lengths": self.history_lengths.astype(np.float64),
            "well_rated": self.well_rated.astype(bool),
            "content_weight": self.content_weight.astype(np.float32),
            "like_counts": self.like_counts.astype(np.int64),
        }
        write_arrays(to, entries)

    @classmethod
    def read(cls, content: Content) -> "ItemWeights":
        """From the content of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            file = read_arrays(content)
            arrays: dict[str, Any] = {name: _read_array(file, name, kind) for name, kind in _ARRAYS.items()}
            numbers = [name for name in _NUMBERS if name in file or name not in _OPTIONAL]
            arrays |= {name: float(_read_array(file, name, "f").item()) for name in numbers}
            sets = range(len(arrays["history_lengths"]))
            matrices = tuple(_read_matrix(file, number, len(arrays["movie_ids"])) for number in sets)
            return cls(matrices=matrices, **arrays)
        except (*UNREADABLE, CineMatchError) as error:
            raise CineMatchError(f"it holds no item-to-item weights ({error})") from None


def _read_matrix(file: Mapping[str, np.ndarray], number: int, films: int) -> sparse.csr_matrix:
    entries = tuple(_read_array(file, f"{name}_{number}", kind) for name, kind in _ENTRIES.items())
    matrix = sparse.csr_matrix(entries, (films, films))
    matrix.check_format(full_check=True)
    if not matrix.has_sorted_indices:
        raise ValueError("the columns of a row are not sorted")
    return matrix


def _read_array(file: Mapping[str, np.ndarray], name: str, kind: str) -> np.ndarray:
    array = file[name]
    if array.ndim != 1 or array.dtype.kind != kind:
        raise ValueError(f"{name} is {array.dtype} with {array.ndim} dimensions")
    return array
