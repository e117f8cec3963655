"""Data that need not be films: a table of user, item, weight and time, and optionally one of facts about the items."""

import numpy as np
import pandas as pd

from cinematch_lib.data.formats import read_table, row_lines
from cinematch_lib.data.layouts import DataFolder
from cinematch_lib.data.ratings import judge_ratings, refuse
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.sources import Source
from cinematch_lib.data.tables import INTERACTIONS, ITEMS, whole_numbers
from cinematch_lib.errors import CineMatchError

FILE = "interactions.csv"  # the name of the table in reports
_DISLIKED, _USUAL, _STRONG = 1.0, 4.0, 5.0  # stars


def read_items(found: DataFolder) -> tuple[pd.DataFrame, np.ndarray]:
    """The items as text, `movieId, title, genres, year, overview`, and the line of each in the table of facts.

    Those without facts come last, on line 0, with their names as titles. Items that are no numbers below 2^31 are
    numbered in the order of their names, and `item` is what the file calls them. Raises like `formats.read_table`.
    """
    rows, lines = _facts(found)
    numbers = _numbers(found, rows["item"])
    without = numbers.index[~numbers.index.isin(rows["item"])]
    rows = pd.concat([rows, pd.DataFrame({"item": without})], ignore_index=True).fillna("")
    rows["movieId"] = rows["item"].map(numbers).astype("str")
    rows["title"] = rows["title"].where(rows["title"].str.strip() != "", rows["item"])
    return rows, np.concatenate([lines, np.zeros(len(without), dtype=np.int64)])


def read_interactions(found: DataFolder, log: RejectLog) -> pd.DataFrame:
    """The interactions as ratings, as `ratings.judge_ratings` returns them.

    The weights of a user for an item are added up. A sum above 0 is a like: of 5 stars where it is above the median of
    the user's, else of 4; any other is a dislike of 1 star. Without weights, each row weighs 1. Raises CineMatchError.
    """
    source = found.sources["ratings"]
    rows = interaction_rows(source)
    return as_ratings(rows, _numbers(found, _facts(found)[0]["item"], rows), source, log)


def interaction_rows(source: Source) -> pd.DataFrame:
    """The rows of a table of interactions as text, each with an item. Raises CineMatchError."""
    rows = read_table(source, INTERACTIONS, loose=True)
    if rows.empty:
        raise CineMatchError(f"{source.path} holds no interactions, at most a first line; put the whole table there")
    refuse(source, rows["movieId"], rows["movieId"].str.strip() == "", "item", "an item")
    return rows


def as_ratings(rows: pd.DataFrame, numbers: pd.Series, source: Source, log: RejectLog) -> pd.DataFrame:
    """Interactions as ratings, as `read_interactions` tells; `numbers` are those of the items, int64, by name."""
    weights = _weights(rows, source)
    user, item = rows["userId"].str.strip(), rows["movieId"].str.strip()
    total = weights.groupby([user, item]).transform("sum")
    liked = total > 0
    if not liked.any():
        raise CineMatchError(f"{source.path} has no weight above 0, so nobody likes anything; what is liked needs one")
    usual = total.where(liked).groupby(user).transform("median")
    stars = np.where(liked, np.where(total > usual, _STRONG, _USUAL), _DISLIKED).astype(np.float32)
    table = pd.DataFrame({"userId": user, "movieId": item.map(numbers)})
    table = table.astype({"movieId": "int32"}).assign(rating=stars)
    if "timestamp" in rows:
        table["timestamp"] = rows["timestamp"]
    log.add_repair(FILE, "weights read as likes, of 5 stars above the median of their user and else of 4", len(rows))
    return judge_ratings(table, source, log)


def _facts(found: DataFolder) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of facts with the names of its items in the column `item`, and its lines; no rows without the file."""
    source = found.sources.get("movies")
    if source is None:
        return pd.DataFrame({"item": [], **{name: [] for name in ITEMS.optional}}, dtype="str"), np.zeros(0, np.int64)
    rows = read_table(source, ITEMS).rename(columns={"movieId": "item"})
    rows["item"] = rows["item"].str.strip()
    return rows.reindex(columns=["item", *ITEMS.optional], fill_value=""), row_lines(source, len(rows))


def _numbers(found: DataFolder, known: pd.Series, rows: pd.DataFrame | None = None) -> pd.Series:
    """The number of each item, int64, by its name."""
    rows = interaction_rows(found.sources["ratings"]) if rows is None else rows
    names = pd.Index(np.union1d(known.unique().astype(object), rows["movieId"].str.strip().unique().astype(object)))
    names = names[names != ""]
    return pd.Series(np.arange(1, len(names) + 1), index=names) if (own := own_numbers(names)) is None else own


def own_numbers(names: pd.Index) -> pd.Series | None:
    """The numbers, int64 by name, that items are called by, if they are different ones below 2^31; else None."""
    numbers = whole_numbers(names.to_series())
    if numbers.notna().all() and (numbers <= np.iinfo("int32").max).all() and numbers.is_unique:
        return numbers.astype("int64")
    return None


def _weights(rows: pd.DataFrame, source: Source) -> pd.Series:
    if "weight" not in rows:
        return pd.Series(1.0, index=rows.index)
    weights = rows["weight"]
    numbers = pd.to_numeric(weights, errors="coerce").astype("float64")
    refuse(source, weights.astype("str"), ~numbers.between(-np.inf, np.inf, inclusive="neither"), "weight", "a number")
    return numbers
