"""The numbers that stand in lists of a high total weight, found without a look at all numbers."""

from collections.abc import Sequence

import numpy as np

_ROUNDING = 1e-6  # relative, of the sums


class WeightedLists:
    """Lists of numbers, and the sum of the weights of the lists that hold each number.

    Parameters
    ----------
    lists : int32 (any,) each, 0 to n − 1; a number stands at most once in a list.
    weights : float (lists,), above 0. The bounds are best where a longer list has no higher weight.
    n : how many numbers there are.

    Attributes
    ----------
    sums : float32 (n,), the sum of the weights of the lists that hold each number.

    """

    def __init__(self, lists: Sequence[np.ndarray], weights: np.ndarray, n: int) -> None:
        order = sorted(range(len(lists)), key=lambda at: len(lists[at]))
        self._lists, self._weights = [lists[at] for at in order], weights[order]
        self.sums = np.zeros(n, dtype=np.float32)
        for numbers, weight in zip(self._lists, self._weights.astype(np.float32), strict=True):
            np.add.at(self.sums, numbers, weight)

    def some(self, n: int) -> np.ndarray:
        """The numbers of the shortest lists, of as many as have `n` entries together: ascending."""
        entries = np.cumsum([len(numbers) for numbers in self._lists])
        return distinct(np.concatenate(self._lists[: int(np.searchsorted(entries, n)) + 1]))

    def at_least(self, least: float) -> np.ndarray:
        """The numbers that stand in a list and whose sum is `least` or more: ascending."""
        least *= 1 - _ROUNDING
        highest = np.cumsum(self._weights[::-1])[::-1]  # sum of a number that no shorter list holds
        numbers = np.concatenate(self._lists[: max(int(np.count_nonzero(highest >= least)), 1)])
        return distinct(numbers[self.sums[numbers] >= least])


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values, ascending; faster than numpy's `unique` on arrays as short as these."""
    ordered: np.ndarray = np.sort(values)
    distinct: np.ndarray = ordered[np.append(ordered[:1] >= 0, ordered[1:] != ordered[:-1])]
    return distinct
