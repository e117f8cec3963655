"""The rate that a run would have had, estimated from lists that another run made and chance reordered.

A film at a position is taken for a logged action: what the run would have shown there counts as often as one divided by
the probability with which it was shown there (Swaminathan and Joachims 2015, self-normalised; the positions by Li et
al. 2018, doi 10.1145/3219819.3220028).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments.sequences import LEVEL, Interval

DEPTH = 50  # films at the top that are reordered
MIN_SAMPLE = 100  # effective samples below which nothing is estimated


@dataclass(frozen=True)
class OffPolicyEstimate:
    """The rate of successes per film shown, with its interval at one look, and the effective sample size."""

    rate: Interval
    effective_size: float


def shuffled(n: int, seed: int) -> list[int]:
    """An order of the first `n` places of a list."""
    order: list[int] = np.random.default_rng(seed).permutation(n).tolist()
    return order


def propensities(films: list[int], ranking: list[int], explore: float) -> list[float]:
    """The probability with which each of `films` was shown at its position.

    `ranking` are the films that were ordered by chance with the probability `explore`, uniformly, the best first.
    """
    uniform = explore / len(ranking) if ranking else 0.0
    return [uniform + (1 - explore) * (film == best) for film, best in zip(films, ranking, strict=False)]


def snips(weights: np.ndarray, successes: np.ndarray, lists: np.ndarray, *, level: float = LEVEL) -> OffPolicyEstimate:
    """The self-normalised estimate Σ w·s / Σ w, with its standard error by lists.

    Parameters
    ----------
    weights : of each film shown, one over its propensity if the run shows it at this position, else 0; (shown,).
    successes : whether the film had a success, (shown,).
    lists : the list of each film, any numbers; (shown,).

    Raises CineMatchError with an effective sample size, (Σw)² / Σw², below `MIN_SAMPLE`.

    """
    weights, successes = np.asarray(weights, np.float64), np.asarray(successes, np.float64)
    total = weights.sum()
    size = float(total**2 / (weights**2).sum()) if total else 0.0
    if size < MIN_SAMPLE:
        raise CineMatchError(
            f"the log is worth {size:.0f} samples for this run, and {MIN_SAMPLE} are needed; let the experiment "
            "explore longer, or with a larger share"
        )
    value = float((weights * successes).sum() / total)
    _, groups = np.unique(lists, return_inverse=True)
    residuals = np.bincount(groups, weights * (successes - value))
    error = float(np.sqrt((residuals**2).sum()) / total)
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return OffPolicyEstimate(Interval(value, value - half, value + half), size)
