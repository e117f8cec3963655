"""The term of films that have places of the list: the least bonus by which they have them."""

import math
from collections.abc import Hashable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.reasons import Contributions, Feature, Label
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term

FIRST = 10  # places of a list, of which some are for films that have something in common with the liked ones
_OTHER_LIKES = 4.0  # as many likes speak for the share that what they have in common has of all likes
_MAX_CHANCE = 5e-4  # of so many likes that have it, for them to be no coincidence


class Places(NamedTuple):
    """Some films have at least `n` of the first `first` places of a list, or all that there are.

    Attributes
    ----------
    kind : of the reason; see `reasons.Reason`.
    films : bool (films,), True for these films.
    n, first : numbers of places.
    label : what the films have in common; None where the `kind` says it.
    movie : the film that the reason refers to, or None.

    """

    kind: str
    films: np.ndarray
    n: int
    first: int
    label: Label | None = None
    movie: Movie | None = None


def unrated_places(films: np.ndarray, share: float, k: int) -> Places:
    """The places of a list of `k` of which unrated films, bool (films,), are to have at least a `share`."""
    return Places("unrated", films, math.ceil(share * k - 1e-9), k)


class PlacesTerm(Term):
    """What the films of some `places` gain: `bonus`."""

    def __init__(self, places: Places, bonus: float) -> None:
        self._places, self._bonus = places, bonus

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return np.float32(self._bonus) * selection.restrict(self._places.films)

    @property
    def batch_key(self) -> Hashable:
        """Equal for terms of one kind."""
        return PlacesTerm, self._places.kind

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part, whose feature is what they have in common."""
        label, movie, bonus = self._places.label, self._places.movie, self._bonus
        features = () if label is None else (Feature(*label, bonus),)
        values = bonus * self._places.films[rows].astype(np.float64)[:, None]
        return [Contributions(self._places.kind, values, lambda film, part: movie, lambda film, part: features)]


def places_terms(places: Sequence[Places], selection: Selection, scores: np.ndarray) -> list[PlacesTerm]:
    """The terms by which films have these places, without those that would add nothing.

    `scores`, float (selected films,), are without the terms, −∞ for excluded films. No film takes a place away from the
    films of another kind, so long as there are enough for all.
    """
    places = [one for one in places if one.n]
    chosen = [selection.restrict(one.films) for one in places]
    bonuses, rounds = [0.0] * len(places), range(1 + len(places) if len(places) > 1 else 1)
    for _, at in product(rounds, range(len(places))):
        raised = scores
        for bonus, films in zip(bonuses, chosen, strict=True):
            raised = raised + np.float32(bonus) * films
        is_held = np.zeros(len(scores), dtype=bool)  # a place of another kind
        for one, films in zip(places, chosen, strict=True):
            if one is not places[at]:
                is_held[top_k(np.where(films, raised, -np.inf), one.n)] = True
        is_held &= ~chosen[at]
        n, first = places[at].n, max(places[at].first - int(is_held.sum()), places[at].n)
        bonuses[at] += least_bonus(np.where(is_held, -np.inf, raised), chosen[at], n, first)
    return [PlacesTerm(one, bonus) for one, bonus in zip(places, bonuses, strict=True) if bonus]


def expected_places(m: int, n: int, share: float) -> tuple[float, int]:
    """How many of the first ten places are for films with a trait that `m` of `n` liked films have.

    `share` is that of the trait of all likes, q. The number is

        floor(10 · (m + 4 · q) / (n + 4)),

    the mean of the posterior distribution of the person's share, with a Beta distribution of mean q before that counts
    as much as four likes. It is 0 where m of n likes drawn at random would have the trait with a probability above
    0.0005, by the bound of Chernoff (1952, doi 10.1214/aoms/1177729330) exp(−n · D), with the Kullback-Leibler
    divergence D = m/n · log(m / (n · q)) + (1 − m/n) · log((1 − m/n) / (1 − q)). The bound comes first of what is
    returned.

    >>> [expected_places(m, 2, 0.01)[1] for m in (1, 2)]
    [0, 3]
    """
    chance = _highest_chance(m, n, share)
    return chance, int(FIRST * (m + _OTHER_LIKES * share) / (n + _OTHER_LIKES)) if chance <= _MAX_CHANCE else 0


def _highest_chance(m: int, n: int, share: float) -> float:
    """A bound of the probability that `m` or more of `n` have a trait that each has with the probability `share`.

    >>> round(_highest_chance(2, 2, 0.01), 6), _highest_chance(1, 2, 0.5)
    (0.0001, 1.0)
    """
    part = m / n
    if part <= share:
        return 1.0
    divergence = part * math.log(part / share)
    if m < n:
        divergence += (1 - part) * math.log((1 - part) / (1 - share))
    return math.exp(-n * divergence)


def least_bonus(scores: np.ndarray, is_chosen: np.ndarray, n: int, first: int) -> float:
    """The least bonus by which the chosen films have `n` of the `first` places of a list, or all that there are.

    `scores`, float (films,), are without the bonus, −∞ for excluded films; `is_chosen` is bool (films,). It is 0 where
    the chosen films have these places anyway.

    >>> scores, is_chosen = np.array([9.0, 8.0, 7.0, 5.0, 4.0]), np.array([False, False, False, True, True])
    >>> round(least_bonus(scores, is_chosen, 1, 2), 5), least_bonus(scores, is_chosen, 1, 4)
    (3.0, 0.0)
    """
    chosen = np.where(is_chosen, scores, -np.inf)
    if not n or not (best := top_k(chosen, n)).size:
        return 0.0
    others = np.where(is_chosen, -np.inf, scores)
    ahead = top_k(others, first - len(best) + 1)
    if len(ahead) <= first - len(best):  # there is room for all
        return 0.0
    highest, lowest = float(scores[ahead[-1]]), float(scores[best[-1]])
    if lowest > highest:
        return 0.0
    # Above that film in float32 too, in which scores are added up.
    return highest - lowest + 4 * float(np.spacing(np.float32(max(abs(highest), abs(lowest), highest - lowest))))
