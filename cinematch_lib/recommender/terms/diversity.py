"""The diversity term: −weight · the highest cosine to a film that ranks above, as in maximal marginal relevance."""

from collections.abc import Hashable

import numpy as np

from cinematch_lib.recommender.caps import ListCaps
from cinematch_lib.recommender.films import FilmTable, Movie
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.reasons import Contributions
from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.similarity import ContentSimilarity
from cinematch_lib.recommender.terms.base import Term


class DiversityTerm(Term):
    """What a film loses for its similarity to the most similar film above it in the list.

    `penalties` maps the row of a film to the row of that other film and to what is taken off, a positive number.
    """

    def __init__(self, films: FilmTable, penalties: dict[int, tuple[int, float]]) -> None:
        self._films, self._penalties = films, penalties

    @property
    def batch_key(self) -> Hashable:
        """Equal for terms that have contributions, and for those that have none."""
        return DiversityTerm, bool(self._penalties)

    def scores(self, selection: Selection) -> np.ndarray:
        """The term of each selected film: float32 (selected films,), 0 or less."""
        return self.values(selection.rows).astype(np.float32)

    def contributions(self, rows: np.ndarray) -> list[Contributions]:
        """The term of the films in `rows`: one part, which refers to the film above."""

        def movie(film: int, _: int) -> Movie | None:
            other = self._penalties.get(int(rows[film]))
            return self._films.movie(other[0]) if other else None

        return [Contributions("diversity", self.values(rows)[:, None], movie)] if self._penalties else []

    def values(self, rows: np.ndarray) -> np.ndarray:
        """The term of the films in `rows`, int64 (n,): float64 (n,), 0 or less."""
        return np.array([-self._penalties[row][1] if row in self._penalties else 0.0 for row in rows.tolist()])


def rerank_mmr(
    films: FilmTable,
    similarity: ContentSimilarity,
    rows: np.ndarray,
    scores: np.ndarray,
    k: int,
    weight: float,
    caps: ListCaps | None = None,
) -> tuple[np.ndarray, DiversityTerm]:
    """Choose `k` of the films in `rows` one by one, and return their positions with the term that decided.

    Each step takes the film with the highest score less weight · its highest cosine to a film chosen before: maximal
    marginal relevance (Carbonell and Goldstein 1998, doi 10.1145/290941.291025). Equal ones are taken in the order of
    `rows`. `scores` is float64 (rows,). With `caps`, films beyond these are chosen only where no others are left, and
    take their place in the order as if there were no caps.
    """
    remaining, capped = scores.copy(), np.zeros(len(rows), dtype=bool)
    cosines = weight * np.maximum(similarity.pairwise(rows), 0) if weight else None
    penalty, nearest = np.zeros(len(rows)), np.full(len(rows), -1)
    chosen: list[int] = []
    penalties: dict[int, tuple[int, float]] = {}
    while len(chosen) < min(k, len(rows)):
        best = int(np.argmax(np.where(capped, -np.inf, remaining - penalty)))
        if capped[best] or remaining[best] == -np.inf:  # all others are beyond the caps
            others = np.setdiff1d(np.arange(len(rows)), chosen)
            chosen += others[top_k(scores[others], k - len(chosen))].tolist()
            kept = np.sort(np.array(chosen))
            order, term = rerank_mmr(films, similarity, rows[kept], scores[kept], k, weight)
            return kept[order], term
        if caps is not None and not caps.has_room_in_series(int(rows[best])):
            capped[best] = True
            continue
        if nearest[best] >= 0:
            penalties[int(rows[best])] = int(rows[nearest[best]]), float(penalty[best])
        chosen.append(best)
        remaining[best] = -np.inf
        if caps is not None:
            capped |= caps.add(int(rows[best]), rows)
        if cosines is not None:
            closer = cosines[best] > penalty
            penalty[closer], nearest[closer] = cosines[best][closer], best
    return np.array(chosen, dtype=np.int64), DiversityTerm(films, penalties)
