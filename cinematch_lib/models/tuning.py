"""The hybrid's hyperparameter search on users that are held out of its training ratings."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from cinematch_lib.models.ease import most_rated
from cinematch_lib.models.gram import gram
from cinematch_lib.models.interactions import Interactions, hold_out
from cinematch_lib.models.tower_tuning import CONTENT_WEIGHT, FilmFacts, choose_content_weight
from cinematch_lib.models.training_matrix import TrainingMatrix
from cinematch_lib.models.validation_fold import ValidationFold

_FILMS = 1500  # the search runs on this many most rated films
_MAX_FOLDS, _MAX_USERS, _SHARE = 3, 1000, 0.2  # a fold is this share of the eligible users
_MIN_LIKES, _FOLD_IN = 5, 0.8
_GRID = {  # the first value of each is the one that the search starts from
    "dropout": (0.3, 0.0, 0.6, 1.0),
    "session_weight": (0.7, 0.0, 0.4, 1.0),
    "year_weight": (4.0, 0.0, 2.0, 8.0),
    "feature_weight": (20.0, 0.0, 60.0),
}
_TIMED = ("session_weight", "year_weight")  # those that need timestamps
_REGULARIZATION, _FACTOR = 100.0, 1.6  # the first value, and the factor between neighbouring ones
_LOG = logging.getLogger(__name__)


def tune(
    train: Interactions,
    matrix: TrainingMatrix,
    films: FilmFacts,
    given: dict[str, float | None],
    seed: int,
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The hyperparameters, found where `given` has None, and the trials.

    `given` has `regularization, dropout, session_weight, year_weight, feature_weight, content_weight`; `matrix` is made
    of `train`. Each fold holds out other users, folds in 80 % of their likes and all their lower ratings, and ranks for
    the rest. The objective is the mean of nDCG@10 and Recall@20, improved by coordinate ascent; for `content_weight`
    see `choose_content_weight`. If too few users have enough likes, the initial values are returned.
    """
    values = {name: _initial(name) if value is None else value for name, value in given.items()}
    if train.timestamps is None:
        values |= dict.fromkeys(_TIMED, 0.0)
    missing = [name for name, value in given.items() if value is None]
    folds = list(validation_folds(train, matrix, films.features, seed)) if missing else []
    if not folds:
        return values, []
    _LOG.info("choosing values on %s users held out", f"{sum(len(fold.fold_in) for fold in folds):,}")
    search = _Search(folds, values)
    if "regularization" in missing:
        search.climb_regularization()
    grid = [name for name in _GRID if name in missing and (train.timestamps is not None or name not in _TIMED)]
    moved = [search.best_of(name, _GRID[name]) for name in grid]
    if any(moved) and "regularization" in missing:
        search.climb_regularization()
    if "content_weight" in missing:
        search.values["content_weight"] = choose_content_weight(folds, train, films, search.values, seed)
        _LOG.info("content weight %g", search.values["content_weight"])
    return search.values, search.trials


class _Search:
    """Coordinate ascent from `values`; `trials` are the distinct values tried, with their metrics."""

    def __init__(self, folds: list[ValidationFold], values: dict[str, float]) -> None:
        self._folds, self.values = folds, values
        self.trials: list[dict[str, Any]] = []

    def climb_regularization(self) -> None:
        """Multiply or divide the regularization by a constant for as long as that improves the objective."""
        value = _climb(lambda value: self._objective("regularization", value), self.values["regularization"])
        self.values["regularization"] = value

    def best_of(self, name: str, candidates: tuple[float, ...]) -> bool:
        """Set a hyperparameter to the best of `candidates`; returns whether it changed."""
        before = self.values[name]
        self.values[name] = max(candidates, key=lambda value: self._objective(name, value))
        return self.values[name] != before

    def _objective(self, name: str, value: float) -> float:
        candidate = self.values | {name: value}
        trial = next((one for one in self.trials if candidate.items() <= one.items()), None)
        if trial is None:
            means = np.mean([fold.quality(candidate) for fold in self._folds], axis=0)
            trial = candidate | {"ndcg@10": float(means[0]), "recall@20": float(means[1])}
            self.trials.append(trial)
            words = ", ".join(f"{name} {value:.4g}" for name, value in trial.items())
            _LOG.info("trial %d: %s", len(self.trials), words)
        return (trial["ndcg@10"] + trial["recall@20"]) / 2


def _initial(name: str) -> float:
    first = {"regularization": _REGULARIZATION, "content_weight": CONTENT_WEIGHT}
    return first.get(name) or _GRID[name][0]


def _climb(objective: Callable[[float], float], start: float) -> float:
    """The value from which neither a step up nor a step down improves the objective."""
    at, value = start, objective(start)
    for factor in (_FACTOR, 1 / _FACTOR):
        while (candidate := objective(at * factor)) > value and 1e-2 < at < 1e6:
            at, value = at * factor, candidate
        if at != start:
            break
    return at


def validation_folds(
    train: Interactions, matrix: TrainingMatrix, features: sparse.csr_matrix, seed: int
) -> Iterator[ValidationFold]:
    """Disjoint random groups of users, each held out of all the others; none if there are too few users.

    The Gram matrices of the others are those of all rows less those of the held-out rows.
    """
    rng = np.random.default_rng(seed)
    enough = np.flatnonzero(np.diff(train.likes.indptr) >= _MIN_LIKES)
    eligible = rng.permutation(np.intersect1d(enough, train.full_users))
    size = min(round(len(eligible) * _SHARE), _MAX_USERS)
    if not size or size == len(eligible):
        return
    films = most_rated(train, _FILMS)
    selected = matrix.select(films)
    feature_gram = (features[films] @ features[films].T).toarray()
    all_histories = gram(selected.histories)
    all_sessions = None if selected.sessions is None else gram(selected.sessions)
    for number in range(max(1, min(_MAX_FOLDS, _MAX_USERS // size))):
        users = np.sort(eligible[number * size : (number + 1) * size])
        tested = train.take(users)
        held_out = _hold_out_likes(tested, rng)
        fold_in = tested.drop(held_out)
        session_gram = None
        if all_sessions is not None:
            theirs = selected.sessions[np.isin(selected.session_users, users)]
            session_gram = all_sessions - gram(sparse.csr_matrix(theirs))
        yield ValidationFold(
            fold_in=fold_in,
            held_out=held_out,
            columns=films,
            queries=matrix.year_features.history_rows(fold_in)[:, selected.columns],
            gram=all_histories - gram(sparse.csr_matrix(selected.histories[users])),
            session_gram=session_gram,
            feature_gram=feature_gram,
            rating_counts=train.rating_counts - tested.rating_counts,
        )


def _hold_out_likes(tested: Interactions, rng: np.random.Generator) -> sparse.csr_matrix:
    """A fifth of each user's likes, at least one: CSR float32 (users, films) of ones."""
    likes = tested.likes
    user = np.repeat(np.arange(len(tested)), np.diff(likes.indptr))
    held_out = hold_out(user, 1 - _FOLD_IN, rng)
    ones = np.ones(held_out.sum(), dtype=np.float32)
    return sparse.csr_matrix((ones, (user[held_out], likes.indices[held_out])), shape=likes.shape)
