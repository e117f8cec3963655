"""Logs of invented users, by a seed: for tests, benchmarks, and the notebook without an experiment."""

from dataclasses import dataclass

import numpy as np

from cinematch_lib.experiments.definition import Arm, Experiment
from cinematch_lib.experiments.reading import ListLog

START = 1_767_225_600.0  # 1 January 2026
_DAY = 86_400.0
_MAX_LISTS = 500


@dataclass(frozen=True)
class Population:
    """Users who come over `days`, with a success in `rate` of their lists on average.

    Rates differ between users as in a beta distribution with `concentration`; the numbers of lists are from 1 to 500,
    in a discrete Pareto distribution with the exponent `tail`. `past` is the share of users who were there before.
    """

    rate: float = 0.2
    concentration: float = 4.0
    tail: float = 2.5
    days: int = 14
    past: float = 0.0


def simulated_experiment(method: str = "split", effect: float = 0.1) -> Experiment:
    """An experiment with the arms a and b."""
    return Experiment("simulated", (Arm("a", 0.5), Arm("b", 0.5)), "2026-01-01T00:00:00Z", method, effect=effect)


def simulate(users: int, effect: float, population: Population, seed: int) -> ListLog:
    """The log of a split of `users` between two arms; that of the second has 1 + `effect` times the rate."""
    rng = np.random.default_rng(seed)
    rates = rng.beta(
        population.rate * population.concentration, (1 - population.rate) * population.concentration, users
    )
    n_lists = np.minimum(np.ceil(rng.pareto(population.tail, users) + 1e-9), _MAX_LISTS).astype(int)
    arms = rng.integers(0, 2, users)
    of = np.repeat(np.arange(users), n_lists)
    came = rng.uniform(0, population.days, users)  # the day of a user's first list
    days = came[of] + (population.days - came[of]) * rng.uniform(0, 1, len(of))
    chance = np.minimum(rates[of] * np.where(arms[of] == 1, 1 + effect, 1.0), 1.0)
    past = np.zeros((users, 2), int)
    past[:, 0] = rng.poisson(6, users) * (rng.uniform(size=users) < population.past)
    past[:, 1] = rng.binomial(past[:, 0], rates)
    order = np.argsort(days, kind="stable")
    n = len(of)
    successes = rng.uniform(size=n) < chance
    milliseconds = rng.gamma(4, 0.5, n)
    return ListLog(
        users=of[order],
        arms=arms[of][order],
        times=START + days[order] * _DAY,
        seen=np.ones(n, bool),
        successes=successes[order],
        credits=np.zeros((n, 2), int),
        milliseconds=milliseconds[order],
        lengths=np.full(n, 20.0),
        past=past,
    )


def simulated_log(seed: int) -> tuple[Experiment, ListLog]:
    """An experiment whose arm b is better by 20 %, of 9,000 users over two weeks, half of them known from before."""
    return simulated_experiment(effect=0.2), simulate(9000, 0.2, Population(rate=0.3, past=0.5), seed)
