"""How the hybrid chooses its values: on users that it holds out of what it learns from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from cinematch_lib.models.base import best
from cinematch_lib.models.content import add_cold, coldness
from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.graded import Calendar
from cinematch_lib.models.interactions import Interactions
from cinematch_lib.models.ridge import dense, inverse

_FILMS = 2000  # the most rated films stand for all when values are chosen
_FOLDS, _USERS, _PART = 3, 1000, 0.2  # at the most so many folds and users held out; a fold is this part of all
_MOST_USERS = 20_000  # of more users than that, a random part is chosen on
_LEAST_LIKES, _SHOWN = 5, 0.8
_GRID = {
    "thinning": (0.3, 0.0, 0.6, 1.0),
    "sitting_weight": (0.7, 0.0, 0.4, 1.0),
    "calendar": (4.0, 0.0, 2.0, 8.0),
}
_PENALTY, _STEP = 100.0, 1.6  # the first penalty to try, and the factor to the next
_COLD = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03)
_COST = 0.002  # what part of nDCG@100 films that hardly anybody rated may take from the others


@dataclass(frozen=True)
class _Trial:
    """Users held out, for the films most rated: what is shown, what is to be found, and what others rated.

    `at` int64 (films,), the columns of those films; `whole` and `sat` float32 (films + years,)², the Gram
    matrices of the others' histories and sittings; `counts` float64 (all films,), the others' ratings.
    """

    shown: Interactions
    asked: sparse.csr_matrix
    rated: sparse.csr_matrix
    hidden: sparse.csr_matrix
    at: np.ndarray
    whole: np.ndarray
    sat: np.ndarray | None
    counts: np.ndarray

    def scores(self, values: dict[str, float]) -> np.ndarray:
        """What the held-out users' films score with these values: float32 (users, films)."""
        films = len(self.at)
        scale = np.ones(len(self.whole), dtype=np.float32)
        scale[films:] = values["calendar"]
        gram = self.whole if self.sat is None else self.whole + np.float32(values["sitting_weight"] ** 2) * self.sat
        gram = gram * scale * scale[:, None]
        squares = gram.diagonal().copy()
        squares[films:] = 0
        gram[np.diag_indices_from(gram)] += np.float32(values["penalty"]) + np.float32(values["thinning"]) * squares
        made = inverse(gram)
        asked = self.asked @ sparse.diags_array(scale)
        return dense(asked[:, :films]) - (np.asarray(asked @ made)[:, :films] / made.diagonal()[:films])


