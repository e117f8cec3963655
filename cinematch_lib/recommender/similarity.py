"""Likeness of films by their features: scores, and the features that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.sparse_rows import Entries, entries, products
from cinematch_lib.recommender.films import Selection
from cinematch_lib.recommender.reasons import Feature

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

    `anchors` are the films' rows, `known` what is known of them, and `weights` what each film's features were
    multiplied by; the vector is the sum. All zero where there is no film or nothing is known of any.
    """

    vector: np.ndarray
    anchors: tuple[int, ...]
    weights: tuple[float, ...]
    known: Entries = field(repr=False)


class Content:
    """Scores films by the cosine of their features with a profile.

    `matrix` is CSR float32 (films, features) with rows of length one; `names` the features' names,
    ``field__term``. The columns ``field__unknown`` never count: that two films are unknown is no likeness.
    """

    def __init__(self, matrix: sparse.csr_matrix, names: Sequence[str]) -> None:
        self._by_film = matrix.sorted_indices()  # a copy
        self._by_film.data[_unknown(names)[self._by_film.indices]] = 0
        self._by_film.eliminate_zeros()
        self._by_feature = self._by_film.tocsc()
        self._words = [_in_words(name) for name in names]
        first: dict[tuple[str, str], int] = {}
        self._one_of = [first.setdefault(words, column) for column, words in enumerate(self._words)]
        self._taken = lru_cache(maxsize=8)(lambda films: self._by_film[films.rows])
        self._known = lru_cache(maxsize=4096)(self._read_known)  # the same films are liked again and again

    def profile(self, liked: Sequence[int], disliked: Sequence[int]) -> Profile:
        """The profile of films given by their rows: liked ones at length one, less half of disliked ones."""
        anchors = (*liked, *disliked)
        known = entries(self._by_film, np.array(anchors, dtype=np.int64))
        plain = np.repeat([1.0, 0.0] if liked else [0.0, 1.0], [len(liked), len(disliked)])
        ones = self._sum(known, plain)
        length = float(np.sqrt(ones @ ones)) or 1.0
        weights = np.repeat([1 / length, _DISLIKED / length], [len(liked), len(disliked)])
        vector = self._sum(known, weights) if disliked else ones / np.float32(length)
        return Profile(vector, anchors, tuple(weights.tolist()), known)

    def part(self, profile: Profile, chosen: np.ndarray) -> np.ndarray:
        """What some anchors, bool (anchors,), add to the profile's vector: float32 (features,)."""
        return self._sum(profile.known, np.where(chosen, profile.weights, 0.0))

    def _sum(self, known: Entries, weights: np.ndarray) -> np.ndarray:
        values = known.values * np.repeat(weights, known.lengths)
        return np.bincount(known.columns, values, minlength=self._by_film.shape[1]).astype(np.float32)

    def scores(self, vector: np.ndarray, films: Selection) -> np.ndarray:
        """The products of some films with `vector`: float32 (films,).

        Few films are read row by row, many by the columns that `vector` has. Both add in the order of the
        features, so they agree to the last bit.
        """
        if len(films) * 4 < self._by_film.shape[0]:
            return self._taken(films) @ vector
        used = np.flatnonzero(vector)
        return (self._by_feature[:, used] @ vector[used])[films.rows]

    def likeness(self, rows: np.ndarray) -> np.ndarray:
        """The cosines of the films in `rows` with one another, by what is known of them: (rows, rows)."""
        known = self._by_film[rows]
        product = (known @ known.T).toarray()
        lengths = np.sqrt(np.diagonal(product))
        lengths = np.where(lengths > 0, lengths, 1)
        return product / lengths / lengths[:, None]

    def added(self, profile: Profile, rows: np.ndarray) -> np.ndarray:
        """What each anchor of the profile adds to the products of the films in `rows`: float64 (rows, anchors)."""
        films = entries(self._by_film, rows)
        return products(films, profile.known, self._by_film.shape[1]) * np.array(profile.weights)

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
        of = entries(self._by_film, np.array([row]))
        return dict(zip(of.columns.tolist(), of.values.tolist(), strict=True))

    def _summed(self, values: Mapping[int, float]) -> tuple[Feature, ...]:
        """The features of values by column: what adds most to their sum first, equal ones by column."""
        words = self._words
        ordered = sorted(values, key=values.get, reverse=sum(values.values()) >= 0)
        return tuple([Feature(*words[column], values[column]) for column in ordered])


def _unknown(names: Sequence[str]) -> np.ndarray:
    """Which features stand for a field that says nothing, bool (features,)."""
    return np.array([name.endswith(_UNKNOWN) for name in names], dtype=bool)


def _in_words(name: str) -> tuple[str, str]:
    field, term = name.split("__", 1)
    return field, _IN_WORDS.get(field, "{}").format(term)
