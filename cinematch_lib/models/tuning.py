"""How the hybrid chooses its values: on users that it holds out of what it learns from."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.gram import gram
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.training_matrix import Rows
from cinematch_lib.models.validation_fold import Trial

_FILMS = 1500  # the most rated films stand for all when values are chosen
_FOLDS, _USERS, _PART = 3, 1000, 0.2  # at the most so many folds and users held out; a fold is this part of all
_LEAST_LIKES, _SHOWN = 5, 0.8
_GRID = {
    "dropout": (0.3, 0.0, 0.6, 1.0),
    "session_weight": (0.7, 0.0, 0.4, 1.0),
    "calendar": (4.0, 0.0, 2.0, 8.0),
}
_PENALTY, _STEP = 100.0, 1.6  # the first regularization to try, and the factor to the next
_COLD = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03)
_COST = 0.002  # what part of nDCG@100 films that hardly anybody rated may take from the others
_LOG = logging.getLogger(__name__)


def choose(
    learned: Interactions, rows: Rows, features: sparse.csr_matrix, given: dict[str, float | None], seed: int
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The values of `regularization, dropout, session_weight, calendar, cold` where `given` has None, and the trials.

    Users are held out in turn; with a fold-in of 80 % of their likes and all their lower ratings, the mean of
    nDCG@10 and Recall@20 decides. One value after another is moved as long as that helps. `cold` is the
    largest that takes no more than 0.2 % from nDCG@100. `rows` is made of `learned`; `features` is CSR float32
    (films, features). Where too few users like enough films to be held out, the values that the search starts
    with stand.
    """
    values = {name: _start(name) if value is None else value for name, value in given.items()}
    if learned.times is None:
        values |= {"session_weight": 0.0, "calendar": 0.0}
    open_values = [name for name, value in given.items() if value is None]
    trials = list(_trials(learned, rows, seed)) if open_values else []
    tried: list[dict[str, Any]] = []
    if not trials:
        return values, tried
    _LOG.info("choosing values on %s users held out", f"{sum(len(one.shown) for one in trials):,}")

    def score(**changed: float) -> float:
        candidate = values | changed
        seen = next((one for one in tried if all(one[name] == candidate[name] for name in candidate)), None)
        if seen is None:
            means = np.mean([one.quality(candidate) for one in trials], axis=0)
            seen = candidate | {"ndcg@10": float(means[0]), "recall@20": float(means[1])}
            tried.append(seen)
            _LOG.info("trial %d: %s", len(tried), ", ".join(f"{name} {value:.4g}" for name, value in seen.items()))
        return (seen["ndcg@10"] + seen["recall@20"]) / 2

    if "regularization" in open_values:
        values["regularization"] = _climb(
            lambda regularization: score(regularization=regularization), values["regularization"]
        )
    moved = False
    for name in _GRID:
        if name in open_values and (learned.times is not None or name == "dropout"):
            chosen = max(_GRID[name], key=lambda value, name=name: score(**{name: value}))
            moved |= chosen != values[name]
            values[name] = chosen
    if moved and "regularization" in open_values:
        values["regularization"] = _climb(
            lambda regularization: score(regularization=regularization), values["regularization"]
        )
    if "cold" in open_values:
        values["cold"] = _most_cold(trials, features, values)
    return values, tried


def _start(name: str) -> float:
    if name == "cold":
        return 0.25
    return _PENALTY if name == "regularization" else _GRID[name][0]


def _climb(score: Callable[[float], float], start: float) -> float:
    """The regularization from which a step up or down does not help."""
    at, value = start, score(start)
    for factor in (_STEP, 1 / _STEP):
        while (further := score(at * factor)) > value and 1e-2 < at < 1e6:
            at, value = at * factor, further
        if at != start:
            break
    return at


def _most_cold(trials: list[Trial], features: sparse.csr_matrix, values: dict[str, float]) -> float:
    found = sum(one.quality_with_cold(values, features, (0.0, *_COLD)) for one in trials)
    good = found[1:] >= (1 - _COST) * found[0]
    return _COLD[int(np.argmax(good))] if good.any() else 0.0


def _trials(learned: Interactions, rows: Rows, seed: int) -> Iterator[Trial]:
    rng = np.random.default_rng(seed)
    able = rng.permutation(np.flatnonzero(np.diff(learned.likes.indptr) >= _LEAST_LIKES))
    size = min(round(len(able) * _PART), _USERS)
    if not size or size == len(able):
        return
    at = most_rated(learned, _FILMS)
    part = rows.part(at)
    whole = gram(part.histories)
    sat = None if part.sessions is None else gram(part.sessions)
    counts = np.bincount(learned.stars.indices, minlength=learned.stars.shape[1])
    for fold in range(max(1, min(_FOLDS, _USERS // size))):
        users = np.sort(able[fold * size : (fold + 1) * size])
        held = learned.chosen(users)
        hidden = _hide(held, rng)
        shown = held.without(hidden)
        yield Trial(
            shown=shown,
            hidden=hidden,
            at=at,
            asked=rows.calendar.beside(shown)[:, part.columns],
            whole=whole - _square(part.histories[users]),
            sat=None if sat is None else sat - _square(part.sessions[np.isin(part.session_users, users)]),
            counts=counts - np.bincount(held.stars.indices, minlength=len(counts)),
        )


def _square(rows: sparse.csr_matrix) -> np.ndarray:
    """The Gram matrix of a few rows: float32 (columns, columns)."""
    return gram(sparse.csr_matrix(rows))


def _hide(held: Interactions, rng: np.random.Generator) -> sparse.csr_matrix:
    """A fifth of each user's likes, one at the least: CSR float32 (users, films) of ones."""
    likes = held.likes
    counts = np.diff(likes.indptr)
    user = np.repeat(np.arange(len(held)), counts)
    order = np.lexsort((rng.random(len(user)), user))
    place = np.arange(len(user)) - np.repeat(likes.indptr[:-1], counts)
    taken = order[place < np.repeat(np.maximum(1, np.rint((1 - _SHOWN) * counts)), counts)]
    made = (np.ones(len(taken), dtype=np.float32), (user[taken], likes.indices[taken]))
    return sparse.csr_matrix(made, shape=likes.shape)