def choose(
    learned: Interactions, features: sparse.csr_matrix, given: dict[str, float | None], seed: int
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The values of `penalty, thinning, sitting_weight, calendar, cold` where `given` has None, and the trials.

    Users are held out in turn; with a fold-in of 80 % of their likes and all their lower ratings, the mean of
    nDCG@10 and Recall@20 decides. One value after another is moved as long as that helps. `cold` is the
    largest that takes no more than 0.2 % from nDCG@100. `features` is CSR float32 (films, features).
    Where too few users like enough films to be held out, the values that the search starts with stand.
    """
    values = {name: _start(name) if value is None else value for name, value in given.items()}
    if learned.times is None:
        values |= {"sitting_weight": 0.0, "calendar": 0.0}
    open_values = [name for name, value in given.items() if value is None]
    trials = list(_trials(learned, seed)) if open_values else []
    tried: list[dict[str, Any]] = []
    if not trials:
        return values, tried

    def score(**changed: float) -> float:
        candidate = values | changed
        seen = next((one for one in tried if all(one[name] == candidate[name] for name in candidate)), None)
        if seen is None:
            means = np.mean([_quality(one.scores(candidate), one) for one in trials], axis=0)
            seen = candidate | {"ndcg@10": float(means[0]), "recall@20": float(means[1])}
            tried.append(seen)
        return (seen["ndcg@10"] + seen["recall@20"]) / 2

    if "penalty" in open_values:
        values["penalty"] = _climb(lambda penalty: score(penalty=penalty), values["penalty"])
    moved = False
    for name in _GRID:
        if name in open_values and (learned.times is not None or name == "thinning"):
            chosen = max(_GRID[name], key=lambda value, name=name: score(**{name: value}))
            moved |= chosen != values[name]
            values[name] = chosen
    if moved and "penalty" in open_values:
        values["penalty"] = _climb(lambda penalty: score(penalty=penalty), values["penalty"])
    if "cold" in open_values:
        values["cold"] = _most_cold(trials, features, values)
    return values, tried


def _start(name: str) -> float:
    if name == "cold":
        return 0.25
    return _PENALTY if name == "penalty" else _GRID[name][0]


def _climb(score: Callable[[float], float], start: float) -> float:
    """The penalty from which a step up or down does not help."""
    at, value = start, score(start)
    for factor in (_STEP, 1 / _STEP):
        while (further := score(at * factor)) > value and 1e-2 < at < 1e6:
            at, value = at * factor, further
        if at != start:
            break
    return at


def _most_cold(trials: list[_Trial], features: sparse.csr_matrix, values: dict[str, float]) -> float:
    found = np.zeros(len(_COLD) + 1)
    for trial in trials:
        near = trial.scores(values)
        for number, cold in enumerate((0.0, *_COLD)):
            scores = np.zeros((near.shape[0], features.shape[0]), dtype=np.float32)
            scores[:, trial.at] = near
            add_cold(scores, trial.shown, features, np.float32(cold) * coldness(trial.counts))
            found[number] += _quality(scores, trial, everywhere=True, depth=100)[0]
    good = found[1:] >= (1 - _COST) * found[0]
    return _COLD[int(np.argmax(good))] if good.any() else 0.0


def _trials(learned: Interactions, seed: int) -> Iterator[_Trial]:
    rng = np.random.default_rng(seed)
    if len(learned) > _MOST_USERS:
        learned = learned.chosen(np.sort(rng.permutation(len(learned))[:_MOST_USERS]))
    able = rng.permutation(np.flatnonzero(np.diff(learned.likes.indptr) >= _LEAST_LIKES))
    size = min(round(len(able) * _PART), _USERS)
    if not size or size == len(able):
        return
    at = most_rated(learned, _FILMS)
    calendar = Calendar(learned)
    years = np.arange(len(calendar.years)) + learned.stars.shape[1]
    columns = np.concatenate([at, years])
    for fold in range(max(1, min(_FOLDS, _USERS // size))):
        rows = np.sort(able[fold * size : (fold + 1) * size])
        others = learned.chosen(np.setdiff1d(np.arange(len(learned)), rows))
        held = learned.chosen(rows)
        hidden = _hide(held, rng)
        shown = held.without(hidden)
        history = calendar.beside(others)[:, columns]
        sitting = None if others.times is None else calendar.beside_sittings(others)[:, columns]
        yield _Trial(
            shown=shown,
            asked=calendar.beside(shown)[:, columns],
            rated=shown.stars,
            hidden=hidden,
            at=at,
            whole=dense(history.T @ history),
            sat=None if sitting is None else dense(sitting.T @ sitting),
            counts=np.bincount(others.stars.indices, minlength=learned.stars.shape[1]).astype(np.float64),
        )


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


def _quality(scores: np.ndarray, trial: _Trial, *, everywhere: bool = False, depth: int = 10) -> tuple[float, float]:
    """Mean nDCG@depth and Recall@20 of the films not shown; `scores` are of the trial's films, or of all."""
    rated, hidden = (trial.rated, trial.hidden) if everywhere else (trial.rated[:, trial.at], trial.hidden[:, trial.at])
    scores = scores.copy()
    scores[np.repeat(np.arange(len(scores)), np.diff(rated.indptr)), rated.indices] = -np.inf
    hits = np.take_along_axis(hidden.toarray(), best(scores, max(depth, 20)), axis=1)
    wanted = np.diff(trial.hidden.indptr)
    discount = 1 / np.log2(np.arange(2, depth + 2))
    first = hits[:, :depth]
    gain = first @ discount[: first.shape[1]] / np.cumsum(discount)[np.minimum(wanted, depth) - 1]
    return float(gain.mean()), float((hits[:, :20].sum(axis=1) / wanted).mean())
