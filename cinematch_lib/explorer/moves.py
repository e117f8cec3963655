"""Two lists for one person side by side: which films moved, and why."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cinematch_lib.explorer import markup
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommendations import Recommendation
from cinematch_lib.recommender.recommender import Recommender
from cinematch_lib.vocabulary.wording import counted

_LENGTH = 20
_LIKENESS = "likeness to higher films"
_TERMS = {  # the terms of a score in words, by the kind of their reasons
    "rated_with_liked": "ratings",
    "rated_with_watched": "ratings",
    "rated_with_disliked": "ratings",
    "liked": "content",
    "disliked": "content",
    "taste": "what films of its kind are liked with",
    "expected_similarity": "what films of its kind are liked with",
    "quality": "average rating",
    "series": "series of the liked film",
    "in_common": "what several liked films share",
    "diversity": _LIKENESS,
}
_HOW = "A number is the change of a term of the score, less the median change of that term for these films."
_SAME = 5e-4  # a smaller change of a score is not shown, since three digits are


@dataclass(frozen=True)
class Side:
    """One of two lists: whose scores, for what, among which films (int64 ids); `dropped` names the rule of a film."""

    name: str
    recommender: Recommender
    wanted: Preferences
    among: np.ndarray = field(repr=False)
    dropped: Callable[[int], str]

    @cached_property
    def films(self) -> Sequence[Recommendation]:
        """The list."""
        return self.recommender.recommend(self.wanted, min(_LENGTH, len(self.recommender)), among=self.among)

    @cached_property
    def ranks(self) -> dict[int, int]:
        """The place of each film of the list, by its id."""
        return {one.movie_id: one.rank for one in self.films}

    @cached_property
    def _ranking(self) -> np.ndarray:
        return self.recommender.ranking(self.wanted, among=self.among)

    def absent(self, movie_id: int) -> str:
        """Why a film is not in the list."""
        if movie_id not in self.recommender:
            return f"the run of {self.name} lacks it"
        if rule := self.dropped(movie_id):
            return f"{self.name} drops it: {rule}"
        at = np.flatnonzero(self._ranking == movie_id)
        return f"rank {at[0] + 1:,} by score in {self.name}" if len(at) else f"known to the person in {self.name}"

    def terms(self, movie_id: int) -> Counter[str]:
        """The terms of a film's score, by their names; none for a film that cannot be recommended."""
        listed = next((one for one in self.films if one.movie_id == movie_id), None)
        if listed is None and movie_id in self.recommender and movie_id not in self.wanted.excluded:
            listed = next(iter(self.recommender.recommend(self.wanted, 1, among=[movie_id])), None)
        terms: Counter[str] = Counter()
        for reason in listed.reasons if listed is not None else ():
            terms[_TERMS.get(reason.kind, reason.kind.replace("_", " "))] += reason.value  # type: ignore[assignment]
        return terms


@dataclass(frozen=True)
class Move:
    """A film with its place in both lists, None where it is not in one, and why that differs."""

    movie: Movie
    before: int | None
    after: int | None
    why: str


def moves(a: Side, b: Side) -> list[Move]:
    """The films of both lists in the order of B, then those that only A has."""
    films = {one.movie_id: one.movie for one in [*b.films, *a.films]}
    terms = {movie_id: (a.terms(movie_id), b.terms(movie_id)) for movie_id in films}
    changes = {movie_id: _changes(*both) for movie_id, both in terms.items() if all(both)}
    shared = {
        name: float(np.median([one.get(name, 0.0) for one in changes.values()]))
        for name in set().union(*changes.values())
    }
    found = []
    for movie_id, movie in films.items():
        before, after = a.ranks.get(movie_id), b.ranks.get(movie_id)
        why = _why(movie_id, a, b, changes.get(movie_id, {}), shared) if before != after else ""
        found.append(Move(movie, before, after, why))
    return found


def _changes(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
    return {name: b.get(name, 0.0) - a.get(name, 0.0) for name in {*a, *b}}


def _why(movie_id: int, a: Side, b: Side, changes: Mapping[str, float], shared: Mapping[str, float]) -> str:
    """Why a film moved: `changes` are those of the terms of its score, none if unknown, `shared` those of all films."""
    before, after = a.ranks.get(movie_id), b.ranks.get(movie_id)
    absent = a.absent(movie_id) if before is None else b.absent(movie_id) if after is None else ""
    is_up = before is None or (after is not None and after < before)
    own = {name: change - shared[name] for name, change in changes.items()}
    if absent:
        own.pop(_LIKENESS, None)  # known only in a list
    toward = 1 if is_up else -1
    if toward * sum(own.values()) >= _SAME:
        name = max(sorted(own), key=lambda one: toward * own[one])
        reason = markup.minus(f"{name} {own[name]:+.3f}")
    elif absent:
        reason = ""
    elif all(abs(change) < _SAME for change in changes.values()):
        reason = "same score; others moved"
    else:
        reason = "others fell behind it" if is_up else "others rose past it"
    return "; ".join(part for part in (absent, reason) if part)


def as_table(found: Sequence[Move], a: str, b: str) -> str:
    """The moves as a table."""
    rows = [
        (
            markup.film_button(one.movie.movie_id, one.movie.label),
            "–" if one.before is None else str(one.before),
            "–" if one.after is None else str(one.after),
            _arrow(one.before, one.after),
            one.why,
        )
        for one in found
    ]
    stay = sum(one.before is not None and one.after is not None for one in found)
    new = sum(one.before is None for one in found)
    said = f"{counted(stay, 'film')} in both lists, {new} only in {b}, {len(found) - stay - new} only in {a}."
    more = _HOW if any(one.before != one.after for one in found) else "All have the same rank in both."
    return markup.hint(f"{said} {more}") + markup.table(("film", a, b, "moved", "why"), rows, "cm-moves")


def _arrow(before: int | None, after: int | None) -> str:
    """A move in a word.

    >>> _arrow(5, 2), _arrow(2, 5), _arrow(None, 1), _arrow(1, None), _arrow(3, 3)
    ('↑ 3', '↓ 3', 'new', 'gone', '=')
    """
    if before is None or after is None:
        return "new" if before is None else "gone"
    return "=" if before == after else f"{'↑' if before > after else '↓'} {abs(before - after)}"
