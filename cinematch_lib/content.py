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
    def by_feature(self) -> dict[int, list[tuple[int, float]]]:
        """For each feature, by column: which anchors have it (positions in `anchors`) and how much of it they add."""
        found: dict[int, list[tuple[int, float]]] = {}
        for at, (anchor, weight) in enumerate(zip(self.anchors, self.weights, strict=True)):
            for column, value in self._known(anchor).items():
                found.setdefault(column, []).append((at, value * weight))
        return found


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

    def shared(self, profile: Profile, row: int, scales: Sequence[float]) -> list[tuple[float, tuple[Feature, ...]]]:
        """For each anchor of the profile: its scale times what it adds to the film's score, and by which features.

        Features are in words, those that add most to the whole first; cosine and sine of a number are one feature.
        """
        added: list[dict[int, float]] = [{} for _ in profile.anchors]
        by_feature = profile.by_feature
        for column, value in self._known(row).items():
            if column in by_feature:
                name = self._one_of[column]
                for at, of_anchor in by_feature[column]:
                    of = added[at]
                    of[name] = of.get(name, 0.0) + value * of_anchor * scales[at]
        return [self._summed(values) for values in added]

    def strongest(self, row: int, k: int) -> tuple[Feature, ...]:
        """The film's `k` strongest features; values are squared, so that those of all features add up to 1."""
        squares: dict[int, float] = {}
        for column, value in self._known(row).items():
            name = self._one_of[column]
            squares[name] = squares.get(name, 0.0) + value * value
        whole = sum(squares.values()) or 1.0
        return self._summed({name: square / whole for name, square in squares.items()})[1][:k]

    def _read_known(self, row: int) -> dict[int, float]:
        columns, values = self._row(row)
        return {
            column: value
            for column, value in zip(columns.tolist(), values.tolist(), strict=True)
            if not self._unknown_at[column]
        }

    def _summed(self, values: Mapping[int, float]) -> tuple[float, tuple[Feature, ...]]:
        """The sum of values by column, and the features: what adds most to it first, equal ones by column."""
        whole, words = sum(values.values()), self._words
        ordered = sorted(values, key=values.get, reverse=whole >= 0)
        return whole, tuple([Feature(*words[column], values[column]) for column in ordered])


def _in_words(name: str) -> tuple[str, str]:
    field, term = name.split("__", 1)
    return field, _IN_WORDS.get(field, "{}").format(term)
