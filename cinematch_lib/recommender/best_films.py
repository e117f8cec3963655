"""The best films of a run for some people: filter, score, rank."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from cinematch_lib.recommender.caps import ListCaps
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.scorer import Scorer
from cinematch_lib.recommender.scoring import ScoreModel
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.diversity import rerank_mmr
from cinematch_lib.recommender.terms.places import Places, places_terms

_DIVERSE_UP_TO = 100  # a longer list is not read as a list, so its order is that of the score alone
_POOL = 8  # times k: the films of which a list with caps is chosen, and so many again where these do not suffice


class Ranked(NamedTuple):
    """The terms of a score, and the best films by it: their rows, int64 (n,), and their scores, float64 (n,)."""

    scorer: Scorer
    rows: np.ndarray
    scores: np.ndarray


class Request(NamedTuple):
    """What one person asks for; see `Recommender.recommend`."""

    preferences: Preferences
    k: int
    among: Collection[int] | np.ndarray | None = None
    capped: bool = False


class _Person(NamedTuple):
    """A request, the terms of its score, the films that pass its filters, and which of these are allowed.

    `places` are those of the list that are for some films, and `diversity` is how much the similarity to a film above
    counts.
    """

    request: Request
    scorer: Scorer
    selection: Selection
    allowed: np.ndarray
    places: Sequence[Places]
    diversity: float
    n_films: int  # of the run

    @property
    def n_first(self) -> int:
        """The number of best films to begin with."""
        if self.diversity:
            return 2 * _DIVERSE_UP_TO
        if not self.request.capped:
            return self.request.k
        return self.n_films if self.request.preferences.unrated_share else _POOL * self.request.k

    def narrowed(self, n: int, allowed: np.ndarray) -> tuple[Selection, np.ndarray]:
        """The films that may be among the `n` best of those allowed, and which of them are allowed."""
        if self.request.preferences.unrated_share:
            return self.selection, allowed
        n = max([n, *(one.first for one in self.places)])
        part, of_part = self.scorer.narrowed(self.selection, allowed, n)
        if len(part) == len(self.selection) or not self.places:
            return part, of_part
        having = [self.selection.restrict(one.films).nonzero()[0] for one in self.places]
        positions = np.unique(np.concatenate([self.selection.rows.searchsorted(part.rows), *having]))
        return self.selection.part(positions), allowed.take(positions)

    def best(self, n: int, part: Selection, allowed: np.ndarray, scores: np.ndarray) -> Ranked:
        """The `n` best of some films with these scores, float32 (films,), of which some are allowed."""
        scorer, scores = self.scorer, np.where(allowed, scores, -np.inf)
        for term in places_terms(self.places, part, scores):
            scorer, scores = scorer.plus(term), scores + term.scores(part)
        best = top_k(scores, n)
        return Ranked(scorer, part.rows[best], scores[best].astype(np.float64))


class BestFilms:
    """Finds the best films for some people at once."""

    def __init__(self, films: FilmTable, similarity: ContentSimilarity) -> None:
        self._films, self._similarity = films, similarity

    def ranked(self, model: ScoreModel, requests: Sequence[Request]) -> list[Ranked]:
        """The best films for each by the scores of `model`; see `Recommender.recommend`. Raises UnknownNameError.

        All people go through one step after another, so that what a step does and reads stays in the processor's cache.
        """
        films = self._films
        selections = [films.filter(one.preferences) for one in requests]
        masks = [
            films.allowed_mask(selection, one.preferences, one.among)
            for selection, one in zip(selections, requests, strict=True)
        ]
        scorers = model.scorers([one.preferences for one in requests])
        people = [self._person(model, *one) for one in zip(requests, scorers, selections, masks, strict=True)]
        parts = [one.narrowed(one.n_first, one.allowed) for one in people]
        scores = Scorer.scores_of_people(scorers, [part for part, _ in parts])
        pools = [
            one.best(one.n_first, *part, of_part) for one, part, of_part in zip(people, parts, scores, strict=True)
        ]
        return [self._list(one, pool) for one, pool in zip(people, pools, strict=True)]

    def _person(
        self, model: ScoreModel, request: Request, scorer: Scorer, selection: Selection, allowed: np.ndarray
    ) -> _Person:
        preferences, k = request.preferences, request.k
        diversity = model.diversity(preferences) if k <= _DIVERSE_UP_TO else 0.0
        return _Person(request, scorer, selection, allowed, model.places(preferences, k), diversity, len(self._films))

    def _list(self, person: _Person, pool: Ranked) -> Ranked:
        """The list for a person, of the first of the best films."""
        (preferences, k, _, capped), diversity = person.request, person.diversity
        genres = self._films.preferred_genres(preferences)
        if not capped:
            return self._diverse(pool, k, diversity) if diversity else pool
        within = _capped(person, pool, ListCaps(self._films, k, genres))
        if not diversity:
            return within
        # Where most of the best films are beyond the caps, the films to choose from are not among these.
        further = _part(within, np.flatnonzero(~np.isin(within.rows, pool.rows)))
        return self._diverse(_joined(pool, further), k, diversity, ListCaps(self._films, k, genres))

    def _diverse(self, pool: Ranked, k: int, diversity: float, caps: ListCaps | None = None) -> Ranked:
        """A diverse list of `k` of these films."""
        order = np.argsort(pool.rows)  # ties are broken by id
        rows, scores = pool.rows[order], pool.scores[order]
        at, term = rerank_mmr(self._films, self._similarity, rows, scores, k, diversity, caps)
        return Ranked(pool.scorer.plus(term), rows[at], scores[at] + term.values(rows[at]))


def _capped(person: _Person, first: Ranked, caps: ListCaps) -> Ranked:
    """The best films within the caps, and the best of the others where these are too few.

    `first` are the best films, as many as are looked at to begin with.
    """
    selection, allowed, k, n = person.selection, person.allowed, person.request.k, person.n_first
    person = person._replace(scorer=first.scorer, places=())  # what is added for places depends on the first films
    pool = first
    chosen = _part(pool, caps.choose(pool.rows))
    while len(chosen.rows) < k and len(pool.rows) == n and not caps.are_full:
        # What follows in the order are films that were not looked at, and that have no genre which is full.
        allowed = allowed & ~caps.have_full_genre(selection.rows)
        allowed[selection.rows.searchsorted(pool.rows)] = False
        n *= 2
        part = person.narrowed(n, allowed)
        pool = person.best(n, *part, person.scorer.scores(part[0]))
        chosen = _joined(chosen, _part(pool, caps.choose(pool.rows)))
    others = np.flatnonzero(~np.isin(first.rows, chosen.rows))[: k - len(chosen.rows)]
    found = _joined(chosen, _part(first, others))
    return _part(found, np.lexsort((found.rows, -found.scores)))


def _part(ranked: Ranked, positions: np.ndarray) -> Ranked:
    return Ranked(ranked.scorer, ranked.rows[positions], ranked.scores[positions])


def _joined(one: Ranked, other: Ranked) -> Ranked:
    return Ranked(one.scorer, np.append(one.rows, other.rows), np.append(one.scores, other.scores))
