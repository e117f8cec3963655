"""The films that pass some filters."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

BLOCK = 1 << 18  # films whose scores stay in the cache of a processor


@dataclass(frozen=True, eq=False)
class Selection:
    """The films that pass some filters.

    Attributes
    ----------
    rows : int64 (n,), the films' rows, ascending; read-only.
    genre_share : float32 (n,), the share of the preferred genres that each film has, 0 to 1; read-only.
    recurs : whether more people are likely to want the same films, so that what is worked out of them is worth keeping.

    """

    rows: np.ndarray
    genre_share: np.ndarray
    recurs: bool = True
    _restricted: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.rows.flags.writeable = self.genre_share.flags.writeable = False

    @classmethod
    def everything(cls, n_films: int) -> "Selection":
        """All of `n_films` films, without preferred genres."""
        return cls(np.arange(n_films), np.zeros(n_films, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, positions: np.ndarray) -> "Selection":
        """The films at these positions, int64 (m,) and ascending, of the selection: a choice for one person."""
        return Selection(self.rows[positions], self.genre_share[positions], recurs=False)

    @cached_property
    def blocks(self) -> list["Selection"]:
        """The selection in parts, each of the films whose rows divided by `BLOCK`, without the rest, are the same."""
        starts = [0, *(np.flatnonzero(np.diff(self.rows // BLOCK)) + 1).tolist(), len(self)]
        return [
            Selection(self.rows[start:end], self.genre_share[start:end], self.recurs) for start, end in pairwise(starts)
        ]

    def restrict(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection: (n, …)."""
        restricted: np.ndarray = values if len(self) == len(values) else values.take(self.rows, axis=0)
        return restricted

    def take(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection; cached, read-only.

        For values that are the same for every user.
        """
        if id(values) not in self._restricted:
            taken = self.restrict(values).view()
            taken.flags.writeable = False
            self._restricted[id(values)] = values, taken  # keeping `values` alive keeps its id from being reused
        return self._restricted[id(values)][1]
