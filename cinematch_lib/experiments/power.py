"""How many users and days an experiment takes to find an effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.rates import rate
from cinematch_lib.experiments.sequences import LEVEL, POWER, planned_error


@dataclass(frozen=True)
class Audience:
    """What is known of users: their `rate`, the `variance` of its logarithm times users, and `users_per_day`."""

    rate: float
    variance: float
    users_per_day: float

    @classmethod
    def of_past(cls, successes: np.ndarray, lists: np.ndarray, days: float) -> "Audience":
        """The users of the past `days`, with their numbers of successes and lists, (users,) each."""
        past = rate(successes, lists)
        return cls(past.value, past.relative_error**2 * past.n, past.n / days)


@dataclass(frozen=True)
class Plan:
    """The `users` of all arms together, and the `days` until as many have come; None where nothing is known of that."""

    users: int
    days: int | None


def plan(
    audience: Audience, effect: float, shares: Sequence[float], *, level: float = LEVEL, power: float = POWER
) -> Plan:
    """What it takes to find a relative `effect`, such as 0.1, between the first arm and the one of the smallest share.

    Raises CineMatchError without any success in the past, or for an effect that is not above 0.
    """
    if not 0 < effect < math.inf:
        raise CineMatchError(f"the effect to be found must be above 0, such as 0.1 for ten per cent, got {effect}")
    if not math.isfinite(audience.variance):
        raise CineMatchError("the past has too few events to tell how many users the effect takes")
    first, smallest = shares[0], min(shares[1:])
    error = planned_error(math.log1p(effect), level=level, power=power)
    users = math.ceil(audience.variance * (1 / first + 1 / smallest) * sum(shares) / error**2)
    return Plan(users, math.ceil(users / audience.users_per_day) if audience.users_per_day else None)
