"""Ranked films as lists of recommendations, with the explanations of several lists computed together."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cinematch_lib.recommender.best_films import Ranked
from cinematch_lib.recommender.explanation import Explanations
from cinematch_lib.recommender.films import FilmTable
from cinematch_lib.recommender.recommendations import Recommendation, Recommendations
from cinematch_lib.recommender.scorer import Scorer, grouped

_EXPLAINED_TOGETHER = 100  # films of a list, which bounds the memory of an explanation


def explained(films: FilmTable, scorer: Callable[[], Scorer], rows: np.ndarray, values: np.ndarray) -> Recommendations:
    """A list whose explanations are computed with `scorer` when they are first asked for."""
    parts = [rows[first : first + _EXPLAINED_TOGETHER] for first in range(0, len(rows), _EXPLAINED_TOGETHER)]
    explanations = [Explanations(partial(lambda part: scorer().contributions(part), part)) for part in parts]
    places = [(one, at) for one, part in zip(explanations, parts, strict=True) for at in range(len(part))]
    return _recommendations(films, rows, values, places)


def explained_together(films: FilmTable, lists: Sequence[Ranked]) -> list[Recommendations]:
    """Lists of several people; all that have scores of like terms are explained when one of them is."""
    found: list[Recommendations] = [Recommendations()] * len(lists)
    short = [at for at, one in enumerate(lists) if len(one.rows) <= _EXPLAINED_TOGETHER]
    for at, one in enumerate(lists):
        if len(one.rows) > _EXPLAINED_TOGETHER:
            found[at] = explained(films, partial(lambda scorer: scorer, one.scorer), one.rows, one.scores)
    for group in grouped([lists[at].scorer for at in short]):
        numbers = [short[at] for at in group]
        scorers, rows = [lists[at].scorer for at in numbers], [lists[at].rows for at in numbers]
        explanations, first = Explanations(partial(Scorer.contributions_of_people, scorers, rows)), 0
        for at, of_list in zip(numbers, rows, strict=True):
            places = [(explanations, place) for place in range(first, first + len(of_list))]
            found[at] = _recommendations(films, of_list, lists[at].scores, places)
            first += len(of_list)
    return found


def _recommendations(
    films: FilmTable, rows: np.ndarray, values: np.ndarray, places: Sequence[tuple[Explanations, int]]
) -> Recommendations:
    """The films of a list, of which each has its place among the films of an explanation."""
    movie, found = films.movie, zip(rows.tolist(), values.tolist(), places, strict=True)
    return Recommendations(
        [Recommendation(movie(row), at + 1, score, *place) for at, (row, score, place) in enumerate(found)]
    )
