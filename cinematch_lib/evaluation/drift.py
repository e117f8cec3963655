"""What changed from one run to the next: films, ratings, genres, and the lists that people get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cinematch_lib.artifacts.films_table import FilmColumns
from cinematch_lib.evaluation.compare import SERVED
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

_PERSISTENCE = 0.9  # of rank-biased overlap: the first ten places have 86 % of the weight
_PROBES, _LIST = 30, 20  # films that are liked alone, and the length of the lists that are compared
_SHOWN = 0.005  # the least change of a share that is told


@dataclass(frozen=True)
class RunContent:
    """A run's films, its recommender, its facts, and the record of its evaluation, empty without one."""

    columns: FilmColumns
    recommender: Recommender
    facts: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)


def rank_biased_overlap(first: Sequence[int], second: Sequence[int], p: float = _PERSISTENCE) -> float:
    """The extrapolated rank-biased overlap of two rankings: 1 for the same, 0 where they share nothing.

    Webber, Moffat and Zobel 2010, doi 10.1145/1852102.1852106, equation 30, to the depth of the shorter one.

    >>> rank_biased_overlap([1, 2, 3], [1, 2, 3]), rank_biased_overlap([1, 2], [3, 4])
    (1.0, 0.0)
    >>> round(rank_biased_overlap([1, 2, 3], [2, 1, 3]), 3) > round(rank_biased_overlap([1, 2, 3], [1, 4, 5]), 3)
    True
    """
    depth = min(len(first), len(second))
    agreement = [len({*first[:d]} & {*second[:d]}) / d for d in range(1, depth + 1)]
    if not agreement:
        return 1.0 if len(first) == len(second) else 0.0
    weighted = sum(share * p**d for d, share in enumerate(agreement, start=1))
    return round(agreement[-1] * p**depth + (1 - p) / p * weighted, 9)


def drift(before: RunContent, after: RunContent, run_id: str) -> dict[str, Any]:
    """The facts of the drift against the run `run_id`, whose content is `before`.

    `films`, `ratings` and `users` are [before, after]; `new` and `gone` count films; `decades` and `genres` are shares
    of the films, and `rating_years` those of the ratings by the year in which they were given, [before, after], where
    they changed; `groups` is the first metric of what is served for users by the length of their histories, [before,
    after], if both runs were evaluated by one protocol; `overlap` is the mean rank-biased overlap of the lists of a new
    user and of those who like one of the best-rated films.
    """
    old, new = (one.columns.movie_ids for one in (before, after))
    facts: dict[str, Any] = {
        "against": run_id,
        "films": [len(old), len(new)],
        "new": len(np.setdiff1d(new, old)),
        "gone": len(np.setdiff1d(old, new)),
    }
    for name in ("ratings", "users"):
        counts = [one.facts.get("train", {}).get(name) for one in (before, after)]
        if None not in counts:
            facts[name] = counts
    facts["decades"] = _changed(*(_decades(one.columns) for one in (before, after)))
    facts["genres"] = _changed(*(_genres(one.columns) for one in (before, after)))
    if (years := _changed(*(_rating_years(one.facts) for one in (before, after)))) and "ratings" in facts:
        facts["rating_years"] = years
    if groups := _groups(before.metrics, after.metrics):
        facts["groups"] = groups
    return facts | {"overlap": _overlap(before, after)}


def _decades(columns: FilmColumns) -> dict[str, float]:
    known = columns.years[np.isfinite(columns.years)].astype(int) // 10 * 10
    decades, counts = np.unique(known, return_counts=True)
    return {str(decade): count / len(columns.years) for decade, count in zip(decades, counts, strict=True)}


def _genres(columns: FilmColumns) -> dict[str, float]:
    return {name: float(has.mean()) for name, has in columns.genres.multi_hot().items()}


def _rating_years(facts: Mapping[str, Any]) -> dict[str, float]:
    counts = facts.get("train", {}).get("ratings_by_year", {})
    return {year: count / sum(counts.values()) for year, count in counts.items()}


def _groups(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[float]]:
    """The metric of what is served by group of users, where both records have it."""
    if not before or not after or before["protocol"]["name"] != after["protocol"]["name"]:
        return {}
    old, new = before.get("by_history", {}), after.get("by_history", {})
    both = [name for name in new if SERVED in new[name] and SERVED in old.get(name, {})]
    return {name: [old[name][SERVED], new[name][SERVED]] for name in both}


def _changed(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, list[float]]:
    names = sorted({*before, *after})
    pairs = {name: [round(before.get(name, 0.0), 4), round(after.get(name, 0.0), 4)] for name in names}
    return {name: pair for name, pair in pairs.items() if abs(pair[1] - pair[0]) >= _SHOWN}


def _overlap(before: RunContent, after: RunContent) -> float:
    common = np.flatnonzero(np.isin(before.columns.movie_ids, after.columns.movie_ids))
    best = common[np.argsort(-before.columns.quality[common], kind="stable")[:_PROBES]]
    liked: list[list[int]] = [[], *([int(one)] for one in before.columns.movie_ids[best])]
    k = min(_LIST, *(len(one.columns.movie_ids) for one in (before, after)))
    overlaps = []
    for likes in liked:
        wanted = Preferences(liked_movie_ids=likes)
        old, new = ([film.movie_id for film in one.recommender.recommend(wanted, k)] for one in (before, after))
        overlaps.append(rank_biased_overlap(old, new))
    return round(float(np.mean(overlaps)), 4)
