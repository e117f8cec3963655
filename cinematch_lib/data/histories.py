"""The histories of many people in one file, which is a table of ratings or of interactions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.data.formats import column_names, read_table
from cinematch_lib.data.interactions import as_ratings, interaction_rows, own_numbers
from cinematch_lib.data.ratings import judge_ratings, names_of_users
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source, canonical_columns
from cinematch_lib.data.tables import INTERACTIONS, RATINGS
from cinematch_lib.errors import CineMatchError


@dataclass(frozen=True)
class Histories:
    """The ratings, as `ratings.judge_ratings` returns them, and the names of users and items that are text.

    `user_names` are in the order of the numbers in `ratings`, from 1, and `item_names` by these numbers; None where the
    file has numbers itself.
    """

    ratings: pd.DataFrame
    user_names: pd.Index | None
    item_names: Mapping[int, str] | None


def read_histories(source: Source, item_numbers: Mapping[str, int], log: RejectLog) -> Histories:
    """The histories of a file in any form that a data set's table of ratings or interactions may have.

    `item_numbers` are the numbers of the items that a run knows by name; items of other names have numbers beyond them.
    Raises CineMatchError for a file of another kind, and for names where the run has none.
    """
    if not _has_interactions(source, named=bool(item_numbers)):
        rows = read_table(source, RATINGS, loose=True)
        return Histories(judge_ratings(rows, source, log), names_of_users(rows["userId"]), None)
    rows = interaction_rows(source)
    names = pd.Index(rows["movieId"].str.strip().unique())
    if item_numbers:
        known = names.map(item_numbers)
        beyond = max(item_numbers.values()) + 1 + np.arange(len(names))
        numbers = pd.Series(np.where(known.isna(), beyond, known).astype(np.int64), index=names)
        item_names = {number: name for name, number in item_numbers.items()}
    elif (own := own_numbers(names)) is not None:
        numbers, item_names = own, None
    else:
        raise CineMatchError(
            f"{source.path} names items as {names[0]!r}, and the run knows films by number; give movieId numbers"
        )
    return Histories(as_ratings(rows, numbers, source, log), names_of_users(rows["userId"]), item_names)


def _has_interactions(source: Source, *, named: bool) -> bool:
    """Whether the file has no ratings, but weights, or else users and items where the run knows these by name."""
    header = column_names(source, INTERACTIONS.required)
    found = canonical_columns(header, [*INTERACTIONS.columns, "rating"])
    return set(INTERACTIONS.required) <= set(found) and "rating" not in found and (named or "weight" in found)
