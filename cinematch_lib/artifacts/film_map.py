"""The map of films of a run: a place for each film, such that similar films lie side by side."""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from cinematch_lib.artifacts.array_file import UNREADABLE, read_arrays, write_arrays
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content

FILM_MAP = "film_map.npz"


@dataclass(frozen=True, eq=False, repr=False)
class FilmMap:
    """`places`, float32 (films, 2), from −1 to 1, of the films `movie_ids`, int64 (films,), ascending.

    Raises CineMatchError for arrays that do not fit each other.
    """

    movie_ids: np.ndarray
    places: np.ndarray

    def __post_init__(self) -> None:
        if self.movie_ids.ndim != 1 or (np.diff(self.movie_ids) <= 0).any():
            raise CineMatchError("movie_ids must be ascending")
        if self.places.shape != (len(self.movie_ids), 2):
            raise CineMatchError(f"places must be ({len(self.movie_ids)}, 2), got {self.places.shape}")
        if not (np.abs(self.places) <= 1).all():
            raise CineMatchError("places must lie between -1 and 1")

    def __len__(self) -> int:
        return len(self.movie_ids)

    def places_of(self, movie_ids: np.ndarray) -> np.ndarray:
        """The places of films by their ids, float32 (ids, 2); NaN for a film that is not on the map.

        >>> FilmMap(np.array([1, 3]), np.array([[0, 0], [0.5, 1]], np.float32)).places_of(np.array([3, 2]))
        array([[0.5, 1. ],
               [nan, nan]], dtype=float32)
        """
        places = np.full((len(movie_ids), 2), np.nan, dtype=np.float32)
        if len(self.movie_ids):
            at = np.minimum(np.searchsorted(self.movie_ids, movie_ids), len(self.movie_ids) - 1)
            known = self.movie_ids[at] == movie_ids
            places[known] = self.places[at[known]]
        return places

    def extended(self, movie_ids: np.ndarray, places: np.ndarray) -> "FilmMap":
        """The map with further films, none of which is on it: int64 (films,) and float32 (films, 2)."""
        ids = np.concatenate([self.movie_ids, movie_ids])
        order = np.argsort(ids)
        return FilmMap(ids[order], np.vstack([self.places, places])[order])

    def write(self, to: BinaryIO) -> None:
        """Write as an uncompressed npz; the same map gives the same bytes."""
        write_arrays(to, {"movie_ids": self.movie_ids.astype(np.int64), "places": self.places.astype(np.float32)})

    @classmethod
    def read(cls, content: Content) -> "FilmMap":
        """From the content of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            arrays = read_arrays(content)
            ids, places = arrays["movie_ids"], arrays["places"]
            if ids.dtype != np.int64 or places.dtype != np.float32:
                raise ValueError(f"movie_ids are {ids.dtype}, places {places.dtype}")
            return cls(ids, places)
        except (*UNREADABLE, CineMatchError) as error:
            raise CineMatchError(f"it holds no map of films ({error})") from None
