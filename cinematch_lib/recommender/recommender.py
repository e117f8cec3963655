"""Recommending films from a run: filter, score, rank, explain. Loads numpy and scipy, no more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from cinematch_lib.artifacts.item_weights import ItemWeights
from cinematch_lib.artifacts.runs import FEATURES, META, Run, RunInfo
from cinematch_lib.errors import CineMatchError
from cinematch_lib.recommender.explanation import Explanations
from cinematch_lib.recommender.films import Films, Movie, Preferences
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.reasons import Contributions, Feature, Reason
from cinematch_lib.recommender.scoring import Score, ScoreWeights
from cinematch_lib.recommender.search import TitleIndex
from cinematch_lib.recommender.similarity import Content

_VARIED_UP_TO = 100  # longer lists are not read as a list, so their order is the score's alone
_EXPLAINED_TOGETHER = 100  # films of a list, so that the memory this takes does not grow with the list
_SIMILAR = ScoreWeights(genres=0.0, general=0.0, ratings=0.5, beside=1.0, rated_genres=0.0, rare=0.0)


@dataclass(frozen=True)
class Recommendation:
    """A recommended film with its score; `reasons` add up to the score, `explanation` says them in words."""

    movie: Movie
    rank: int
    score: float
    _explanations: Explanations = field(repr=False, compare=False)  # of some films of the list, of which it is one
    _place: int = field(repr=False, compare=False)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """The addends of the score, the weightiest first. Worked out when first asked for."""
        return self._explanations.reasons(self._place)

    @property
    def explanation(self) -> str:
        """The reasons in words, with the share of each."""
        return self._explanations.words[self._place]

    @property
    def movie_id(self) -> int:
        """The film's MovieLens id."""
        return self.movie.movie_id

    @property
    def title(self) -> str:
        """The film's title."""
        return self.movie.title


