"""The rating term: Σ_j w_j B_ji, with item-to-item weights B learned from ratings."""

from collections.abc import Hashable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.sparse_rows import SparseRows, one_array
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.known_films import KnownFilms
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.rating_weights import (
    SEEN_WEIGHT,
    age_weights,
    ages_of,
    rating_weight,
)
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.terms.base import Term


class Seeds(NamedTuple):
    """Films that a user has rated: their rows, the weight w_j of each, float64 (films,), and the stars, if known."""

    kind: str
    rows: Sequence[int]
    weights: np.ndarray
    stars: Sequence[float | None]


class _Part(NamedTuple):
    """The rows of one matrix that belong to some seeds, each with its factor in the sum: float64 (seeds,)."""

    rows: SparseRows
    factors: np.ndarray


class RatingsTerm(Term):
    """What the ratings of other people add: Σ_j w_j B_ji, over the films j that the user has rated.

    Parameters
    ----------
    sums : float (targets + 1,), the term of each target i, and 0 at the end for films that are no target.
    target_index : int (films,), the number of each film among the targets.
    unit : what a predicted like adds to the score, > 0.

    """

    def __init__(self, sums: np.ndarray, target_index: np.ndarray, unit: float = 1.0) -> None:
        self._sums, self._target_index, self.unit = sums, target_index, unit
        self._parts: list[tuple[Seeds, list[_Part]]] = []
        self._films: FilmTable | None = None

    @classmethod
    def from_item_weights(
        cls,
        films: FilmTable,
        weights: ItemWeights,
        groups: Sequence[Seeds],
        mixture: Sequence[tuple[int, float]],
        maximum: float,
    ) -> "RatingsTerm | None":
        """The term of groups of rated films, by a mixture of the matrices: their numbers and shares.

        The sums of each matrix are scaled such that the seeds of positive weight add `maximum` to the film that they
        favour most, and added up by their shares. None where the weights favour no film: then there is nothing
        to scale by, and content has to do.
        """
        parts: dict[str, list[_Part]] = {group.kind: [] for group in groups}
        positive_weights = [np.maximum(group.weights, 0) for group in groups]
        factors = [None if (group.weights == 1).all() else group.weights for group in groups]
        total, unit = None, 0.0
        for number, share in mixture:
            rows = [weights.compact_rows(group.rows, number) for group in groups]
            sums = [weights.accumulate(one, of_group) for one, of_group in zip(rows, factors, strict=True)]
            positive = [
                of_group if (of_positive == group.weights).all() else weights.accumulate(one, of_positive)
                for group, of_positive, one, of_group in zip(groups, positive_weights, rows, sums, strict=True)
                if of_positive.any()
            ]
            highest = float(_total(positive).max()) if positive else 0.0
            if highest > 0:
                scale = share * maximum / highest
                of_matrix = _total(sums)
                of_matrix *= scale
                total = of_matrix if total is None else np.add(total, of_matrix, out=total)
                unit += share * maximum * weights.unit(number, highest)
                for group, one in zip(groups, rows, strict=True):
                    parts[group.kind].append(_Part(one, scale * group.weights))
        if total is None:
            return None
        term = cls(total, weights.target_index, unit)
        term._parts, term._films = [(group, parts[group.kind]) for group in groups], films
        return term

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,)."""
        return self._sums.astype(np.float32).take(selection.take(self._target_index))

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """What each film that the user has rated adds to the films in `rows`."""
        return self.contributions_of_people([self], [rows])

    @property
    def batch_key(self) -> Hashable:
        """Equal for terms of the same kinds of rated films."""
        return RatingsTerm, *[seeds.kind for seeds, _ in self._parts]

    @classmethod
    def contributions_of_people(cls, terms: Sequence["RatingsTerm"], rows: Sequence[np.ndarray]) -> list[Contributions]:
        """The same for several people's terms and lists, one list after another."""
        asked = _AskedTargets.of([one._target_index for one in terms], rows, len(terms[0]._sums))
        films = terms[0]._films
        assert films is not None  # groups are made together with it
        return [
            _group_contributions(films, groups, asked) for groups in zip(*[one._parts for one in terms], strict=True)
        ]


