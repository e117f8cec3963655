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
    alike : bool (n,), the films that count, of which `take` may give one value; the others stand between them only
        because whole blocks take less time. None where all count.

    """

    rows: np.ndarray
    genre_share: np.ndarray
    recurs: bool = True
    alike: np.ndarray | None = field(default=None, repr=False)
    _restricted: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)
    _parts: dict[int, tuple[np.ndarray, tuple[np.ndarray, "Selection", "Selection"]]] = field(
        default_factory=dict, repr=False
    )

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
            Selection(
                self.rows[start:end],
                self.genre_share[start:end],
                self.recurs,
                None if self.alike is None else self.alike[start:end],
            )
            for start, end in pairwise(starts)
        ]

    def split(self, is_first: np.ndarray) -> tuple[np.ndarray, "Selection", "Selection"]:
        """The positions of the films of which `is_first`, bool (films,), is True, int64 (m,), and two selections.

        These are that of these films, and the whole one, with the others as those that are alike; cached.
        """
        if id(is_first) not in self._parts:
            chosen = self.restrict(is_first)
            positions = np.flatnonzero(chosen)
            first = Selection(self.rows[positions], self.genre_share[positions], self.recurs)
            parts = positions, first, Selection(self.rows, self.genre_share, self.recurs, ~chosen)
            self._parts[id(is_first)] = is_first, parts  # keeping `is_first` alive keeps its id from being reused
        return self._parts[id(is_first)][1]

    def restrict(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection: (n, …)."""
        restricted: np.ndarray = values if len(self) == len(values) else values.take(self.rows, axis=0)
        return restricted

    def take(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection: (n, …); cached, read-only.

        For values that are the same for every user. Where they are also the same for all films that are `alike`, one of
        them stands for all: (1, …).
        """
        if id(values) not in self._restricted:
            taken = self.restrict(values).view()
            if self.alike is not None and len(of_alike := taken[self.alike]) and (of_alike == of_alike[0]).all():
                taken = of_alike[:1].copy()
            taken.flags.writeable = False
            self._restricted[id(values)] = values, taken  # keeping `values` alive keeps its id from being reused
        return self._restricted[id(values)][1]
