"""How many users and days an experiment takes to find an effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.rates import linearised, rate
from cinematch_lib.experiments.sequences import LEVEL, POWER, planned_error


@dataclass(frozen=True)
class Audience:
    """What is known of users.

    `rate` is the rate of successes per list, and `successes` their mean number per user. The rate of n users has a
    logarithm with the variance `variance` / n; `variance_error` is the standard error of `variance`, which is large
    where a few users have most of the lists. `users_per_day` is the number of new users a day.
    """

    rate: float
    successes: float
    variance: float
    variance_error: float
    users_per_day: float

    @classmethod
    def of_past(cls, successes: np.ndarray, lists: np.ndarray, days: float) -> "Audience":
        """The users of the past `days`, with their numbers of successes and lists, (users,) each."""
        past = rate(successes, lists)
        mean = float(np.mean(successes)) if past.n else 0.0
        if not math.isfinite(past.relative_error):
            return cls(past.value, mean, math.inf, math.inf, past.n / days)
        squares = np.square(linearised(successes, lists) / past.value - 1)
        error = float(squares.std(ddof=1) / math.sqrt(past.n))
        return cls(past.value, mean, past.relative_error**2 * past.n, error, past.n / days)


@dataclass(frozen=True)
class Plan:
    """The `users` of all arms together, and the `days` until as many have come; None where nothing is known of that."""

    users: int
    days: int | None


def plan(
    audience: Audience, effect: float, shares: Sequence[float], *, level: float = LEVEL, power: float = POWER
) -> Plan:
    """What it takes to find a relative `effect`, such as 0.1, between the first arm and the one of the smallest share.

    With the variances v₀ and v₁ of the two arms and their shares p₀ and p₁, n users give the logarithm of the ratio of
    rates the squared error (v₀ / p₀ + v₁ / p₁) / n. v₀ is the variance of the past plus its standard error, since a
    past without one of the rare users with very many lists understates it. Where each list of a user succeeds with a
    probability of their own, and the effect d multiplies these, v₁ = v₀ − d / (1 + d) / (mean successes per user).

    Raises CineMatchError without any success in the past, or for an effect that is not above 0.
    """
    if not 0 < effect < math.inf:
        raise CineMatchError(f"the effect to be found must be above 0, such as 0.1 for ten per cent, got {effect}")
    if not math.isfinite(audience.variance):
        raise CineMatchError("the past has too few events to tell how many users the effect takes")
    first, smallest = shares[0], min(shares[1:])
    error = planned_error(math.log1p(effect), level=level, power=power)
    control = audience.variance + audience.variance_error
    treatment = max(control - effect / (1 + effect) / audience.successes, 0.0)
    users = math.ceil((control / first + treatment / smallest) * sum(shares) / error**2)
    return Plan(users, math.ceil(users / audience.users_per_day) if audience.users_per_day else None)
