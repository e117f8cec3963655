"""Cosine similarity of films by their features, and the features that a similarity consists of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any
from weakref import WeakSet

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.embeddings import DISLIKED_WEIGHT
from cinematch_lib.artifacts.sparse_rows import SparseRows, one_array, take_rows
from cinematch_lib.recommender.common_features import CommonFeatures, Owners
from cinematch_lib.recommender.product_bounds import ProductBounds
from cinematch_lib.recommender.reasons import Feature, Label
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.untold_features import untold_features

_COUNTED = 1 << 16  # entries at a time
_BOUNDED = 1 << 22  # entries; fewer are multiplied sooner than the products are bounded
_FEW = 4096  # films; the features of so few are taken out of the matrix together with those of other selections
_SLICING = 4  # the cost of taking a column out of the matrix, relative to multiplying by it
_UNKNOWN = "__unknown"  # ends the name of the column that stands for a field without a value
_LABELS = {
    "title": "“{}” in the title",
    "overview": "“{}” in the story",
    "keywords": "“{}”",
    "tags": "“{}”",
    "director": "director {}",
    "year": "a similar year",
    "runtime": "a similar length",
    "text_vector": "a similar story",
}


@dataclass(frozen=True)
class UserProfile:
    """Liked and disliked films as one vector p = Σ_j w_j x_j over the features x_j of the seed items j.

    Attributes
    ----------
    vector : float32 (features,), p. Zero where there is no seed item, or none has a feature.
    seed_items : rows of the films, the liked ones first.
    weights : w_j of each seed item; equal for all liked ones, such that their sum has length one.
    rows : the features x_j of the seed items.
    length : that of the sum of the liked films, or of the disliked ones where none is liked.

    """

    vector: np.ndarray
    seed_items: tuple[int, ...]
    weights: tuple[float, ...]
    rows: SparseRows = field(repr=False)
    length: float = 1.0


class ContentSimilarity:
    """Scores films by the cosine of their features with a user profile.

    Parameters
    ----------
    matrix : CSR float32 (films, features), rows of length one.
    names : names of the features, ``field__term``. Columns ``field__unknown`` never count, since two films whose
        values are unknown are not similar for that. None where only scores are asked for; then all columns count.

    """

    def __init__(self, matrix: sparse.csr_matrix, names: Sequence[str] | None = None) -> None:
        names = names or ()
        self._by_film = known_features(matrix, names)
        self._column_sizes = _column_sizes(self._by_film)
        self._labels = [_label(name) for name in names]
        # Columns with one label, such as cosine and sine of the year, are one feature: that of the first column.
        first: dict[Label, int] = {}
        self._first_column = [first.setdefault(one, column) for column, one in enumerate(self._labels)]
        self._first_columns = np.array(self._first_column if names else range(matrix.shape[1]), dtype=np.int64)
        self._make_caches()

    @property
    def matrix(self) -> sparse.csr_matrix:
        """CSR float32 (films, features), without the features that stand for unknown values."""
        return self._by_film

    def _make_caches(self) -> None:
        self._rows_of = lru_cache(maxsize=8)(lambda selection: self._by_film[selection.rows])
        self._met: WeakSet[Selection] = WeakSet()  # those whose features are kept when they are asked for again
        self._features = lru_cache(maxsize=4096)(self._read_features)  # popular films are liked again and again

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_rows_of", "_met", "_features")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_caches()

    def profile(self, liked: Sequence[int], disliked: Sequence[int] = ()) -> UserProfile:
        """The profile of liked and disliked films, given by their rows.

        The liked films add up to length one; a disliked film counts −1/2 of a liked one.
        """
        seed_items = (*liked, *disliked)
        rows = take_rows(self._by_film, np.array(seed_items, dtype=np.int64))
        counts = [len(liked), len(disliked)]
        total = self._weighted_sum(rows, np.repeat([1.0, 0.0], counts) if liked and disliked else None)
        length = float(np.sqrt(total @ total)) or 1.0
        weights = np.repeat([1 / length, DISLIKED_WEIGHT / length], counts)
        vector = self._weighted_sum(rows, weights) if disliked else total / np.float32(length)
        return UserProfile(vector, seed_items, tuple(weights.tolist()), rows, length)

    def partial_profile(self, profile: UserProfile, chosen: np.ndarray) -> np.ndarray:
        """The part of the profile's vector that some seed items make up: float32 (features,).

        `chosen` is bool (seed items,).
        """
        return self._weighted_sum(profile.rows, np.where(chosen, profile.weights, 0.0))

    def _weighted_sum(self, rows: SparseRows, weights: np.ndarray | None) -> np.ndarray:
        values = rows.values if weights is None else rows.values * weights.repeat(rows.lengths)
        return np.bincount(rows.columns, values, minlength=self._by_film.shape[1]).astype(np.float32)

    def scores(self, vector: np.ndarray, selection: Selection) -> np.ndarray:
        """Inner products of the selected films with `vector`, float32 (features,): float32 (selected films,).

        A small selection is multiplied row by row, and a large one by the columns that `vector` has, or by all where
        it has most of them. All ways add in the order of the features, so the results agree to the last bit.
        """
        if self._is_small(selection):
            rows = self._rows_of(selection) if selection.recurs else self._by_film[selection.rows]
            scores: np.ndarray = rows @ vector
            return scores
        used = np.flatnonzero(vector)
        if _SLICING * self._column_sizes[used].sum() > self._by_film.nnz:
            return selection.restrict(self._by_film @ vector)
        return selection.restrict(self._by_feature[:, used] @ vector[used])

    def scores_of_people(self, vectors: Sequence[np.ndarray], selections: Sequence[Selection]) -> list[np.ndarray]:
        """The `scores` of several selections, each with a vector of its own."""
        if len(selections) == 1:
            return [self.scores(vectors[0], selections[0])]
        new = [at for at, one in enumerate(selections) if len(one) <= _FEW and one not in self._met]
        found: dict[int, np.ndarray] = {}
        if len(new) > 1:
            together = self._scores_together([vectors[at] for at in new], [selections[at].rows for at in new])
            found.update(zip(new, together, strict=True))
            self._met.update([selections[at] for at in new])
        pairs = zip(vectors, selections, strict=True)
        return [found[at] if at in found else self.scores(*pair) for at, pair in enumerate(pairs)]

    def _scores_together(self, vectors: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> list[np.ndarray]:
        features, width = self._by_film[np.concatenate(rows)], self._by_film.shape[1]
        ends = np.cumsum([len(of_one) for of_one in rows])
        # The columns of each vector follow those of the one before, so that one product serves all.
        for at, (start, end) in enumerate(pairwise([0, *features.indptr[ends].tolist()])):
            features.indices[start:end] += at * width
        parts = features.data, features.indices, features.indptr
        side_by_side = sparse.csr_matrix(parts, (features.shape[0], len(rows) * width))
        return np.split(side_by_side @ np.concatenate(vectors), ends[:-1])

    def is_bounded(self, vector: np.ndarray, selection: Selection) -> bool:
        """Whether the `product_bounds` take less time than `scores`."""
        return self.is_large and not self._is_small(selection) and self.product_bounds.are_cheap(vector)

    @property
    def is_large(self) -> bool:
        """Whether it may take less time to bound the scores of most films than to compute all."""
        return bool(self._by_film.nnz >= _BOUNDED)

    def _is_small(self, selection: Selection) -> bool:
        return len(selection) * 4 < int(self._by_film.shape[0])

    @cached_property
    def _by_feature(self) -> sparse.csc_matrix:
        return self._by_film.tocsc()

    @cached_property
    def product_bounds(self) -> ProductBounds:
        """Those of the `scores`."""
        return ProductBounds(self._by_film, self._column_sizes)

    def pairwise(self, rows: np.ndarray) -> np.ndarray:
        """Cosines of the films in `rows` with each other: float32 (rows, rows)."""
        features = self._by_film[rows]
        products = (features @ features.T).toarray()
        lengths = np.sqrt(np.diagonal(products))
        lengths = np.where(lengths > 0, lengths, 1)
        cosines: np.ndarray = products / lengths / lengths[:, None]
        return cosines

    def common_features(self, profile: UserProfile, rows: np.ndarray) -> CommonFeatures:
        """What the films in `rows`, int64 (n,), have in common with the seed items."""
        return self.common_features_of_people([profile], [rows], [range(len(profile.seed_items))])

    def common_features_of_people(
        self, profiles: Sequence[UserProfile], rows: Sequence[np.ndarray], parts: Sequence[Sequence[int]]
    ) -> CommonFeatures:
        """What the films of several people have in common with the seed items of each.

        `rows` are those of the films in each person's list, int64 (n,), and `parts` the numbers of each person's seed
        items among the parts of the products; those of a single person are numbered from 0.
        """
        seeds = SparseRows(*map(one_array, zip(*[one.rows for one in profiles], strict=True)))
        owners = None
        if len(profiles) > 1:
            of_film, of_seed = (np.arange(len(of)).repeat([len(one) for one in of]) for of in (rows, parts))
            owners = Owners(of_film, of_seed, np.array([part for of_one in parts for part in of_one]))
        return CommonFeatures(take_rows(self._by_film, one_array(rows)), seeds, self._first_columns, owners)

    def shared_features(self, row: int, other: int, scale: float) -> tuple[Feature, ...]:
        """The features that two films share, each with `scale` times its part of their inner product.

        The features that add most to the sum come first.
        """
        of_film, of_other, first_column = self._features(row), self._features(other), self._first_column
        values: dict[int, float] = {}
        for column in sorted(of_film.keys() & of_other.keys()):
            first = first_column[column]
            values[first] = values.get(first, 0.0) + of_film[column] * of_other[column] * scale
        return self._sorted_features(values)

    def labels(self, columns: Iterable[int]) -> list[Label]:
        """The features of some columns in words."""
        return [self._labels[column] for column in columns]

    @cached_property
    def untold(self) -> frozenset[Label]:
        """The features that explanations do not name; see `untold_features`."""
        return untold_features(self._by_film, self._labels, self._column_sizes) if self._labels else frozenset()

    def weighted_features(self, row: int, embeddings: np.ndarray, vector: np.ndarray) -> list[Feature]:
        """The features of a film, each with its value times the inner product of its embedding with `vector`.

        `embeddings` is float (features, d), and `vector` float (d,).
        """
        features = self._features(row)
        weights = (embeddings[list(features)] @ vector).tolist()
        values: dict[int, float] = {}
        for (column, value), weight in zip(features.items(), weights, strict=True):
            first = self._first_column[column]
            values[first] = values.get(first, 0.0) + value * weight
        return [Feature(*self._labels[column], value) for column, value in values.items()]

    def strongest_features(self, row: int, k: int) -> tuple[Feature, ...]:
        """The film's `k` strongest features with the squares of their values, scaled such that all add up to one."""
        squares: dict[int, float] = {}
        for column, value in self._features(row).items():
            first = self._first_column[column]
            squares[first] = squares.get(first, 0.0) + value * value
        total = sum(squares.values()) or 1.0
        return self._sorted_features({column: square / total for column, square in squares.items()})[:k]

    def _read_features(self, row: int) -> dict[int, float]:
        _, columns, values = take_rows(self._by_film, np.array([row]))
        return dict(zip(columns.tolist(), values.tolist(), strict=True))

    def _sorted_features(self, values: Mapping[int, float]) -> tuple[Feature, ...]:
        """Features by column: those that add most to the sum of `values` first, ties by column."""
        labels = self._labels
        ordered = sorted(values, key=values.__getitem__, reverse=sum(values.values()) >= 0)
        return tuple([Feature(*labels[column], values[column]) for column in ordered])


