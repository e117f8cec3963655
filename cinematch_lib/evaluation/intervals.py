"""Bootstrap confidence intervals of means over users, and of paired differences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.metrics import class_labels

ACTIVITY = (10, 30, 100)  # ratings in a history: lower bounds of the classes of users
_BATCH = 4_000_000  # resampled values held in memory at once


@dataclass(frozen=True)
class Interval:
    """A mean over users and its confidence interval from `low` to `high` at the confidence `level`."""

    mean: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"

    def signed(self) -> str:
        """The interval of a difference as text, with signs."""
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]".replace("-", "−")

    @property
    def differs(self) -> bool:
        """Whether the interval excludes zero; for a difference, that it is statistically significant."""
        return self.low > 0 or self.high < 0


def interval(values: pd.Series | np.ndarray, *, level: float = 0.95, draws: int = 2000, seed: int = 0) -> Interval:
    """The mean of `values`, float (users,), with its percentile bootstrap interval over users.

    `draws` samples of the same size are drawn with replacement (Efron 1979, doi 10.1214/aos/1176344552). The same
    seed gives the same interval. Raises CineMatchError if there is no user.
    """
    values = np.asarray(values, dtype=np.float64)
    return _percentiles(float(values.mean()) if len(values) else 0.0, _resampled_means(values, draws, seed), level)


def difference(
    first: pd.Series, second: pd.Series, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The interval of the mean paired difference `first` − `second`, both indexed by the same userIds.

    Pairing removes the variance between users that is common to both. Raises CineMatchError if the users differ.
    """
    if not first.index.is_unique or len(first) != len(second) or not first.index.isin(second.index).all():
        raise CineMatchError(
            f"two models can be compared on the same users only, got {len(first)} and {len(second)} users; "
            "score both on one split"
        )
    return interval(first - second.reindex(first.index), level=level, draws=draws, seed=seed)


def unpaired_difference(
    first: pd.Series, second: pd.Series, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The interval of mean(first) − mean(second) over different users, which are resampled independently.

    It is wider than that of the paired `difference`. Raises CineMatchError if one has no user.
    """
    one, other = (np.asarray(values, dtype=np.float64) for values in (first, second))
    differences = _resampled_means(one, draws, seed) - _resampled_means(other, draws, seed + 1)
    return _percentiles(float(one.mean() - other.mean()), differences, level)


def _resampled_means(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """The means of `draws` bootstrap samples of the values: float64 (draws,)."""
    if not len(values) or not np.isfinite(values).all():
        raise CineMatchError(f"an interval needs a finite value for each of one user or more, got {len(values)} values")
    one_batch = draws * len(values) <= _BATCH
    samples = [_one_batch(len(values), draws, seed)] if one_batch else _samples(len(values), draws, seed)
    return np.concatenate([values[batch].mean(axis=1) for batch in samples])


def _samples(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Bootstrap samples of the numbers below `n`, in batches, int64 (draws of the batch, n)."""
    rng = np.random.default_rng(seed)
    step = max(1, _BATCH // n)
    for done in range(0, draws, step):
        yield rng.integers(0, n, (min(step, draws - done), n))


@lru_cache(maxsize=1)  # the metrics of the same users follow one another, and drawing takes longer than averaging
def _one_batch(n: int, draws: int, seed: int) -> np.ndarray:
    """The samples where one batch holds them."""
    return next(_samples(n, draws, seed))


def _percentiles(mean: float, means: np.ndarray, level: float) -> Interval:
    if not 0 < level < 1:
        raise CineMatchError(f"level must be between 0 and 1, got {level}")
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high), level)


def activity_classes(users: pd.Index, histories: pd.DataFrame, edges: tuple[int, ...] = ACTIVITY) -> np.ndarray:
    """The class of each user by the number of ratings in the history, int64 (users,); `edges` are lower bounds."""
    counts = histories["userId"].value_counts().reindex(users).fillna(0).to_numpy()
    return np.searchsorted(np.asarray(edges), counts, side="right")


def by_activity(values: pd.DataFrame, histories: pd.DataFrame, edges: tuple[int, ...] = ACTIVITY) -> pd.DataFrame:
    """Means of the per-user `values` by the number of ratings in the history; `edges` are lower bounds.

    Rows are the classes as labels; columns are those of `values`, and `users`, the number of users in each class.
    """
    labels = class_labels(edges)
    grouped = values.groupby(activity_classes(values.index, histories, edges))
    table = grouped.mean().assign(users=grouped.size()).reindex(range(len(labels)))
    table["users"] = table["users"].fillna(0).astype(int)
    return table.set_axis(pd.Index(labels, name="ratings in the history"))
