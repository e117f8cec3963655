"""The reasons for a recommendation: the contributions that its score is the sum of.

Shares are relative to the sum of the positive contributions, so the positive shares of a film add up to one, and what
lowers the score has a negative share.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from cinematch_lib.recommender.films import Movie


class Feature(NamedTuple):
    """A feature that two films share: its field, its name in words, and what it adds to the score."""

    field: str
    name: str
    value: float


class Label(NamedTuple):
    """A feature without a value: its field, and its name in words."""

    field: str
    name: str


class Reason:
    """One contribution to a score.

    Attributes
    ----------
    kind : ``rated_with_liked``, ``rated_with_watched`` or ``rated_with_disliked``, the weight that ratings give to
        `movie`, which the person likes, has watched without liking or disliking it, or dislikes; ``liked`` or
        ``disliked``, the similarity of the features to `movie`; ``taste``, how often people who like `movie` like films
        with the features of the film, for films with few ratings, and ``expected_similarity``, the similarity to
        `movie` that such films have anyway, subtracted; ``genres``, the preferred genres; ``popularity``, the
        number of people who like the film; ``quality``, its average rating; ``recency``, its year of release;
        ``unrated``, that nobody has rated it, where a share of the list is for such films; ``in_common``, a director
        or genre that several liked films share, where places are for such films (see `shared_traits`); ``series``, that
        it is of the series of `movie`, the only liked film; ``diversity``, the similarity to `movie`, which is higher
        in the list. A film may be the `movie` of one reason by ratings and of another by similarity.
    value : what it adds to the score.
    share : `value` divided by the sum of the positive contributions.
    movie : the film that the reason refers to, or None.
    features : the shared features, the preferred genres, the number of people (where it lowers the score, that of the
        most popular film too, with the value 0), or the year; they add up to `value`. Empty for reasons by
        ratings. Computed on first access, since few are shown.

    """

    __slots__ = ("_features", "_untold", "kind", "movie", "share", "value")

    def __init__(
        self,
        kind: str,
        value: float,
        share: float,
        movie: Movie | None = None,
        features: tuple[Feature, ...] | Callable[[], tuple[Feature, ...]] = (),
        untold: frozenset[Label] = frozenset(),
    ) -> None:
        self.kind, self.value, self.share, self.movie, self._features = kind, value, share, movie, features
        self._untold = untold

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features that the contribution consists of, those with most of it first."""
        if callable(self._features):
            self._features = self._features()
        return self._features

    @property
    def told_features(self) -> tuple[Feature, ...]:
        """Those of `features` that are worth showing to people: without common words and personal tags."""
        return tuple([one for one in self.features if Label(one.field, one.name) not in self._untold])

    def to_dict(self) -> dict[str, Any]:
        """The attributes as values that JSON takes; `movie` as its id and label."""
        movie = None if self.movie is None else {"movie_id": self.movie.movie_id, "label": self.movie.label}
        features = [one._asdict() for one in self.features]
        return {"kind": self.kind, "value": self.value, "share": self.share, "movie": movie, "features": features}

    def _key(self) -> tuple[str, float, float, Movie | None, tuple[Feature, ...]]:
        return self.kind, self.value, self.share, self.movie, self.features

    def __reduce__(self) -> tuple[type["Reason"], tuple[Any, ...]]:
        labels = {Label(one.field, one.name) for one in self.features}
        return Reason, (*self._key(), self._untold & labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        of = f" of {self.movie.label}" if self.movie else ""
        return f"Reason({self.kind}{of}: {self.value:+.4f}, {self.share:+.0%})"


class Contributions(NamedTuple):
    """The contributions of one kind to the scores of several films.

    Attributes
    ----------
    kind : as in `Reason`.
    values : float64 (films, parts), one column for each liked film, or a single one; 0 where there is none.
    movie : the film that part `part` of film number `film` refers to.
    features : the features of that part; None for kinds without features.
    stars : the rating that the person gave to the film that part `part` refers to, or None; None where no film has one.
    largest : of several films, and a part of each, the features that add at least a share `least` of that part, those
        that add most first; None to find them among `features`.
    factors : float64 (films,), what the values of `features` are to be multiplied by; None for one.
    untold : features that are not named to people.

    Films and features are looked up only for the few parts that are shown.

    """

    kind: str
    values: np.ndarray
    movie: Callable[[int, int], Movie | None] = lambda film, part: None
    features: Callable[[int, int], tuple[Feature, ...]] | None = None
    stars: Callable[[int, int], float | None] | None = None
    largest: Callable[[Sequence[int], Sequence[int], float], list[list[Label]]] | None = None
    factors: np.ndarray | None = None
    untold: frozenset[Label] = frozenset()

    def scaled(self, factors: np.ndarray) -> "Contributions":
        """The same contributions, those to each film times its factor, float64 (films,)."""
        values, before = self.values * factors[:, None], self.factors
        factors = factors if before is None else before * factors
        return self._replace(values=values, factors=factors)

    def scaled_features(self, film: int, part: int) -> tuple[Feature, ...]:
        """The features of a part, times the factor of the film; empty for kinds without features."""
        found = self.features(film, part) if self.features else ()
        if self.factors is None:
            return found
        factor = float(self.factors[film])
        return tuple([Feature(one.field, one.name, factor * one.value) for one in found])


def joined(lists: Sequence[Contributions]) -> Contributions:
    """The contributions of one kind to the films of several lists, as if these were one list.

    The parts of each list are numbered from 0. None of the lists may have `largest` or `factors`.
    """
    if len(lists) == 1:
        return lists[0]
    lengths = [len(one.values) for one in lists]
    values = np.zeros((sum(lengths), max(one.values.shape[1] for one in lists)))
    places: list[tuple[Contributions, int]] = []
    for one, length in zip(lists, lengths, strict=True):
        values[len(places) : len(places) + length, : one.values.shape[1]] = one.values
        places += [(one, film) for film in range(length)]

    def movie(film: int, part: int) -> Movie | None:
        of_list, at = places[film]
        return of_list.movie(at, part)

    def features(film: int, part: int) -> tuple[Feature, ...]:
        of_list, at = places[film]
        return of_list.features(at, part) if of_list.features else ()

    def stars(film: int, part: int) -> float | None:
        of_list, at = places[film]
        return of_list.stars(at, part) if of_list.stars else None

    has_features, has_stars = any(one.features for one in lists), any(one.stars for one in lists)
    kind, found = lists[0].kind, (features if has_features else None, stars if has_stars else None)
    return Contributions(kind, values, movie, *found, untold=lists[0].untold)


def positive_totals(contributions: Sequence[Contributions]) -> np.ndarray:
    """The denominator of the shares of each film: float64 (films,), above 0.

    The sum of the positive contributions; where there is none, the absolute sum of the negative ones.
    """
    nothing = np.zeros((1, len(contributions[0].values)))
    values = np.concatenate([nothing, *[one.values.T for one in contributions]])
    positive = sum_of_parts(np.maximum(values, 0))
    if positive.all():
        return positive
    negative = -sum_of_parts(values)
    return np.where(positive > 0, positive, np.where(negative > 0, negative, 1.0))


def sum_of_parts(values: np.ndarray) -> np.ndarray:
    """The sum over the first axis, of one or more parts, in their order.

    Parts of 0, which other lists bring along, do not change how it is rounded, as they do in numpy's own sum.
    """
    total: np.ndarray = np.add.accumulate(values)[-1]
    return total


def reasons(
    contributions: Sequence[Contributions], film: int, total: float, k: int | None = None
) -> tuple[Reason, ...]:
    """The non-zero contributions to the score of film number `film`, by falling absolute value; the `k` first of them.

    `total` is the film's denominator of shares, see `positive_totals`.
    """
    values = np.concatenate([one.values[film] for one in contributions])
    kinds = np.repeat(np.arange(len(contributions)), [one.values.shape[1] for one in contributions])
    parts = np.concatenate([np.arange(one.values.shape[1]) for one in contributions])
    (nonzero,) = values.nonzero()
    order = nonzero[np.argsort(-np.abs(values[nonzero]), kind="stable")][:k]
    found = zip(values[order].tolist(), kinds[order].tolist(), parts[order].tolist(), strict=True)
    return tuple([_reason(contributions[kind], film, part, value, value / total) for value, kind, part in found])


def _reason(of: Contributions, film: int, part: int, value: float, share: float) -> Reason:
    features = partial(of.scaled_features, film, part) if of.features else ()
    return Reason(of.kind, value, share, of.movie(film, part), features, of.untold)
