"""How often experiments raise false alarms, cover the truth and find an effect: ``make bench-experiments``.

2,000 simulated experiments without an effect are looked at 40 times each; so are experiments with one. The z-test that
people repeat each day stands beside the confidence sequence.
"""

import math
import sys
import time

import numpy as np
from scipy import stats

from cinematch_lib.experiments.definition import Experiment
from cinematch_lib.experiments.power import Audience, plan
from cinematch_lib.experiments.reading import ListLog, Reading, read
from cinematch_lib.experiments.sequences import LEVEL, ConfidenceSequence, planned_error
from cinematch_lib.experiments.simulation import Population, simulate, simulated_experiment

EXPERIMENTS, LOOKS, USERS = 2000, 40, 2000
PAST_USERS = 20_000  # those of the past weeks that an experiment is planned from
EFFECT, LARGE_EFFECT = 0.2, 0.4  # the second takes about as many users as there are
POPULATIONS = {
    "new users": Population(),
    "1 to 500 lists a user": Population(tail=1.5),
    "rare events": Population(rate=0.03),
    "users with a past": Population(past=0.8),
}


def main() -> None:
    """Measure and print two tables."""
    print(f"{EXPERIMENTS:,} experiments of {USERS:,} users each, looked at {LOOKS} times\n")
    print("| no effect, users | false alarms | of the repeated z-test | covered at all looks | at the last |")
    print("|---|---|---|---|---|")
    for name, population in POPULATIONS.items():
        print(f"| {name} | {' | '.join(f'{one:.1%}' for one in without_effect(population))} |", flush=True)
    print(f"\n| effect of {EFFECT:.0%}, users | planned users | found at the planned size | looking on the way |")
    print("|---|---|---|---|")
    for name, population in POPULATIONS.items():
        users, at_end, on_the_way = with_effect(population)
        print(f"| {name} | {users:,} | {at_end:.1%} | {on_the_way:.1%} |", flush=True)


def without_effect(population: Population) -> tuple[float, ...]:
    """The shares of false alarms, of those of a z-test, and of intervals that held the truth at all and at the last."""
    experiment, began = simulated_experiment(effect=LARGE_EFFECT), time.perf_counter()
    sequence = ConfidenceSequence(planned_error(math.log1p(LARGE_EFFECT)))
    alarms = z_alarms = missed_last = 0
    for seed in range(EXPERIMENTS):
        looks = [one.comparisons[0] for one in _looks(experiment, simulate(USERS, 0.0, population, seed))]
        found = [(math.log1p(one.change.value), one.error) for one in looks]
        excluding = [abs(value) > sequence.half_width(error) for value, error in found]
        alarms += any(excluding)
        missed_last += excluding[-1]
        z_alarms += any(abs(value) > stats.norm.ppf((1 + LEVEL) / 2) * error for value, error in found)
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    shares = (alarms, z_alarms, EXPERIMENTS - alarms, EXPERIMENTS - missed_last)
    return tuple(one / EXPERIMENTS for one in shares)


def with_effect(population: Population) -> tuple[int, float, float]:
    """The mean of the planned numbers of users, and the shares that found the effect at the end, and at any look."""
    experiment, n = simulated_experiment(effect=EFFECT), EXPERIMENTS // 4
    planned, at_end, any_look = [], 0, 0
    for seed in range(n):
        users = _planned_users(experiment, population, seed)
        states = [
            one.comparisons[0].state for one in _looks(experiment, simulate(users, EFFECT, population, seed), looks=10)
        ]
        planned.append(users)
        at_end += states[-1] == "better"
        any_look += "better" in states
    return round(np.mean(planned)), at_end / n, any_look / n


def _planned_users(experiment: Experiment, population: Population, seed: int) -> int:
    """The users that the plan asks for, given a past of its own for each experiment."""
    past = simulate(PAST_USERS, 0.0, population, seed=10**6 + seed)
    audience = Audience.of_past(np.bincount(past.users, past.successes), np.bincount(past.users), population.days)
    return plan(audience, EFFECT, experiment.shares).users


def _looks(experiment: Experiment, log: ListLog, looks: int = LOOKS) -> list[Reading]:
    ends = np.quantile(log.times, np.arange(1, looks + 1) / looks)
    return [read(experiment, log.take(log.times <= end)) for end in ends]


if __name__ == "__main__":
    main()
