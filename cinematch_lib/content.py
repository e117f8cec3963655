"""Likeness of films by their features: scores, and the features that made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from cinematch_lib.explanation import Feature

_DISLIKED = -0.5  # what a disliked film counts, where a liked one counts 1
_UNKNOWN = "__unknown"
_IN_WORDS = {
    "overview": "“{}” in its story",
    "director": "director {}",
    "year": "its time",
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


class Content:
    """Scores films by the cosine of their features with a profile.

    `matrix` is CSR float32 (films, features) with rows of length one; `names` the features' names,
    ``field__term``. The columns ``field__unknown`` never count: that two films are unknown is no likeness.
    """

    def __init__(self, matrix: sparse.csr_matrix, names: Sequence[str]) -> None:
        self._by_film = matrix
        self._by_feature = matrix.tocsc()
        self._words = [_in_words(name) for name in names]
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
        return Profile(vector, (*liked, *disliked), tuple(weights))

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

    def shared(self, profile: Profile, row: int, scale: float) -> list[tuple[float, tuple[Feature, ...]]]:
        """For each anchor of the profile: `scale` times what it adds to the film's score, and by which features.

        Features are in words, the strongest first; cosine and sine of a number are one feature.
        """
        of_film = self._known(row)
        return [
            self._common(of_film, self._known(anchor), weight * scale)
            for anchor, weight in zip(profile.anchors, profile.weights, strict=True)
        ]

    def strongest(self, row: int, k: int) -> tuple[Feature, ...]:
        """The film's `k` strongest features; values are squared, so that those of all features add up to 1."""
        squares: dict[tuple[str, str], float] = {}
        for column, value in self._known(row).items():
            name = self._words[column]
            squares[name] = squares.get(name, 0.0) + value * value
        features = [Feature(field, name, value) for (field, name), value in squares.items()]
        return tuple(sorted(features, key=lambda feature: (-feature.value, feature.name))[:k])

    def _read_known(self, row: int) -> dict[int, float]:
        columns, values = self._row(row)
        return {
            column: value
            for column, value in zip(columns.tolist(), values.tolist(), strict=True)
            if not self._unknown_at[column]
        }

    def _common(
        self, of_film: dict[int, float], of_anchor: dict[int, float], weight: float
    ) -> tuple[float, tuple[Feature, ...]]:
        added: dict[tuple[str, str], float] = {}
        for column in of_film.keys() & of_anchor.keys():
            name = self._words[column]
            added[name] = added.get(name, 0.0) + of_film[column] * of_anchor[column] * weight
        features = [Feature(field, name, value) for (field, name), value in added.items()]
        features.sort(key=lambda feature: (-abs(feature.value), feature.name))
        return sum(feature.value for feature in features), tuple(features)


def _in_words(name: str) -> tuple[str, str]:
    field, term = name.split("__", 1)
    return field, _IN_WORDS.get(field, "{}").format(term)
