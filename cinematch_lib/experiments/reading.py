"""What the log of an experiment tells: rates, the comparison of the arms, and the sentence that follows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cinematch_lib.experiments import rates
from cinematch_lib.experiments.definition import Experiment
from cinematch_lib.experiments.sequences import LEVEL, ConfidenceSequence, Interval, planned_error

State = Literal["running", "better", "worse", "same", "broken"]
_DAY = 86_400.0
_COLUMNS = ("users", "arms", "times", "seen", "successes", "credits", "milliseconds", "lengths")
_FEWEST = 20  # users with a success in each arm, below which the normal approximation is not trusted


@dataclass(frozen=True)
class ListLog:
    """The lists of an experiment.

    Attributes
    ----------
    users : numbers of the users, int (lists,), from 0 on.
    arms : indices of their arms, int (lists,).
    times : when the lists were made, float64 (lists,), seconds since 1970.
    seen : whether a client told that the user saw the list, bool (lists,); only these are counted.
    successes : whether a list had the event that the experiment counts, bool (lists,).
    credits : films with that event that each of two interleaved arms picked, int (lists, 2).
    milliseconds, lengths : the time to make a list, and the number of its films, float (lists,);
        the number is NaN where that failed.
    past : lists seen and successes of each user before the experiment, int (users, 2).
    lost_events : events of lists that the log does not have.

    """

    users: np.ndarray
    arms: np.ndarray
    times: np.ndarray
    seen: np.ndarray
    successes: np.ndarray
    credits: np.ndarray
    milliseconds: np.ndarray
    lengths: np.ndarray
    past: np.ndarray
    lost_events: int = 0

    def take(self, mask: np.ndarray) -> "ListLog":
        """The lists of a mask or of indices, for the same users."""
        columns = {name: getattr(self, name)[mask] for name in _COLUMNS}
        return replace(self, **columns)


@dataclass(frozen=True)
class ArmReading:
    """One arm: its users and lists, the rate of successes per list, and the guardrails."""

    name: str
    users: int
    lists: int
    successes: int
    rate: Interval
    milliseconds: float  # at the median
    empty: float  # the share of lists without a film
    failed: float  # the share of lists that could not be made


@dataclass(frozen=True)
class Comparison:
    """An arm against the first: the relative change of the rate, its always-valid p-value, and what follows.

    `error` is the standard error of the logarithm of one plus the change.
    """

    arm: str
    change: Interval
    error: float
    p_value: float
    state: State
    sentence: str


@dataclass(frozen=True)
class Reading:
    """An experiment as far as its log tells. `sample_ratio_p` tells whether users are missing."""

    arms: tuple[ArmReading, ...]
    comparisons: tuple[Comparison, ...]
    sample_ratio_p: float
    unseen: int
    lost_events: int

    @property
    def sentence(self) -> str:
        """What follows, in words."""
        return " ".join(one.sentence for one in self.comparisons)


def read(experiment: Experiment, log: ListLog) -> Reading:
    """The rates and comparisons of an experiment.

    Intervals hold at all looks together. With k arms to compare with the first, each has the level 1 − 0.05 / k.
    """
    n_arms, seen = len(experiment.arms), log.take(log.seen)
    level = 1 - (1 - LEVEL) / (n_arms - 1)
    sequence = ConfidenceSequence(planned_error(math.log1p(experiment.effect), level=level), level)
    counts = [_by_user(seen, seen.arms == at) for at in range(n_arms)]
    arms = tuple(_arm_reading(experiment, log, at, counts[at], sequence) for at in range(n_arms))
    if experiment.method == "interleave":
        p = 1.0  # every user gets both arms
        measured = [_interleaved(seen)]
    else:
        p = rates.sample_ratio_p([one.users for one in arms], experiment.shares)
        measured = _split(counts, seen.past)
    comparisons = tuple(
        _comparison(experiment, experiment.arms[at].name, estimate, sequence, p)
        for at, estimate in enumerate(measured, start=1)
    )
    return Reading(arms, comparisons, p, int((~log.seen).sum()), log.lost_events)


def by_day(experiment: Experiment, log: ListLog) -> list[tuple[int, Reading]]:
    """The readings of the lists of each day alone, counted from 0: they show whether an effect wears off."""
    if not len(log.times):
        return []
    days = ((log.times - log.times.min()) // _DAY).astype(int)
    return [(day, read(experiment, log.take(days == day))) for day in np.unique(days).tolist()]


def until_day(experiment: Experiment, log: ListLog) -> list[tuple[int, Reading]]:
    """The readings that one would have had at the end of each day, counted from 0."""
    if not len(log.times):
        return []
    days = ((log.times - log.times.min()) // _DAY).astype(int)
    return [(day, read(experiment, log.take(days <= day))) for day in np.unique(days).tolist()]


@dataclass(frozen=True)
class _Counts:
    users: np.ndarray  # numbers of the users with lists
    lists: np.ndarray
    successes: np.ndarray


@dataclass(frozen=True)
class _Measured:
    value: float  # log ratio
    error: float
    users_with_success: int  # in the arm that has fewest


def _by_user(seen: ListLog, mask: np.ndarray) -> _Counts:
    n = len(seen.past)
    lists = np.bincount(seen.users[mask], minlength=n)
    successes = np.bincount(seen.users[mask], seen.successes[mask], minlength=n)
    users = np.flatnonzero(lists)
    return _Counts(users, lists[users], successes[users])


def _split(counts: Sequence[_Counts], past: np.ndarray) -> list[_Measured]:
    values = [rates.linearised(one.successes, one.lists) for one in counts]
    covariates = _covariates(past)
    has_past = any(past[one.users, 0].any() for one in counts)
    found = (
        rates.adjusted_rates(values, [covariates[one.users] for one in counts])
        if has_past
        else [rates.rate(one.successes, one.lists) for one in counts]
    )
    enough = [int((one.successes > 0).sum()) for one in counts]
    return [
        _Measured(*rates.log_ratio(found[0], one), min(enough[0], successes))
        for one, successes in zip(found[1:], enough[1:], strict=True)
    ]


def _covariates(past: np.ndarray) -> np.ndarray:
    """Of each user: the successes per list before, 0 without lists, and whether there were lists; (users, 2)."""
    lists = past[:, 0]
    return np.column_stack([past[:, 1] / np.maximum(lists, 1), lists > 0]).astype(np.float64)


def _interleaved(seen: ListLog) -> _Measured:
    credits = [np.bincount(seen.users, seen.credits[:, team], minlength=len(seen.past)) for team in (0, 1)]
    present = np.bincount(seen.users, minlength=len(seen.past)) > 0
    first, second = (one[present] for one in credits)
    fewest = int(min((first > 0).sum(), (second > 0).sum()))
    return _Measured(*rates.paired_log_ratio(first, second), fewest)


def _arm_reading(
    experiment: Experiment, log: ListLog, at: int, counts: _Counts, sequence: ConfidenceSequence
) -> ArmReading:
    mask = log.arms == at
    if experiment.method == "interleave":  # every list is of both arms
        mask = np.ones(len(log.users), bool)
        seen = log.take(log.seen)
        credits = np.bincount(seen.users, seen.credits[:, at], minlength=len(log.past))
        everybody = _by_user(seen, np.ones(len(seen.users), bool))
        counts = _Counts(everybody.users, everybody.lists, credits[everybody.users])
    found = rates.rate(counts.successes, counts.lists)
    half = sequence.half_width(found.relative_error)
    low, high = (found.value * math.exp(end) for end in (-half, min(half, 20.0)))
    return ArmReading(
        experiment.arms[at].name,
        len(counts.users),
        int(counts.lists.sum()),
        int(counts.successes.sum()),
        Interval(found.value, low, high),
        float(np.median(log.milliseconds[mask])) if mask.any() else 0.0,
        _share(log.lengths[mask] == 0),
        _share(np.isnan(log.lengths[mask])),
    )


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else 0.0


def _comparison(
    experiment: Experiment, arm: str, measured: _Measured, sequence: ConfidenceSequence, sample_ratio_p: float
) -> Comparison:
    error = measured.error if measured.users_with_success >= _FEWEST else math.inf
    log_change = sequence.interval(measured.value, error)
    change = Interval(*(math.expm1(min(one, 20.0)) for one in log_change))
    p_value = sequence.p_value(measured.value, error)
    widest = max(abs(change.low), abs(change.high))
    first, metric = experiment.arms[0].name, experiment.metric
    state: State
    if sample_ratio_p < rates.BROKEN:
        state = "broken"
        sentence = (
            f"The data are broken: the numbers of users by arm do not fit the shares (χ², p = {sample_ratio_p:.1g}). "
            "Find out which users are missing before anything is read."
        )
    elif log_change.excludes_zero:
        state = "better" if log_change.low > 0 else "worse"
        ends = sorted(abs(one) for one in change[1:])
        sentence = (
            f"{arm} is {state} than {first} by {abs(change.value):.1%} [{ends[0]:.1%}, {ends[1]:.1%}] in {metric}."
        )
    elif widest < experiment.effect:
        state = "same"
        sentence = f"There is no difference larger than {widest:.1%} between {arm} and {first} in {metric}."
    else:
        state = "running"
        sentence = f"Keep going: {arm} against {first} in {metric} is not decided yet{_progress(measured, sequence)}."
    return Comparison(arm, change, error, p_value, state, sentence)


def _progress(measured: _Measured, sequence: ConfidenceSequence) -> str:
    if measured.users_with_success < _FEWEST or not math.isfinite(measured.error):
        return f" ({measured.users_with_success} users with an event in the arm with fewest, of {_FEWEST} needed)"
    return f" ({min((sequence.planned_error / measured.error) ** 2, 9.99):.0%} of the planned information is there)"
