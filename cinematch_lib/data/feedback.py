"""Opinions that people gave on a server, as a shard of ratings in the catalog's folder, and joined with a data set's.

People go by pseudonyms: numbers in the order of a keyed hash of their ids. The key is new in each export and kept
nowhere, so that neither ids nor other exports can be joined to it, and times are days.

What a few can do is bounded: a person counts a part of a user of the data set, with a limited number of films, and
people who say nearly the same count together as one.
"""

import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from cinematch_lib.data.formats import read_table
from cinematch_lib.data.tables import RATINGS
from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.files import atomic_write

FEEDBACK = "feedback_ratings.csv"  # in the folder of the catalog
FEEDBACK_USERS = 1_000_000_000  # the pseudonyms begin here; the users of data sets have smaller numbers
FEEDBACK_WEIGHT = 0.25  # of such a user; one of a data set has 1
MAX_FILMS = 100  # of one user; the newest count
_THE_SAME = 0.8  # the cosine of the stars of two users from which on they count as one
_BLOCK = 1000  # users compared with all others at once
_DAY = 86_400


class Opinion(NamedTuple):
    """A user's opinion on a film in stars, and its time in seconds since 1970."""

    user: str
    movie_id: int
    stars: float
    time: float


def write_feedback(opinions: Iterable[Opinion], data_dir: Path) -> bool:
    """Write the shard of these opinions, of each user the newest MAX_FILMS; whether it differs from the one before.

    A shard of the same opinions stays as it is, with its pseudonyms; without opinions, there is none.
    """
    target = data_dir / FEEDBACK
    new, old = _bounded(opinions), read_feedback(data_dir)
    if _without_names(new) == _without_names(old):
        return False
    if new.empty:
        target.unlink()
        return True
    key = secrets.token_bytes(32)
    order = sorted(new["userId"].unique(), key=lambda name: hashlib.blake2b(name.encode(), key=key).digest())
    numbers = {name: FEEDBACK_USERS + at for at, name in enumerate(order)}
    shard = new.assign(userId=new["userId"].map(numbers)).sort_values(["userId", "movieId"])
    with atomic_write(target, mode=0o600) as part:
        shard.to_csv(part, index=False, lineterminator="\n")
    return True


def read_feedback(data_dir: Path) -> pd.DataFrame:
    """The shard in `data_dir`: `userId, movieId, rating, timestamp`; empty where there is none."""
    path = data_dir / FEEDBACK
    if path.is_file():
        return read_table(path, RATINGS)
    dtypes = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})


def join_feedback(
    ratings: pd.DataFrame, films: pd.Series, data_dir: Path, weight: float = FEEDBACK_WEIGHT
) -> pd.DataFrame:
    """The ratings of a data set with those of `films`, movieIds, in the shard in `data_dir`, and a column `weight`.

    Of a user of the data set it is 1, of others `weight` / the number of those who say the same. Without such a shard,
    or with a weight of 0, the ratings come as they are. Times are left out where the data set has none. Raises
    CineMatchError for a weight outside 0 to 1.
    """
    if not 0 <= weight <= 1:
        raise CineMatchError(
            f"feedback_weight must be from 0 to 1, the weight of a user of the data set, got {weight!r}"
        )
    shard = read_feedback(data_dir)
    shard = shard[shard["movieId"].isin(films)]
    if shard.empty or not weight:
        return ratings
    shard = shard[list(ratings)].astype(ratings.dtypes.to_dict())
    weighted = shard.assign(weight=np.float32(weight) / like_minded(shard))
    return pd.concat([ratings.assign(weight=np.float32(1)), weighted], ignore_index=True)


def like_minded(ratings: pd.DataFrame) -> np.ndarray:
    """Of each rating the number of users who say nearly the same as its user, with that one: float32 (ratings,)."""
    (user, users), (film, films) = (pd.factorize(ratings[name]) for name in ("userId", "movieId"))
    stars = sparse.csr_matrix((ratings["rating"].to_numpy(float), (user, film)), shape=(len(users), len(films)))
    unit = sparse.diags_array(1 / sparse.linalg.norm(stars, axis=1)) @ stars
    blocks = (unit[start : start + _BLOCK] @ unit.T >= _THE_SAME for start in range(0, len(users), _BLOCK))
    counts = np.concatenate([np.asarray(block.sum(axis=1)).ravel() for block in blocks])
    return counts[user].astype(np.float32)


def _bounded(opinions: Iterable[Opinion]) -> pd.DataFrame:
    table = pd.DataFrame(list(opinions), columns=["userId", "movieId", "rating", "timestamp"])
    table = table[table["movieId"] <= np.iinfo("int32").max]
    table["timestamp"] = table["timestamp"].astype("int64") // _DAY * _DAY
    newest = table.sort_values(["userId", "timestamp", "movieId"], kind="stable").groupby("userId").tail(MAX_FILMS)
    return newest.reset_index(drop=True)


def _without_names(table: pd.DataFrame) -> list[list[tuple[int, float, int]]]:
    """The opinions of each user, in an order that does not depend on what the users are called."""
    rows = zip(table["userId"], table["movieId"], table["rating"], table["timestamp"], strict=True)
    of_user: dict[object, list[tuple[int, float, int]]] = {}
    for user, *opinion in rows:
        movie_id, stars, time = opinion
        of_user.setdefault(user, []).append((int(movie_id), float(stars), int(time)))
    return sorted(sorted(one) for one in of_user.values())
