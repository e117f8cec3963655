"""Splits of a table of interactions, with any ids and further columns, into tables; no row is lost or repeated."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.list_tables import check_columns


@dataclass(frozen=True)
class TableSplit:
    """Parts of a table; each row keeps its index and its columns.

    Attributes
    ----------
    train : what models learn from.
    histories : what is known, besides `train`, of users who are not in it; empty where all users are.
    held_out : what is to be found: give it to `evaluate_table`.

    """

    train: pd.DataFrame
    histories: pd.DataFrame
    held_out: pd.DataFrame


def split_table_by_users(
    table: pd.DataFrame, test_users: int | float = 0.2, held_out: float = 0.2, seed: int = 0
) -> TableSplit:
    """Test users drawn at random, a number or a share of all; of each, a share of the rows is held out.

    At least one row of each test user is held out, and users with a single row are not tested. This is strong
    generalization: models do not know the test users. Raises CineMatchError for missing columns (`user`, `item`),
    and where no user is left to test or to train on.
    """
    user, n_users = _codes(table, "user")
    _check_share("held_out", held_out)
    rng, counts = np.random.default_rng(seed), np.bincount(user, minlength=n_users)
    eligible = np.flatnonzero(counts > 1)
    number = round(test_users * n_users) if isinstance(test_users, float) else test_users
    if not 1 <= number <= len(eligible) or number == n_users:
        raise CineMatchError(
            f"test_users must be between 1 and {len(eligible)}, the users with more than one row, and leave some of "
            f"{n_users} to train on; got {test_users!r}"
        )
    is_tested = np.isin(user, rng.permutation(eligible)[:number])
    hidden = is_tested & _random_rows(user, np.maximum(1, np.rint(held_out * counts)), rng)
    return TableSplit(table[~is_tested], table[is_tested & ~hidden], table[hidden])


def split_table_at_random(table: pd.DataFrame, held_out: float = 0.25, by: str = "user", seed: int = 0) -> TableSplit:
    """A share of the rows of each user is held out or, with ``by="item"``, of each item; to the nearest number.

    ``by="item"`` with a share of 0.25 is the 75/25 split of Microsoft's recommenders. Raises CineMatchError for
    missing columns, and for another `by`.
    """
    if by not in ("user", "item"):
        raise CineMatchError(f"by must be user or item, got {by!r}")
    _check_share("held_out", held_out)
    group, n_groups = _codes(table, by)
    counts = np.bincount(group, minlength=n_groups)
    kept = np.rint((1 - held_out) * counts)
    return _in_two(table, _random_rows(group, counts - kept, np.random.default_rng(seed)))


def leave_last_out(table: pd.DataFrame, k: int = 1) -> TableSplit:
    """The last `k` rows of each user by `time` are held out; of equal times, those further down in the table.

    Users with `k` rows or fewer are not tested: all of their rows are in `train`. Raises CineMatchError for missing
    columns or times, and for k below 1.
    """
    if k < 1:
        raise CineMatchError(f"k must be 1 or more, got {k!r}")
    check_columns(table, "the rows", ["user", "item", "time"])
    user, n_users = _codes(table, "user")
    order = np.lexsort((np.arange(len(table)), table["time"].to_numpy(), user))
    counts = np.bincount(user, minlength=n_users)
    return _in_two(table, _last_rows(user, order, np.where(counts > k, k, 0)))


def split_table_by_time(table: pd.DataFrame, time: object) -> TableSplit:
    """Rows whose `time` is `time` or later are held out: those of users and items without earlier rows too.

    Raises CineMatchError for missing columns, and where all rows are on one side.
    """
    check_columns(table, "the rows", ["user", "item", "time"])
    later = (table["time"] >= time).to_numpy(dtype=bool)
    if later.all() or not later.any():
        first, last = table["time"].min(), table["time"].max()
        raise CineMatchError(f"time must be within those of the table, from {first} to {last}, got {time!r}")
    return _in_two(table, later)


def _in_two(table: pd.DataFrame, held_out: np.ndarray) -> TableSplit:
    return TableSplit(table[~held_out], table.iloc[:0], table[held_out])


def _codes(table: pd.DataFrame, column: str) -> tuple[np.ndarray, int]:
    """The number of each row's user or item, in the order of their first rows, and how many there are."""
    check_columns(table, "the rows", ["user", "item"])
    codes, names = pd.factorize(table[column])
    return codes, len(names)


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise CineMatchError(f"{name} must be between 0 and 1, got {value!r}")


def _random_rows(group: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """So many random rows of each group, `sizes` (groups,), as a mask: bool (rows,)."""
    return _last_rows(group, np.lexsort((rng.random(len(group)), group)), sizes)


def _last_rows(group: np.ndarray, order: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The last rows of each group in an order by groups, so many as `sizes`, as a mask: bool (rows,)."""
    ends = np.cumsum(np.bincount(group, minlength=len(sizes)))
    in_order = group[order]
    chosen = np.zeros(len(group), dtype=bool)
    chosen[order[ends[in_order] - np.arange(len(order)) <= sizes[in_order]]] = True
    return chosen