class Recommender:
    """Recommends films of one run. Safe to share between threads: nothing changes after it is made.

    Examples
    --------
    >>> recommender = Recommender.load("artifacts")                                      # doctest: +SKIP
    >>> recommender.recommend(Preferences(liked_movie_ids=[6], services=["Netflix"]))    # doctest: +SKIP

    """

    def __init__(
        self,
        matrix: sparse.csr_matrix,
        meta: Mapping[str, Any],
        weights: ScoreWeights | None = None,
        item_weights: ItemWeights | None = None,
    ) -> None:
        """From the film features, CSR float32 (films, features), and the value of ``movies_meta.json``.

        `item_weights` are what other people's ratings say, where the run has ratings.
        """
        self._films = Films(meta)
        if matrix.shape != (len(self._films), len(meta["features"])):
            raise CineMatchError(
                f"{FEATURES} has the shape {matrix.shape}, {META} says {(len(self._films), len(meta['features']))}; "
                "they are not of one run: make it anew (cinematch run)"
            )
        self._content = Content(matrix, meta["features"])
        if item_weights is not None:
            item_weights.check(self._films.ids)
        self._said = item_weights
        self._weights = weights or ScoreWeights()
        self._titles = TitleIndex(meta["columns"]["title"], meta["columns"]["year"], self._films.general)
        self.attributions: tuple[str, ...] = tuple(meta["attributions"])
        self.info: RunInfo | None = None

    @classmethod
    def load(cls, artifacts_dir: str | Path = "artifacts") -> "Recommender":
        """The recommender of the current run under `artifacts_dir`. Raises CineMatchError."""
        return cls.of_run(Run.current(Path(artifacts_dir)))

    @classmethod
    def of_run(cls, run: Run) -> "Recommender":
        """The recommender of a run. Raises CineMatchError."""
        recommender = cls(run.read_matrix(FEATURES), run.read_json(META), item_weights=run.read_item_weights())
        recommender.info = run.info
        return recommender

    def __len__(self) -> int:
        return len(self._films)

    def __contains__(self, movie_id: object) -> bool:
        """Whether a film with this MovieLens id is here."""
        return movie_id in self._films

    @property
    def movie_ids(self) -> np.ndarray:
        """The MovieLens ids of all films here, int64 (films,), ascending; not to be written to."""
        return self._films.ids

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that films here have, in alphabetical order."""
        return self._films.genres

    @property
    def services(self) -> tuple[str, ...]:
        """The streaming services that films here are on, in alphabetical order."""
        return self._films.services

    @property
    def services_source(self) -> str:
        """Who says which service has a film: ``tmdb``, ``file``, ``demo`` or ``none``."""
        return self._films.services_source

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of release here; None where no film's is known."""
        return self._films.years

    @property
    def median_runtime(self) -> int | None:
        """The median running time in minutes, of the films whose own is known; None where none is."""
        return self._films.median_runtime

    def movie(self, movie_id: int) -> Movie:
        """One film. Raises UnknownNameError."""
        return self._films.movie(self._films.row(movie_id))

    def find(self, title: str) -> Movie:
        """The one film that `title` names, as "Heat (1995)" or "Heat". Raises UnknownNameError."""
        return self._films.movie(self._titles.resolve(title))

    def search(self, text: str, k: int = 10) -> list[Movie]:
        """Up to `k` films by title: so called, so beginning, holding the text, or spelled much like it.

        Nothing found is an empty list. Raises CineMatchError when k is below 1; it may be above the number of films.
        """
        _check_least(k)
        return [self._films.movie(row) for row in self._titles.search(text, k)]

    def recommend(
        self,
        preferences: Preferences | None = None,
        k: int | None = None,
        *,
        among: Collection[int] | np.ndarray | None = None,
    ) -> list[Recommendation]:
        """The `k` best films that fit the preferences, the best first; all that fit, where fewer do.

        Without `k`, 20 films, or as many as there are. With `among`, a collection or an array of ids, only these
        films come back: a filter of one's own, as exact as the others. Ids of films that are not here do no harm.

        Films of equal score are ordered by their id. Someone who likes nothing yet gets well-liked films that
        differ from each other, the best known of them where there are ratings (up to 100; more come in the order of
        liking alone). Raises CineMatchError when k is below 1 or above the number of films, and for unknown films,
        genres and services.
        """
        return self._ranked(preferences or Preferences(), self._how_many(k, 20), self._weights, among)

    def similar(self, movie_id: int, k: int | None = None) -> list[Recommendation]:
        """The `k` films most like this one; without `k`, ten. Raises as `recommend` does.

        Likeness is that of their features, and half as much, at the most, what other people's ratings say.
        """
        return self._ranked(Preferences(liked_movie_ids=[movie_id]), self._how_many(k, 10), _SIMILAR)

    def features(self, movie_id: int, k: int = 10) -> tuple[Feature, ...]:
        """What the film is to the recommender: its `k` strongest features, with their part of the whole.

        Raises UnknownNameError for an unknown film, CineMatchError when k is below 1.
        """
        _check_least(k)
        return self._content.strongest(self._films.row(movie_id), k)

    def _how_many(self, k: int | None, default: int) -> int:
        if k is None:
            return min(default, len(self))
        if not _is_whole(k) or not 1 <= k <= len(self):
            raise CineMatchError(f"k must be between 1 and {len(self)} (the number of films), got {k}")
        return k

    def _ranked(
        self,
        wanted: Preferences,
        k: int,
        weights: ScoreWeights,
        among: Collection[int] | np.ndarray | None = None,
    ) -> list[Recommendation]:
        films = self._films
        selection = films.selection(wanted)
        allowed = films.allowed(selection, wanted, among)
        score = Score(films, self._content, self._said, wanted, weights)
        scores = np.where(allowed, score.of(selection), -np.inf)
        if wanted.liked_movie_ids or k > _VARIED_UP_TO:
            best = top_k(scores, k)
            chosen = [
                (row, value, None)
                for row, value in zip(selection.rows[best].tolist(), scores[best].tolist(), strict=True)
            ]
        else:
            chosen = self._varied(selection.rows, scores, k)
        explanations = [
            Explanations(partial(_addends, score, chosen[first : first + _EXPLAINED_TOGETHER]))
            for first in range(0, len(chosen), _EXPLAINED_TOGETHER)
        ]
        return [
            Recommendation(
                films.movie(row), at + 1, value, explanations[at // _EXPLAINED_TOGETHER], at % _EXPLAINED_TOGETHER
            )
            for at, (row, value, _) in enumerate(chosen)
        ]

    def _varied(
        self, rows: np.ndarray, scores: np.ndarray, k: int
    ) -> list[tuple[int, float, tuple[int, float] | None]]:
        """Choose one by one, each score lessened by the likeness to the likest film chosen before.

        That is maximal marginal relevance (Carbonell and Goldstein 1998, doi 10.1145/290941.291025), among the
        films that lead without it. Returns (row, score, the likest film before and what it took off).
        """
        pool = np.sort(top_k(scores, 2 * _VARIED_UP_TO))  # by id again: of equal ones argmax takes the first
        rows, left = rows[pool], scores[pool].astype(np.float64)
        likeness = self._weights.variety * np.maximum(self._content.likeness(rows), 0)
        taken, likest = np.zeros(len(rows)), np.full(len(rows), -1)
        chosen: list[tuple[int, float, tuple[int, float] | None]] = []
        while len(chosen) < min(k, len(rows)):
            at = int(np.argmax(left - taken))
            before = (int(rows[likest[at]]), -float(taken[at])) if likest[at] >= 0 else None
            chosen.append((int(rows[at]), float(left[at] - taken[at]), before))
            nearer = likeness[at] > taken
            taken[nearer], likest[nearer] = likeness[at][nearer], at
            left[at] = -np.inf
        return chosen


def _addends(score: Score, chosen: Sequence[tuple[int, float, tuple[int, float] | None]]) -> list[Contributions]:
    return score.addends([row for row, _, _ in chosen], [varied for _, _, varied in chosen])


def _is_whole(k: object) -> bool:
    return isinstance(k, Integral) and not isinstance(k, bool)


def _check_least(k: int) -> None:
    if not _is_whole(k) or k < 1:
        raise CineMatchError(f"k must be a whole number from 1 up, got {k}")
