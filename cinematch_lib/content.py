"""Likeness of films by their features: scores, and the features that made them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse

from cinematch_lib.explanation import Feature

_DISLIKED = -0.5  # what a disliked film counts, where a liked one counts 1
_UNKNOWN = "__unknown"
_IN_WORDS = {
    "title": "“{}” in the title",
    "overview": "“{}” in the story",
    "keywords": "“{}”",
    "tags": "“{}”",
    "director": "director {}",
    "year": "the time it was made",
    "runtime": "its length",
}


@dataclass(frozen=True)
class Profile:
    """Liked and disliked films as one vector over the features, float32 (features,).

    `anchors` are the films' rows and `weights` what each film's features were multiplied by; the vector is the
    sum. All zero where there is no film or nothing is known of any.
    """

    vector: np.ndarray
    anchors: tuple[int, ...]
    weights: tuple[float, ...]
    _known: Callable[[int], Mapping[int, float]] = field(repr=False, compare=False)

    def part(self, chosen: Sequence[bool]) -> np.ndarray:
        """What the chosen anchors add to the vector: float32 (features,)."""
        vector = np.zeros_like(self.vector)
        for anchor, weight, one in zip(self.anchors, self.weights, chosen, strict=True):
            if one:
                known = self._known(anchor)
                vector[list(known)] += np.fromiter(known.values(), np.float32, len(known)) * np.float32(weight)
        return vector

    @cached_property
    def by_feature(self) -> tuple[np.ndarray, np.ndarray]:
        """What each anchor adds to each feature of the vector: float64 (features that any has, anchors).

        Before it, in which row each feature is: int32 (features,), -1 for those that no anchor has.
        """
        known = [self._known(anchor) for anchor in self.anchors]
        columns = list(dict.fromkeys(column for one in known for column in one))
        place = np.full(len(self.vector), -1, dtype=np.int32)
        place[columns] = np.arange(len(columns), dtype=np.int32)
        table = np.zeros((len(columns), len(known)))
        for at, (one, weight) in enumerate(zip(known, self.weights, strict=True)):
            table[place[list(one)], at] = np.fromiter(one.values(), np.float64, len(one)) * weight
        return place, table


class Content:
    """Scores films by the cosine of their features with a profile.

    `matrix` is CSR float32 (films, features) with rows of length one; `names` the features' names,
    ``field__term``. The columns ``field__unknown`` never count: that two films are unknown is no likeness.
    """

    def __init__(self, matrix: sparse.csr_matrix, names: Sequence[str]) -> None:
        self._by_film = matrix if matrix.has_sorted_indices else matrix.sorted_indices()
        self._by_feature = self._by_film.tocsc()
        self._words = [_in_words(name) for name in names]
        first: dict[tuple[str, str], int] = {}
        self._one_of = [first.setdefault(words, column) for column, words in enumerate(self._words)]
        self._unknown_at = [name.endswith(_UNKNOWN) for name in names]
        self._unknown = np.asarray(self._unknown_at, dtype=bool)
        self._known = lru_cache(maxsize=4096)(self._read_known)  # the same films are liked again and again

    def profile(self, liked: Sequence[int], disliked: Sequence[int]) -> Profile:
        """The profile of films given by their rows: liked ones at length one, less half of disliked ones."""
        length = float(np.linalg.norm(self._sum(liked or disliked))) or 1.0
        vector = self._sum(liked) / np.float32(length)
        if disliked:
            vector += self._sum(disliked) * np.float32(_DISLIKED / length)
        weights = [1 / length] * len(liked) + [_DISLIKED / length] * len(disliked)
        return Profile(vector, (*liked, *disliked), tuple(weights), self._known)

    def _sum(self, rows: Sequence[int]) -> np.ndarray:
        total = np.zeros(self._by_film.shape[1], dtype=np.float32)
        for row in rows:
            columns, values = self._row(row)
            total[columns] += values
        total[self._unknown] = 0
        return total

    def _row(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        matrix = self._by_film
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        return matrix.indices[span], matrix.data[span]

    def scores(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The products of the films in `rows`, ascending, with `vector`: float32 (rows,).

        Few films are read row by row, many by the columns that `vector` has. Both add in the order of the
        features, so they agree to the last bit.
        """
        if len(rows) * 4 < self._by_film.shape[0]:
            return self._by_film[rows] @ vector
        used = np.flatnonzero(vector)
        return (self._by_feature[:, used] @ vector[used])[rows]

    def likeness(self, rows: np.ndarray) -> np.ndarray:
        """The cosines of the films in `rows` with one another, by what is known of them: (rows, rows)."""
        known = self._by_film[rows]
        known.data[self._unknown[known.indices]] = 0
        products = (known @ known.T).toarray()
        lengths = np.sqrt(np.diagonal(products))
        lengths = np.where(lengths > 0, lengths, 1)
        return products / lengths / lengths[:, None]

    def added(self, profile: Profile, rows: np.ndarray) -> np.ndarray:
        """What each anchor of the profile adds to the products of the films in `rows`: float64 (rows, anchors)."""
        place, table = profile.by_feature
        films = self._by_film[rows]
        places = place[films.indices]
        values = np.where(places >= 0, films.data, 0)
        shape = (len(rows), max(len(table), 1))
        known = sparse.csr_matrix((values, np.maximum(places, 0), films.indptr), shape=shape)
        return known @ (table if len(table) else np.zeros((1, len(profile.anchors))))

    def shared(self, row: int, other: int, scale: float) -> tuple[Feature, ...]:
        """The features that two films share, with `scale` times what each adds to their product.

        They are in words, those that add most to the whole first; cosine and sine of a number are one feature.
        """
        of_other, one_of = self._known(other), self._one_of
        values: dict[int, float] = {}
        for column, value in self._known(row).items():
            if column in of_other:
                name = one_of[column]
                values[name] = values.get(name, 0.0) + value * of_other[column] * scale
        return self._summed(values)

    def strongest(self, row: int, k: int) -> tuple[Feature, ...]:
        """The film's `k` strongest features; values are squared, so that those of all features add up to 1."""
        squares: dict[int, float] = {}
        for column, value in self._known(row).items():
            name = self._one_of[column]
            squares[name] = squares.get(name, 0.0) + value * value
        whole = sum(squares.values()) or 1.0
        return self._summed({name: square / whole for name, square in squares.items()})[:k]

    def _read_known(self, row: int) -> dict[int, float]:
        columns, values = self._row(row)
        return {
            column: value
            for column, value in zip(columns.tolist(), values.tolist(), strict=True)
            if not self._unknown_at[column]
        }

    def _summed(self, values: Mapping[int, float]) -> tuple[Feature, ...]:
        """The features of values by column: what adds most to their sum first, equal ones by column."""
        words = self._words
        ordered = sorted(values, key=values.get, reverse=sum(values.values()) >= 0)
        return tuple([Feature(*words[column], values[column]) for column in ordered])


def _in_words(name: str) -> tuple[str, str]:
    field, term = name.split("__", 1)
    return field, _IN_WORDS.get(field, "{}").format(term)