def known_features(matrix: sparse.csr_matrix, names: Sequence[str]) -> sparse.csr_matrix:
    """A copy of features, (films, features), with sorted indices and without those that stand for unknown values."""
    unknown = np.zeros(matrix.shape[1], dtype=bool)
    unknown[: len(names)] = [name.endswith(_UNKNOWN) for name in names]
    (kept,) = (~unknown.take(matrix.indices) & (matrix.data != 0)).nonzero()
    parts = matrix.data.take(kept), matrix.indices.take(kept), kept.searchsorted(matrix.indptr)
    known = sparse.csr_matrix(parts, matrix.shape)
    known.sort_indices()
    return known


def _column_sizes(matrix: sparse.csr_matrix) -> np.ndarray:
    """The number of entries of each column: int64 (columns,)."""
    sizes = np.zeros(matrix.shape[1], dtype=np.int64)
    for start in range(0, matrix.nnz, _COUNTED):  # a copy of all indices as int64, which numpy makes, takes longer
        sizes += np.bincount(matrix.indices[start : start + _COUNTED], minlength=matrix.shape[1])
    return sizes


def _label(name: str) -> Label:
    """The field of a feature, and its name as people read it."""
    field_name, term = name.split("__", 1)
    return Label(field_name, _LABELS.get(field_name, "{}").format(term))
