"""What other people's ratings say, ready to serve: how much liking one film speaks for another."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.sparse_rows import Entries, entries
from cinematch_lib.errors import CineMatchError

ITEM_WEIGHTS = "item_weights.npz"
_KINDS = {"movie_ids": "i", "known": "b", "cold": "f", "likes": "i", "data": "f", "indices": "i", "indptr": "i"}
_NOT_ARRAYS = (ValueError, TypeError, KeyError, EOFError, OSError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class ItemWeights:
    """Item-to-item weights of a run's films, in the order of their ids.

    `movie_ids` is int64 (films,), ascending; `matrix` CSR float32 (films, films), what liking the row's film
    adds to the column's; `known` bool (films,), which films are liked by so many that their row says enough, so
    that liking them needs no content beside it; `cold` float32 (films,), 0 or more, how much content counts for
    recommending a film, more for films that fewer people have rated; `likes` int64 (films,), how many people like
    each film.
    Raises CineMatchError where these do not fit one another.
    """

    movie_ids: np.ndarray
    matrix: sparse.csr_matrix
    known: np.ndarray
    cold: np.ndarray
    likes: np.ndarray

    def __post_init__(self) -> None:
        films = len(self.movie_ids)
        shapes = {name: getattr(self, name).shape for name in ("matrix", "known", "cold", "likes")}
        expected = dict.fromkeys(shapes, (films,)) | {"matrix": (films, films)}
        for name, shape in shapes.items():
            if shape != expected[name]:
                raise CineMatchError(f"{name} must have the shape {expected[name]} for {films} films, got {shape}")
        if not (np.diff(self.movie_ids) > 0).all():
            raise CineMatchError("movie_ids must be ascending, each once")
        if not (np.isfinite(self.matrix.data).all() and np.isfinite(self.cold).all() and (self.cold >= 0).all()):
            raise CineMatchError("weights must be numbers, and those in cold 0 or more")
        if (self.likes < 0).any():
            raise CineMatchError("likes must be numbers of people, 0 or more")

    def __len__(self) -> int:
        return len(self.movie_ids)

    @cached_property
    def popularity(self) -> np.ndarray:
        """The logarithm of each film's likes as a part of the highest: float32 (films,), 0 to 1."""
        known = np.log1p(self.likes)
        return (known / max(known.max(), 1.0)).astype(np.float32)

    @cached_property
    def rarity(self) -> np.ndarray:
        """What each film's popularity lacks to the highest: float32 (films,), 0 to 1."""
        return self.popularity.max() - self.popularity

    def check(self, movie_ids: np.ndarray) -> None:
        """Raise CineMatchError where the weights are not of these films, int64 (films,), row by row."""
        if not np.array_equal(self.movie_ids, movie_ids):
            other = np.setdiff1d(self.movie_ids, movie_ids).size + np.setdiff1d(movie_ids, self.movie_ids).size
            raise CineMatchError(
                f"{ITEM_WEIGHTS} has weights of {len(self):,} films, and the run has {len(movie_ids):,}, of which "
                f"{other:,} differ; train anew on this run's films (cinematch run --from train)"
            )

    @cached_property
    def spoken_of(self) -> int:
        """How many films there are of which any film says something."""
        return int(np.count_nonzero(self._is_spoken_of))

    @cached_property
    def places(self) -> np.ndarray:
        """The place of each film among these, int32 (films,); of films of which none says anything, their number.

        They are a quarter of a large catalog, and what is said of them stays as small as that, whoever asks.
        """
        among = np.cumsum(self._is_spoken_of) - 1
        return np.where(self._is_spoken_of, among, self.spoken_of).astype(np.int32)

    @cached_property
    def _is_spoken_of(self) -> np.ndarray:
        is_spoken_of = np.zeros(len(self), dtype=bool)
        is_spoken_of[self.matrix.indices] = True
        return is_spoken_of

    @cached_property
    def _by_place(self) -> sparse.csr_matrix:
        weights, shape = self.matrix, (len(self), self.spoken_of)
        return sparse.csr_matrix((weights.data, self.places[weights.indices], weights.indptr), shape=shape)

    def spoken(self, rows: Sequence[int]) -> Entries:
        """What liking each of the films in `rows` says, and of which films: columns are their rows."""
        return entries(self.matrix, np.asarray(rows, dtype=np.int64))

    def heard(self, rows: Sequence[int]) -> Entries:
        """The same, to be summed up: columns are `places`."""
        return entries(self._by_place, np.asarray(rows, dtype=np.int64))

    def summed(self, heard: Entries) -> np.ndarray:
        """What the films that were heard say together, by `places`: float64 (spoken_of + 1,), the last of them 0."""
        return np.bincount(heard.columns, heard.values, minlength=self.spoken_of + 1)

    def write(self, to: BinaryIO) -> None:
        """Write as npz, uncompressed: the same weights give the same bytes, and load fast."""
        matrix = sparse.csr_matrix(self.matrix, dtype=np.float32)
        matrix.sort_indices()
        np.savez(
            to,
            movie_ids=self.movie_ids.astype(np.int64),
            known=self.known.astype(bool),
            cold=self.cold.astype(np.float32),
            likes=self.likes.astype(np.int64),
            data=matrix.data,
            indices=matrix.indices,
            indptr=matrix.indptr,
        )

    @classmethod
    def read(cls, data: bytes) -> "ItemWeights":
        """From the bytes of a file that `write` wrote; no pickle is read. Raises CineMatchError for others."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                of = {name: _array(file, name, kind) for name, kind in _KINDS.items()}
            films = len(of["movie_ids"])
            matrix = sparse.csr_matrix((of["data"], of["indices"], of["indptr"]), shape=(films, films))
            matrix.check_format(full_check=True)
            if not matrix.has_sorted_indices:
                raise ValueError("the films of a row are not in order")
            return cls(of["movie_ids"], matrix, of["known"], of["cold"], of["likes"])
        except (*_NOT_ARRAYS, CineMatchError) as error:
            raise CineMatchError(f"it holds no item-to-item weights ({error})") from None


def _array(file: Any, name: str, kind: str) -> np.ndarray:
    array = file[name]
    if array.ndim != 1 or array.dtype.kind != kind:
        raise ValueError(f"{name} is {array.dtype} with {array.ndim} dimensions")
    return array