class _AskedTargets(NamedTuple):
    """The targets that are asked for, those of each person numbered by `size` higher than those of the one before.

    `is_asked` is bool (people · size,), and `number` int (people · size,), the number of the film of each; `people` are
    those of each film.
    """

    is_asked: np.ndarray
    number: np.ndarray
    size: int
    people: list[int]

    @classmethod
    def of(cls, target_index: Sequence[np.ndarray], rows: Sequence[np.ndarray], size: int) -> "_AskedTargets":
        found = zip(target_index, rows, strict=True)
        targets = one_array(
            [_of_person(person, index.take(of_list), size) for person, (index, of_list) in enumerate(found)]
        )
        is_asked = np.zeros(len(rows) * size, dtype=bool)
        is_asked[targets] = True
        number = np.zeros(len(is_asked), dtype=np.min_scalar_type(len(targets)))
        number[targets] = np.arange(len(targets))
        people = [person for person, of_list in enumerate(rows) for _ in range(len(of_list))]
        return cls(is_asked, number, size, people)


def _of_person(person: int, targets: np.ndarray, size: int) -> np.ndarray:
    """The numbers of a person's targets among those of all people; those of the first person are not copied."""
    return targets + person * size if person else targets


def _group_contributions(
    films: FilmTable, groups: Sequence[tuple[Seeds, list[_Part]]], asked: _AskedTargets
) -> Contributions:
    """What the groups of one kind of rated films, one of each person, add to the films asked for."""
    values = np.zeros((len(asked.people), max(len(seeds.rows) for seeds, _ in groups)))
    for at in range(max(len(parts) for _, parts in groups)):
        found = [(person, parts[at]) for person, (_, parts) in enumerate(groups) if at < len(parts)]
        columns = one_array([_of_person(person, part.rows.columns, asked.size) for person, part in found])
        lengths = one_array([part.rows.lengths for _, part in found])
        (entries,) = asked.is_asked.take(columns).nonzero()
        row = lengths.cumsum().searchsorted(entries, side="right")
        seed = one_array([np.arange(len(part.factors)) for _, part in found]).take(row)
        factors = one_array([part.factors for _, part in found]).take(row)
        weights = one_array([part.rows.values for _, part in found]).take(entries)
        values[asked.number.take(columns.take(entries)), seed] += factors * weights
    people, movie = asked.people, films.movie

    def stars(film: int, part: int) -> float | None:
        return groups[people[film]][0].stars[part]

    has_stars = any(one is not None for seeds, _ in groups for one in seeds.stars)
    return Contributions(
        groups[0][0].kind,
        values,
        lambda film, part: movie(groups[people[film]][0].rows[part]),
        stars=stars if has_stars else None,
    )


def _total(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of one or more arrays of one shape; a single one is not copied."""
    return reduce(np.add, arrays)


def seeds(preferences: Preferences, known: KnownFilms, disliked_weight: float) -> list[Seeds]:
    """The known films of a user, by kind, with the weight of each."""
    groups, times = [], _times(preferences)
    for kind, ids, rows, default in (
        ("rated_with_liked", preferences.liked, known.liked, 1.0),
        ("rated_with_watched", preferences.watched, known.watched, SEEN_WEIGHT),
    ):
        if not rows:
            continue
        stars = [preferences.stars(one) for one in ids]
        weights = np.full(len(rows), default)
        if preferences.ratings:
            given = np.array([np.nan if one is None else one for one in stars])
            weights = np.where(np.isnan(given), default, rating_weight(given))
            weights = weights * [known.factors.get(one, 1.0) for one in ids]
        if times:
            weights = weights * age_weights(ages_of(ids, times))
        groups.append(Seeds(kind, rows, weights, stars))
    if known.disliked:
        weights = np.full(len(known.disliked), disliked_weight)
        if times:
            weights *= age_weights(ages_of(preferences.disliked, times))
        groups.append(Seeds("rated_with_disliked", known.disliked, weights, [None] * len(known.disliked)))
    return groups


def _times(preferences: Preferences) -> dict[int, float]:
    """The times of the known films, without those of any other film."""
    if not preferences.times:
        return {}
    known = (*preferences.liked, *preferences.disliked, *preferences.watched)
    return {one: preferences.times[one] for one in known if one in preferences.times}
