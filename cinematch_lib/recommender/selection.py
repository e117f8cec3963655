"""The films that pass some filters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import ref

import numpy as np
from scipy import sparse


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
    _taken: dict[int, tuple["ref[np.ndarray]", np.ndarray]] = field(default_factory=dict, repr=False)
    _parts: dict[int, tuple[np.ndarray, tuple[np.ndarray, "Selection"]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.rows.flags.writeable = self.genre_share.flags.writeable = False

    @classmethod
    def everything(cls, n_films: int) -> "Selection":
        """All of `n_films` films, without preferred genres."""
        return cls(np.arange(n_films), np.zeros(n_films, dtype=np.float32))

    @cached_property
    def has_genres(self) -> bool:
        """Whether any film has a preferred genre."""
        return bool(self.genre_share.any())

    def __len__(self) -> int:
        return len(self.rows)

    def positions(self, rows: np.ndarray) -> np.ndarray:
        """Where the films of some rows, int64 (any,), stand in the selection, without those that it lacks: int64."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        positions = self.rows.searchsorted(rows)
        found: np.ndarray = positions[self.rows.take(positions, mode="clip") == rows]
        return found

    def part(self, positions: np.ndarray) -> "Selection":
        """The films at these positions, int64 (m,) and ascending, of the selection: a choice for one person."""
        return Selection(self.rows[positions], self.genre_share[positions], recurs=False)

    def chosen(self, is_chosen: np.ndarray) -> tuple[np.ndarray, "Selection"]:
        """The positions of the films of which `is_chosen`, bool (films,), is True, int64 (m,), and these; cached."""
        if id(is_chosen) not in self._parts:
            positions = np.flatnonzero(self.restrict(is_chosen))
            part = Selection(self.rows[positions], self.genre_share[positions], self.recurs)
            self._parts[id(is_chosen)] = is_chosen, (positions, part)  # alive, so that its id is not used again
        return self._parts[id(is_chosen)][1]

    def restrict(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection: (n, …)."""
        restricted: np.ndarray = values if len(self) == len(values) else values.take(self.rows, axis=0)
        return restricted

    def take(self, values: np.ndarray) -> np.ndarray:
        """`values`, (films, …), restricted to this selection: (n, …); read-only, and cached while `values` exists.

        For values that are the same for every user.
        """
        found = self._taken.get(id(values))
        if found is not None and found[0]() is values:  # an array that is gone may have had the same id
            return found[1]
        taken = self._take(values)
        taken.flags.writeable = False
        if taken.base is not values:  # a view keeps its array, and takes no time
            self._forget_gone_arrays()
            self._taken[id(values)] = ref(values), taken
        return taken

    def _take(self, values: np.ndarray) -> np.ndarray:
        return self.restrict(values).view()

    def _forget_gone_arrays(self) -> None:
        for key, (array, _) in self._taken.copy().items():
            if array() is None:
                self._taken.pop(key, None)


@dataclass(frozen=True, eq=False)
class Block(Selection):
    """Films in groups, as a table whose columns are the groups, and its rows the first, the second … film of each.

    `rows`, which are not in order, are the rows of the table, one after another.
    """

    n_groups: int = 1
    _kept: dict[int, tuple[object, Any]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, table: np.ndarray) -> "Block":
        """Of the rows of films, int64 (films of a group, groups), without preferred genres."""
        return cls(table.ravel(), np.zeros(table.size, dtype=np.float32), n_groups=table.shape[1])

    def restrict(self, values: np.ndarray) -> np.ndarray:
        """`values`, (all films, …), of these films: (n, …)."""
        taken: np.ndarray = values.take(self.rows, axis=0)
        return taken

    def _take(self, values: np.ndarray) -> np.ndarray:
        """Where all values are the same, one of them stands for all: (1, …)."""
        taken = self.restrict(values)
        return taken[:1].copy() if (taken == taken[0]).all() else taken

    def kept(self, owner: object, make: Callable[[], np.ndarray | sparse.csc_matrix]) -> Any:
        """What `make` makes of the films for an object, which makes the same each time; cached."""
        if id(owner) not in self._kept:
            self._kept[id(owner)] = owner, make()  # keeping `owner` alive keeps its id from being reused
        return self._kept[id(owner)][1]

    def table(self, values: np.ndarray) -> np.ndarray:
        """Values of the films, (n,) or (1,), as (films of a group, groups) or (1, 1)."""
        return values.reshape(-1, self.n_groups if len(values) > 1 else 1)
