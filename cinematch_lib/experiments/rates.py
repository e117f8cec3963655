"""Rates of successes per list, by user: the delta method, variance reduction, and the check of the shares.

Users, not lists, were assigned to arms, and the lists of a user resemble each other. So a user is the unit: user i with
n_i lists and x_i successes adds the linearised value r + (x_i − r · n_i) / mean(n) to the rate r = Σx / Σn (Deng,
Knoblich and Lu 2018, arXiv:1803.06336).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cinematch_lib.errors import CineMatchError

BROKEN = 0.001  # p-value of the shares below which the data are not read


@dataclass(frozen=True)
class Rate:
    """A rate per list over `n` users: its `value`, and `relative_error`, the standard error of its logarithm."""

    value: float
    relative_error: float
    n: int


def rate(successes: np.ndarray, lists: np.ndarray) -> Rate:
    """The rate Σ successes / Σ lists of users, float or int (users,), with its error by the delta method."""
    return _mean(linearised(successes, lists))


def linearised(successes: np.ndarray, lists: np.ndarray) -> np.ndarray:
    """A value for each user whose mean is the rate, and whose variance over users is that of the rate: (users,)."""
    successes, lists = np.asarray(successes, dtype=np.float64), np.asarray(lists, dtype=np.float64)
    if successes.shape != lists.shape or (lists <= 0).any():
        raise CineMatchError("a rate needs the successes of each user, and a list or more of each")
    if not len(lists):
        return lists
    value = successes.sum() / lists.sum()
    return np.asarray(value + (successes - value * lists) / lists.mean())


def adjusted_rates(values: Sequence[np.ndarray], pasts: Sequence[np.ndarray]) -> list[Rate]:
    """The rates of all arms, with the variance removed that the past of the users explains (CUPED).

    Parameters
    ----------
    values : of each arm the linearised values (users,).
    pasts : of each arm what was known of these users before the experiment began, (users, covariates).

    One regression within the arms, θ, serves all of them, and an arm's mean changes by θ times the difference of its
    covariates from those of all users: what was known before cannot depend on the arm (Deng, Xu, Kohavi and Walker
    2013, doi 10.1145/2433396.2433413).

    """
    filled = [at for at, one in enumerate(values) if len(one)]
    if not filled:
        return [_mean(one) for one in values]
    centred = np.concatenate([pasts[at] - pasts[at].mean(axis=0) for at in filled])
    outcome = np.concatenate([values[at] - values[at].mean() for at in filled])
    theta = np.linalg.lstsq(centred, outcome, rcond=None)[0]
    overall = np.concatenate([pasts[at] for at in filled]).mean(axis=0)
    return [_mean(one - (past - overall) @ theta) for one, past in zip(values, pasts, strict=True)]


def log_ratio(control: Rate, treatment: Rate) -> tuple[float, float]:
    """The logarithm of the ratio of two independent rates, and its standard error; (0, ∞) where one is not positive."""
    if control.value <= 0 or treatment.value <= 0:
        return 0.0, float("inf")
    return (
        float(np.log(treatment.value / control.value)),
        float(np.hypot(control.relative_error, treatment.relative_error)),
    )


def paired_log_ratio(control: np.ndarray, treatment: np.ndarray) -> tuple[float, float]:
    """The logarithm of Σ treatment / Σ control and its standard error, of counts of the same users: (users,) each."""
    n, first, second = len(control), np.asarray(control, np.float64), np.asarray(treatment, np.float64)
    if n < 2 or not first.sum() or not second.sum():
        return 0.0, float("inf")
    residuals = second / second.mean() - first / first.mean()
    return float(np.log(second.sum() / first.sum())), float(np.sqrt(residuals.var(ddof=1) / n))


def sample_ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The p-value of the hypothesis that users were assigned by `shares`, given their `counts` by arm (χ²).

    Below `BROKEN` some users of an arm were not counted, and what the others did must not be read (Fabijan et al. 2019,
    doi 10.1145/3292500.3330722).
    """
    total = sum(counts)
    if not total:
        return 1.0
    expected = total * np.asarray(shares) / sum(shares)
    return float(stats.chisquare(counts, expected).pvalue)


def _mean(values: np.ndarray) -> Rate:
    n = len(values)
    mean = float(values.mean()) if n else 0.0
    if n < 2 or mean <= 0:
        return Rate(mean, float("inf"), n)
    return Rate(mean, float(values.std(ddof=1) / np.sqrt(n) / mean), n)
