"""The best films of a run for one person: filter, score, rank."""

from collections.abc import Collection
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
_WIDER = 8  # times as many films as before, of which a list with caps is chosen


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
        diversity = model.diversity(preferences) if k <= _DIVERSE_UP_TO else 0.0
        n = 2 * _DIVERSE_UP_TO if diversity else _WIDER * k if capped else k
        selection = self._films.filter(preferences)
        allowed = self._films.exclusion_mask(selection, preferences, among)
        scorer = model.scorer(preferences)
        while True:
            best = self._best(model, scorer, (selection, allowed), preferences.unrated_share, k, n)
            if not diversity and not capped:
                return best
            caps = ListCaps(self._films, k, self._films.preferred_genres(preferences)) if capped else None
            chosen = self._chosen(best, k, diversity, caps)
            if caps is None or diversity or len(caps) == k or caps.are_full or len(best.rows) < n:
                return chosen
            n *= _WIDER  # films beyond the caps are chosen only where no others are left

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

    def _chosen(self, pool: Ranked, k: int, diversity: float, caps: ListCaps | None) -> Ranked:
        """The films of a list of `k`, chosen one by one."""
        order = np.argsort(pool.rows)  # ties are broken by id
        rows, scores = pool.rows[order], pool.scores[order]
        at, term = rerank_mmr(self._films, self._similarity, rows, scores, k, diversity, caps)
        return Ranked(pool.scorer.plus(term), rows[at], scores[at] + term.values(rows[at]))
