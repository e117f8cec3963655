"""What the score of a recommended film adds up to, addend by addend.

The values of a film's reasons add up to its score. Shares are of what speaks for the film, so the shares of
the reasons above zero add up to one; what speaks against it has a share below zero.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.films import Movie


class Feature(NamedTuple):
    """A feature that two films share: its field, its name in words, and what it adds to the score."""

    field: str
    name: str
    value: float


class Reason:
    """One addend of a score.

    `kind` is ``rated_with_liked`` or ``rated_with_disliked`` (what other people's ratings of `movie`, which the
    person likes or dislikes, and of this film say), ``liked`` or ``disliked`` (likeness to `movie`), ``genres``
    (the preferred ones it has), ``popular`` (how many people like the film), ``general`` (how well they like it) or
    ``variety`` (likeness to `movie`, recommended before it). One film may be the `movie` of a reason through ratings
    and of one by likeness. `features` are what the film shares with `movie`, or the preferred genres that it has, the
    strongest first, or how many people like it; they add up to `value`. Reasons through ratings have none.
    """

    __slots__ = ("_features", "kind", "movie", "share", "value")

    def __init__(
        self,
        kind: str,
        value: float,
        share: float,
        movie: Movie | None = None,
        features: tuple[Feature, ...] | Callable[[], tuple[Feature, ...]] = (),
    ) -> None:
        self.kind, self.value, self.share, self.movie, self._features = kind, value, share, movie, features

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the film shares with `movie`; worked out when first asked for, since few are shown."""
        if callable(self._features):
            self._features = self._features()
        return self._features

    def _values(self) -> tuple:
        return self.kind, self.value, self.share, self.movie, self.features

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Reason{self._values()!r}"


@dataclass(frozen=True)
class Contributions:
    """The addends of one kind, of all films of a list: `values` is float64 (films, addends), 0 where there is none.

    `movie` and `features` say of one, by the places of the film and of the addend, what it is told of: the lists are
    read by their words, which name a few of them, so that nothing is made of the others.
    """

    kind: str
    values: np.ndarray
    movie: Callable[[int, int], Movie | None] = lambda film, addend: None
    features: Callable[[int, int], tuple[Feature, ...]] | None = None  # where they have none


def positive_totals(addends: Sequence[Contributions]) -> np.ndarray:
    """What shares are parts of, by film: all that speaks for it; where nothing does, all that speaks against it."""
    values = np.concatenate([one.values for one in addends], axis=1)
    in_favour = np.maximum(values, 0).sum(axis=1)
    if in_favour.all():
        return in_favour
    against = -values.sum(axis=1)
    return np.where(in_favour > 0, in_favour, np.where(against > 0, against, 1.0))


def reasons(addends: Sequence[Contributions], film: int, whole: float) -> tuple[Reason, ...]:
    """The addends of the score of the film in this place of the list, the weightiest first; those of zero left out.

    `whole` is what shares are parts of.
    """
    found = [
        Reason(of.kind, value, value / whole, of.movie(film, at), partial(of.features, film, at) if of.features else ())
        for of in addends
        for at, value in enumerate(of.values[film].tolist())
        if value
    ]
    return tuple(sorted(found, key=lambda reason: -abs(reason.value)))
