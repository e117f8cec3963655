"""Embeddings of a run: films and users in one space, by what people like of the features of films."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, BinaryIO

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.array_file import UNREADABLE, read_arrays, write_arrays
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import Content

EMBEDDINGS = "embeddings.npz"
PERIOD_YEARS = 5
UNKNOWN_PERIOD = 0  # the name of the period of films whose year is unknown
DISLIKED_WEIGHT = -0.5  # weight of a disliked film in the vector of a user, where a liked one has 1
SIMILARITY, _HALF = 0.3, 20  # c_n = 0.3 · n / (n + 20)


@dataclass(frozen=True, eq=False, repr=False)
class Embeddings:
    """Vectors of d dimensions, learned by `models.towers`.

    The inner product of a user's vector and a film's estimates how much the user will like the film, by its features
    alone: it is the model for films without ratings. Raises CineMatchError if shapes do not fit each other.

    Parameters
    ----------
    movie_ids : int64 (films,), MovieLens ids, ascending: the rows of the arrays by film.
    item_embeddings : float32 (films, d), e_i.
    history_embeddings : float32 (films, d), h_j, and
    history_corrections : float32 (films, d), g_j. A user who likes n films j has the vector √N / n · Σ_j (h_j − c·g_j),
        where c is 0 if the vector is used alone, and c_n if c_n times the similarity of the features is added.
    feature_embeddings : float32 (features, d); e_i is the sum of those of the film's features, times their values, and
    period_embeddings : float32 (periods, d), of that of its period of release.
    periods : int32 (films,), the period of each film, and
    period_names : int64 (periods,), the first year of each, 0 for unknown years.
    mean_likes : N, the mean number of likes of a training user.
    history_maps, correction_maps : float32 (features + periods, d), h_j and g_j as sums over a film's features and its
        period, as e_i of the feature and period embeddings; to add films. None where a run does not hold them.

    """

    movie_ids: np.ndarray
    item_embeddings: np.ndarray
    history_embeddings: np.ndarray
    history_corrections: np.ndarray
    feature_embeddings: np.ndarray
    period_embeddings: np.ndarray
    periods: np.ndarray
    period_names: np.ndarray
    mean_likes: float
    history_maps: np.ndarray | None = None
    correction_maps: np.ndarray | None = None

    def __post_init__(self) -> None:
        films, d = len(self.movie_ids), self.item_embeddings.shape[-1]
        expected: dict[str, tuple[int, ...]] = dict.fromkeys(
            ("item_embeddings", "history_embeddings", "history_corrections"), (films, d)
        )
        expected |= {"feature_embeddings": (len(self.feature_embeddings), d), "periods": (films,)}
        expected |= {"period_embeddings": (len(self.period_names), d), "period_names": (len(self.period_names),)}
        maps = len(self.feature_embeddings) + len(self.period_names), d
        expected |= {name: maps for name in _OPTIONAL if getattr(self, name) is not None}
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise CineMatchError(f"{name} must have the shape {shape} for {films} films, got {array.shape}")
            if not np.isfinite(array).all():
                raise CineMatchError(f"{name} must be finite")
        if films and not 0 <= self.periods.min() <= self.periods.max() < len(self.period_names):
            raise CineMatchError(f"periods must be below {len(self.period_names)}, got {self.periods.max()}")
        if not 0 < self.mean_likes < np.inf:
            raise CineMatchError(f"mean_likes must be above 0, got {self.mean_likes}")

    def __len__(self) -> int:
        return len(self.movie_ids)

    def extended(self, movie_ids: np.ndarray, features: sparse.csr_matrix, years: np.ndarray) -> "Embeddings":
        """These embeddings with those of further films, computed from their features and periods of release.

        `movie_ids`, int64 (films,), are none of the present ones; `features` are CSR float32 (films, features); `years`
        are float (films,). A period that is not known counts as the nearest. Without the maps of histories, a further
        film adds nothing to a user's vector.
        """
        names = self.period_names.astype(np.float64)
        first = np.nan_to_num(years // PERIOD_YEARS * PERIOD_YEARS, nan=UNKNOWN_PERIOD)
        periods = np.abs(first[:, None] - names).argmin(axis=1).astype(np.int32)
        films = np.vstack([self.feature_embeddings, self.period_embeddings])
        maps = {"item_embeddings": films, "history_embeddings": self.history_maps}
        maps["history_corrections"] = self.correction_maps
        order = np.argsort(np.concatenate([self.movie_ids, movie_ids]))
        changed: dict[str, Any] = {
            name: np.vstack([getattr(self, name), embed(features, periods, block, films.shape[1])])[order]
            for name, block in maps.items()
        }
        changed["movie_ids"] = np.concatenate([self.movie_ids, movie_ids])[order]
        changed["periods"] = np.concatenate([self.periods, periods])[order]
        return replace(self, **changed)

    def history_vectors(self, rows: Sequence[int], n: int) -> tuple[np.ndarray, np.ndarray]:
        """√N / n · h_j and √N / n · g_j of the films in `rows`: each float64 (rows, d)."""
        at, scale = np.asarray(rows, dtype=np.int64), np.float64(self.history_scale(n))
        return scale * self.history_embeddings.take(at, axis=0), scale * self.history_corrections.take(at, axis=0)

    def user_vector(self, liked: Sequence[int], disliked: Sequence[int] = ()) -> np.ndarray:
        """The vector of a user by the rows of films, to be used alone: float32 (d,). A dislike counts −1/2."""
        vectors, _ = self.history_vectors([*liked, *disliked], len(liked) or len(disliked))
        weights = np.repeat([1.0, DISLIKED_WEIGHT], [len(liked), len(disliked)])
        vector: np.ndarray = (weights @ vectors).astype(np.float32)
        return vector

    def history_scale(self, n: int) -> float:
        """√N / n: what a sum over the n films that a user likes is multiplied by."""
        return math.sqrt(self.mean_likes) / max(n, 1)

    def check(self, movie_ids: np.ndarray, n_features: int) -> None:
        """Raise CineMatchError unless these are the embeddings of the films `movie_ids` with so many features."""
        if not np.array_equal(self.movie_ids, movie_ids) or len(self.feature_embeddings) != n_features:
            raise CineMatchError(
                f"{EMBEDDINGS} is of {len(self):,} films with {len(self.feature_embeddings):,} features, and the run "
                f"has {len(movie_ids):,} with {n_features:,}, or others; train anew (cinematch run --from train)"
            )

    def write(self, to: BinaryIO) -> None:
        """Write as uncompressed npz, which loads fast; the same embeddings give the same bytes."""
        held = {name: kind for name, kind in _DTYPES.items() if getattr(self, name) is not None}
        arrays = {name: np.ascontiguousarray(getattr(self, name), kind) for name, kind in held.items()}
        write_arrays(to, {"mean_likes": np.array([self.mean_likes], dtype=np.float64), **arrays})

    @classmethod
    def read(cls, content: Content) -> "Embeddings":
        """From the content of a file that `write` wrote, never a pickle. Raises CineMatchError for any other file."""
        try:
            file = read_arrays(content)
            arrays = {name: file[name] for name in _DTYPES if name in file or name not in _OPTIONAL}
            mean_likes = float(file["mean_likes"].item())
            for name, kind in _DTYPES.items():
                if name in arrays and arrays[name].dtype != kind:
                    raise ValueError(f"{name} is {arrays[name].dtype}")
            return cls(mean_likes=mean_likes, **arrays)
        except (*UNREADABLE, CineMatchError) as error:
            raise CineMatchError(f"it holds no embeddings ({error})") from None


_OPTIONAL = ("history_maps", "correction_maps")
_DTYPES = {field.name: np.float32 for field in fields(Embeddings) if "embedding" in field.name or "corr" in field.name}
_DTYPES |= {"movie_ids": np.int64, "periods": np.int32, "period_names": np.int64}  # type: ignore[dict-item]
_DTYPES |= dict.fromkeys(_OPTIONAL, np.float32)


def embed(features: sparse.csr_matrix, periods: np.ndarray, block: np.ndarray | None, d: int) -> np.ndarray:
    """Sums over the features of films, and their periods: float32 (films, d); zeros without a `block`.

    `block` is (features + periods, d): the vector of each feature, then that of each period.
    """
    if block is None:
        return np.zeros((features.shape[0], d), dtype=np.float32)
    n_features = features.shape[1]
    return np.asarray(features @ block[:n_features] + block[n_features:][periods], dtype=np.float32)


def similarity_weight(n: int) -> float:
    """c_n: the weight of the similarity of features for a user who likes `n` films."""
    return SIMILARITY * n / (n + _HALF)


def periods_of(years: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The period of each year, int64 (films,), and the first years of the periods; 0 for unknown years, NaN.

    >>> periods_of(np.array([1995.0, np.nan, 1999.0, 2001.0]))
    (array([1, 0, 1, 2]), [0, 1995, 2000])
    """
    first = np.nan_to_num(years // PERIOD_YEARS * PERIOD_YEARS, nan=UNKNOWN_PERIOD).astype(np.int64)
    names, numbers = np.unique(first, return_inverse=True)
    return numbers.astype(np.int64), names.tolist()
