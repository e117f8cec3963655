"""Confidence sequences: intervals that hold at all times together, so that one may look as often as one likes.

An estimate with the standard error s, such as the logarithm of a ratio of rates, has the interval

    estimate ± s · sqrt((1 + 1/r) · (log(1 + r) − 2 · log α)),    r = ρ² · s₀² / s²,

the boundary of Robbins's normal mixture in the time 1/s². It is the asymptotic confidence sequence of Waudby-Smith et
al. (2021, arXiv:2103.06476, doi 10.1214/24-AOS2408) with the time measured by the information of the data, which
makes it hold for means of users who return as well. s₀ is the error at which the interval should be narrowest.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
POWER = 0.8


class Interval(NamedTuple):
    """An estimate, and the ends of its confidence interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0

    def relative(self) -> "Interval":
        """The logarithm of a ratio as a relative change: 0.1 for ten per cent more."""
        return Interval(*(float(np.expm1(one)) for one in self))


@dataclass(frozen=True)
class ConfidenceSequence:
    """Intervals of an estimate that is updated, narrowest where its standard error is `planned_error`."""

    planned_error: float
    level: float = LEVEL

    @property
    def _precision(self) -> float:
        """ρ²·s₀²: the value of r where s = s₀ (Waudby-Smith et al., the text after theorem 2.2)."""
        target = -2 * np.log(1 - self.level)
        return float(target + np.log(target) + 1)

    def _time(self, error: float) -> float:
        return self._precision * (self.planned_error / error) ** 2

    def half_width(self, error: float) -> float:
        """Half the width of the interval at the standard error `error`; infinite without information."""
        if not 0 < error < np.inf:
            return np.inf
        time = self._time(error)
        return float(error * np.sqrt((1 + 1 / time) * (np.log1p(time) - 2 * np.log(1 - self.level))))

    def interval(self, value: float, error: float) -> Interval:
        """The interval of an estimate `value` with the standard error `error`."""
        half = self.half_width(error)
        return Interval(value, value - half, value + half)

    def p_value(self, value: float, error: float) -> float:
        """The always-valid p-value of the hypothesis that zero is estimated (Johari et al. 2017, arXiv:1512.04922).

        It is at most α exactly where the interval at the level 1 − α excludes zero.
        """
        if not 0 < error < np.inf:
            return 1.0
        time = self._time(error)
        log_ratio = (value / error) ** 2 / 2 * time / (1 + time) - np.log1p(time) / 2
        return float(np.exp(-max(log_ratio, 0.0)))


def planned_error(effect: float, *, level: float = LEVEL, power: float = POWER) -> float:
    """The standard error at which an interval excludes zero with probability `power` if `effect` is true."""
    factor = ConfidenceSequence(1.0, level).half_width(1.0)
    return abs(effect) / float(factor + stats.norm.ppf(power))
