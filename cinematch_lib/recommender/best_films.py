"""The best films of a run for one person: filter, score, rank."""

from collections.abc import Callable, Collection
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

_DIVERSE_UP_TO = 100  # a longer list is not read as a list, so its order is that of the score alone
_POOL = 8  # times k: the films of which a list with caps is chosen, and so many again where these do not suffice


class Ranked(NamedTuple):
    """The terms of a score, and the best films by it: their rows, int64 (n,), and their scores, float64 (n,)."""

    scorer: Scorer
    rows: np.ndarray
    scores: np.ndarray


class BestFilms:
    """Finds the best films for one person after another."""

    def __init__(self, films: FilmTable, similarity: ContentSimilarity) -> None:
        self._films, self._similarity = films, similarity

    def ranked(
        self,
        model: ScoreModel,
        preferences: Preferences,
        k: int,
        among: Collection[int] | np.ndarray | None = None,
        capped: bool = False,
    ) -> Ranked:
        """The `k` best films by the scores of `model`; see `Recommender.recommend`. Raises UnknownNameError."""
        selection, share = self._films.filter(preferences), preferences.unrated_share
        allowed = self._films.exclusion_mask(selection, preferences, among)
        scorer = model.scorer(preferences)
        diversity = model.diversity(preferences) if k <= _DIVERSE_UP_TO else 0.0

        def best(n: int, allowed: np.ndarray = allowed) -> Ranked:
            return self._best(model, scorer, (selection, allowed), share, k, n)

        caps = ListCaps(self._films, k, self._films.preferred_genres(preferences)) if capped else None
        if diversity:
            return self._diverse(best(2 * _DIVERSE_UP_TO), k, diversity, caps)
        if caps is None:
            return best(k)
        return _capped(best, selection, allowed, caps, k, len(self._films) if share else _POOL * k)

    def _best(
        self,
        model: ScoreModel,
        scorer: Scorer,
        films: tuple[Selection, np.ndarray],
        unrated_share: float | None,
        k: int,
        n: int,
    ) -> Ranked:
        """The `n` best of some films, of which some are allowed, by the score of a list of `k`."""
        part, allowed = scorer.narrowed(*films, len(self._films) if unrated_share else n)
        scores = np.where(allowed, scorer.scores(part), -np.inf)
        for term in model.unrated(unrated_share, part, scores, k):
            scorer, scores = scorer.plus(term), scores + term.scores(part)
        best = top_k(scores, n)
        return Ranked(scorer, part.rows[best], scores[best].astype(np.float64))

    def _diverse(self, pool: Ranked, k: int, diversity: float, caps: ListCaps | None) -> Ranked:
        """A diverse list of `k` of these films."""
        order = np.argsort(pool.rows)  # ties are broken by id
        rows, scores = pool.rows[order], pool.scores[order]
        at, term = rerank_mmr(self._films, self._similarity, rows, scores, k, diversity, caps)
        return Ranked(pool.scorer.plus(term), rows[at], scores[at] + term.values(rows[at]))


def _capped(
    best: Callable[[int, np.ndarray], Ranked], selection: Selection, allowed: np.ndarray, caps: ListCaps, k: int, n: int
) -> Ranked:
    """The best `k` films within the caps, and the best of the others where these are fewer.

    `best` gives as many of some films of the selection as it is asked for, the best first, to begin with the `n` best
    of those allowed.
    """
    first = pool = best(n, allowed)
    chosen = _part(pool, caps.choose(pool.rows))
    while len(chosen.rows) < k and len(pool.rows) == n and not caps.are_full:
        # What follows in the order are films that were not looked at, and that have no genre which is full.
        allowed = allowed & ~caps.have_full_genre(selection.rows)
        allowed[selection.rows.searchsorted(pool.rows)] = False
        n *= 2
        pool = best(n, allowed)
        chosen = _joined(chosen, _part(pool, caps.choose(pool.rows)))
    others = np.flatnonzero(~np.isin(first.rows, chosen.rows))[: k - len(chosen.rows)]
    found = _joined(chosen, _part(first, others))
    return _part(found, np.lexsort((found.rows, -found.scores)))


def _part(ranked: Ranked, positions: np.ndarray) -> Ranked:
    return Ranked(ranked.scorer, ranked.rows[positions], ranked.scores[positions])


def _joined(one: Ranked, other: Ranked) -> Ranked:
    return Ranked(one.scorer, np.append(one.rows, other.rows), np.append(one.scores, other.scores))
