"""Recommendations of any origin: lists in a table, with any ids, measured and compared as our own models' are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.intervals import Interval, difference, interval
from cinematch_lib.evaluation.metrics import accuracy


@dataclass(frozen=True)
class TableResult:
    """The metrics of lists of several models.

    Attributes
    ----------
    by_user : a table for each model: float64 (users, metrics), indexed by the users of the held-out table.

    """

    by_user: Mapping[str, pd.DataFrame]

    def intervals(self) -> pd.DataFrame:
        """The mean of each metric with its 95 % interval: `Interval`, (models, metrics)."""
        rows = {
            name: {metric: interval(values[metric]) for metric in values.columns}
            for name, values in self.by_user.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def differences(self, baseline: str) -> pd.DataFrame:
        """Each other model less the `baseline`, paired by user, with 95 % intervals: `Interval`, (models, metrics).

        Raises CineMatchError for an unknown baseline.
        """
        if baseline not in self.by_user:
            raise CineMatchError(f"baseline must be one of {', '.join(self.by_user)}, got {baseline!r}")
        base = self.by_user[baseline]
        rows: dict[str, dict[str, Interval]] = {
            name: {metric: difference(values[metric], base[metric]) for metric in base.columns}
            for name, values in self.by_user.items()
            if name != baseline
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=base.columns)


def evaluate_table(
    recommendations: pd.DataFrame | Mapping[str, pd.DataFrame], held_out: pd.DataFrame, ks: Sequence[int] = (10, 20)
) -> TableResult:
    """The metrics of `metrics.accuracy` for lists from anywhere.

    Parameters
    ----------
    recommendations : one table, or one for each model by its name, with the columns `user`, `item`, and `rank` (1 is
        the best) or `score` (the highest is the best; equal scores count in the order of the table). Ids are of any
        type; one that is a number in one table and text in another is not the same.
    held_out : the relevant items: `user`, `item`. Each user here counts, by 0 where there is no list.
    ks : the lengths at which lists are cut.

    Raises CineMatchError for missing columns or values, and for lists that repeat an item or a rank.

    >>> lists = pd.DataFrame({"user": "anna", "item": ["a", "b", "c"], "score": [0.9, 0.5, 0.7]})
    >>> result = evaluate_table(lists, pd.DataFrame({"user": ["anna", "bob"], "item": ["c", "a"]}), ks=[2])
    >>> result.by_user["model"]["mrr@2"].to_dict()
    {'anna': 0.5, 'bob': 0.0}

    """
    tables = recommendations if isinstance(recommendations, Mapping) else {"model": recommendations}
    check_columns(held_out, "held_out", ["user", "item"])
    if held_out.empty:
        raise CineMatchError("held_out has no rows; it must have the relevant items of each user")
    users, items = pd.Index(pd.factorize(held_out["user"], sort=True)[1]), pd.Index(held_out["item"].unique())
    relevant = pd.DataFrame(
        {"userId": _positions(users, held_out["user"]), "movieId": _positions(items, held_out["item"])}
    )
    return TableResult(
        {
            name: _measured(f"recommendations of {name}", table, relevant, users, items, ks)
            for name, table in tables.items()
        }
    )


def _measured(
    what: str, table: pd.DataFrame, relevant: pd.DataFrame, users: pd.Index, items: pd.Index, ks: Sequence[int]
) -> pd.DataFrame:
    check_columns(table, what, ["user", "item"])
    if not {"rank", "score"} & set(table.columns):
        raise CineMatchError(f"{what} need a column rank or score; they have {', '.join(map(str, table.columns))}")
    of_users = table[table["user"].isin(users)]
    if len(table) and of_users.empty:
        examples = f"{table['user'].iloc[0]!r} and {users[0]!r}"
        raise CineMatchError(f"{what} are of no user of held_out; the ids are such as {examples}; make them alike")
    check_columns(of_users, what, ["rank" if "rank" in table else "score"])
    lists = pd.DataFrame({"userId": _positions(users, of_users["user"]), "movieId": _numbers(items, of_users["item"])})
    if "rank" in table:
        lists["rank"] = of_users["rank"].to_numpy(dtype=np.int64)
    else:
        lists["rank"] = ranks_by_score(lists["userId"], of_users["score"])
    values = accuracy(lists, relevant, ks)
    return values.set_index(users[values.index]).rename_axis("user")


def _positions(known: pd.Index, ids: pd.Series) -> np.ndarray:
    """The position of each id among those that are known; −1 for others."""
    positions: np.ndarray = known.get_indexer(pd.Index(ids))
    return positions


def _numbers(known: pd.Index, ids: pd.Series) -> np.ndarray:
    """The same, with a number of its own for each other id."""
    numbers = _positions(known, ids)
    others = numbers < 0
    numbers[others] = len(known) + pd.factorize(ids[others])[0]
    return numbers


def ranks_by_score(users: pd.Series | np.ndarray, scores: pd.Series) -> np.ndarray:
    """The rank of each row among those of its user (numbers), by falling score: int64 from 1."""
    order = np.lexsort((np.arange(len(scores)), -scores.to_numpy(dtype=np.float64), users))
    ranks = np.empty(len(scores), dtype=np.int64)
    of_users = pd.Series(np.asarray(users)[order])
    ranks[order] = of_users.groupby(of_users).cumcount().to_numpy() + 1
    return ranks


def check_columns(table: pd.DataFrame, what: str, columns: Sequence[str]) -> None:
    """Raise CineMatchError if a table lacks one of the `columns`, or a value in one."""
    if missing := [name for name in columns if name not in table]:
        raise CineMatchError(
            f"{what} lack the column {missing[0]}; they have {', '.join(map(str, table.columns))}; rename yours"
        )
    for name in columns:
        if table[name].isna().any():
            row = int(np.flatnonzero(table[name].isna())[0])
            raise CineMatchError(f"{what} have no {name} in row {row} (of {len(table):,}, from 0)")
