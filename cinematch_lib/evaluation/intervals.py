"""How sure a mean over users is: bootstrap intervals, and paired differences of two models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError

_AT_ONCE = 4_000_000  # resampled values held in memory


@dataclass(frozen=True)
class Interval:
    """A mean over users and where it may lie: between `low` and `high` with the probability `level`."""

    mean: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"

    @property
    def differs(self) -> bool:
        """Whether zero lies outside: for a difference, that it is larger than the noise."""
        return self.low > 0 or self.high < 0


def interval(values: pd.Series | np.ndarray, *, level: float = 0.95, draws: int = 2000, seed: int = 0) -> Interval:
    """The percentile bootstrap over users (Efron 1979, doi 10.1214/aos/1176344552).

    `values` is float (users,), one for each; users are drawn anew `draws` times, as many as there are. The same
    seed gives the same interval. Raises CineMatchError where there is no user.
    """
    values = np.asarray(values, dtype=np.float64)
    return _between(float(values.mean()) if len(values) else 0.0, _drawn(values, draws, seed), level)


def difference(
    first: pd.Series, second: pd.Series, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The interval of `first` less `second`, user by user: both float, indexed by the same userIds.

    Pairing takes out what makes a user easy or hard for every model. Raises CineMatchError for other users.
    """
    if not first.index.is_unique or len(first) != len(second) or not first.index.isin(second.index).all():
        raise CineMatchError(
            f"two models can be compared on the same users only, got {len(first)} and {len(second)} users; "
            "score both on one split"
        )
    return interval(first - second.reindex(first.index), level=level, draws=draws, seed=seed)


def difference_of_others(
    first: pd.Series, second: pd.Series, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The interval of the mean of `first` less that of `second`, which are of other users: wider than `difference`.

    Users of both are drawn anew, independently. Raises CineMatchError where one has no user.
    """
    one, other = (np.asarray(values, dtype=np.float64) for values in (first, second))
    drawn = _drawn(one, draws, seed) - _drawn(other, draws, seed + 1)
    return _between(float(one.mean() - other.mean()), drawn, level)


def _drawn(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Means of `draws` samples of the values with replacement, as many as there are: float64 (draws,)."""
    if not len(values) or not np.isfinite(values).all():
        raise CineMatchError(f"an interval needs a finite value for each of one user or more, got {len(values)} values")
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // len(values))
    return np.concatenate(
        [
            values[rng.integers(0, len(values), (min(step, draws - done), len(values)))].mean(axis=1)
            for done in range(0, draws, step)
        ]
    )


def _between(mean: float, drawn: np.ndarray, level: float) -> Interval:
    if not 0 < level < 1:
        raise CineMatchError(f"level must be between 0 and 1, got {level}")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high), level)


def by_activity(values: pd.DataFrame, histories: pd.DataFrame, edges: tuple[int, ...] = (10, 30, 100)) -> pd.DataFrame:
    """Means of the per-user `values` by how many ratings the users' histories hold; `edges` as lower bounds.

    TrainingMatrix are the classes in words, columns those of `values` and `users`, how many there are in each.
    """
    counts = histories["userId"].value_counts().reindex(values.index).fillna(0).to_numpy()
    starts = [0, *edges]
    words = [f"{low} to {high - 1}" for low, high in zip(starts, edges, strict=False)] + [f"{starts[-1]} and more"]
    at = np.searchsorted(np.asarray(edges), counts, side="right")
    grouped = values.groupby(at)
    table = grouped.mean().assign(users=grouped.size()).reindex(range(len(words)))
    table["users"] = table["users"].fillna(0).astype(int)
    return table.set_axis(pd.Index(words, name="ratings in the history"))
