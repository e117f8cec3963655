"""Who is tested on what: a protocol as rounds of splits, and other users on whom rivals' values are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cinematch_lib.data.movielens import read_movies
from cinematch_lib.data.tables import whole_numbers
from cinematch_lib.errors import CineMatchError, NothingToDoError, UnknownNameError, close_names
from cinematch_lib.evaluation.splits import (
    LEAST_LIKES,
    Split,
    folds_by_users,
    split_by_time,
    split_by_users,
    split_liang2018,
)
from cinematch_lib.features import with_tags
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.storage.files import sha256

PROTOCOLS = ("users", "time", "liang2018")
_FEW = 1000  # up to so many users, all are tested in turn; of more, a part is tested once
_FOLDS, _MOST_TESTED, _MOST_VALIDATED = 4, 1000, 500
LEAST_TESTED, LEAST_FILMS = 10, 20
PAST = 0.8  # by time: the part of the ratings that lies before the date, where none is named


@dataclass(frozen=True)
class Round:
    """A split with what was known of the films at its time: `catalog`, without what test users say of them."""

    split: Split
    catalog: pd.DataFrame


@dataclass(frozen=True)
class Plan:
    """A protocol: rounds whose test users differ, and a round of other users on whom values are chosen.

    Nothing that is to be found in `rounds` is in any table of `validation`.
    """

    protocol: str
    rounds: Sequence[Round]
    validation: Round
    says: str

    @property
    def held_out(self) -> pd.DataFrame:
        """What is to be found, of all rounds."""
        return pd.concat([one.split.held_out for one in self.rounds])

    @property
    def histories(self) -> pd.DataFrame:
        """What the models are shown of the test users, of all rounds."""
        return pd.concat([one.split.histories for one in self.rounds])

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of what is shown and what is to be found: two plans with the same one are comparable by user."""
        tables = [table[["userId", "movieId"]].to_numpy(dtype="<i8") for table in (self.histories, self.held_out)]
        in_order = [table[np.lexsort(table.T[::-1])] for table in tables]
        return sha256(b"|".join(table.tobytes() for table in in_order))


def plan(
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    *,
    protocol: str = "users",
    folds: int | None = None,
    test_users: int | None = None,
    date: str | float = PAST,
    seed: int = 0,
) -> Plan:
    """Lay out a protocol: ``users``, ``time`` or ``liang2018`` (see `splits`).

    With `users`, every able user is tested in one of `folds` rounds, but for as many as one round has, on whom
    values are chosen; or, with one fold, `test_users` of them. None takes four folds for up to 1,000 users,
    else one with a fifth of the users, 1,000 at the most. `date` is where time is cut. `films` is the catalog
    and `tags` is as read from tags.csv. Raises NothingToDoError where fewer than ten users can be tested, and
    CineMatchError for what cannot be met.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(
            f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}", close_names(protocol, PROTOCOLS)
        )
    able = eligible_users(ratings)
    if able < LEAST_TESTED or len(films) < LEAST_FILMS:
        raise NothingToDoError(
            f"{able} users like {LEAST_LIKES} of the {len(films):,} films or more; an evaluation needs {LEAST_TESTED} "
            f"such users and {LEAST_FILMS} films at the least, so there is nothing to measure with"
        )
    if protocol == "time":
        return _by_time(ratings, films, tags, date, seed)
    if protocol == "liang2018":
        return _liang2018(ratings, films, tags, test_users, seed)
    if folds is None:
        folds = _FOLDS if test_users is None and ratings["userId"].nunique() <= _FEW else 1
    if folds > 1:
        return _in_folds(ratings, films, tags, folds, seed)
    return _at_once(ratings, films, tags, test_users, able, seed)


def eligible_users(ratings: pd.DataFrame) -> int:
    """How many users like enough films to be tested."""
    likes = ratings.loc[ratings["rating"] >= LIKED, "userId"].value_counts()
    return int((likes >= LEAST_LIKES).sum())


def films_for(protocol: str, folder: Path, catalog: pd.DataFrame) -> pd.DataFrame:
    """The films that a protocol ranks: the run's `catalog`; as published, all of the data set's for ``liang2018``."""
    if protocol != "liang2018":
        return catalog
    films = read_movies(folder)
    return films.assign(movieId=whole_numbers(films["movieId"])).dropna(subset="movieId").astype({"movieId": "int64"})


def _in_folds(ratings: pd.DataFrame, films: pd.DataFrame, tags: pd.DataFrame | None, folds: int, seed: int) -> Plan:
    first, *tested = folds_by_users(ratings, folds + 1, seed=seed)
    hidden = np.concatenate([split.held_out.index for split in tested])
    first = replace(first, train=first.train.drop(hidden))
    users = sum(len(split.users) for split in tested)
    return Plan(
        "users",
        [round_of(split, films, tags) for split in tested],
        round_of(first, films, tags, also=np.concatenate([split.users for split in tested])),
        f"{users:,} users are tested, a {_nth(folds)} of them at a time by models that learned from all the others; "
        f"values are chosen on {len(first.users):,} users who are not tested.",
    )


def _at_once(
    ratings: pd.DataFrame, films: pd.DataFrame, tags: pd.DataFrame | None, test_users: int | None, able: int, seed: int
) -> Plan:
    users = min(_MOST_TESTED, max(able // 5, 1)) if test_users is None else test_users
    split = split_by_users(ratings, users, seed=seed)
    inner = _validation(split.train, seed)
    return Plan(
        "users",
        [round_of(split, films, tags)],
        round_of(inner, films, tags, also=split.users),
        f"{len(split.users):,} users are tested by models that learned from the other "
        f"{split.train.userId.nunique():,}; values are chosen on {len(inner.users):,} of those.",
    )


def _by_time(
    ratings: pd.DataFrame, films: pd.DataFrame, tags: pd.DataFrame | None, date: str | float, seed: int
) -> Plan:
    split = split_by_time(ratings, date)
    if eligible_users(split.train) < LEAST_TESTED:
        raise NothingToDoError(
            f"{eligible_users(split.train)} users like {LEAST_LIKES} films before {date}, and "
            f"learning needs {LEAST_TESTED}"
        )
    first = min(table["timestamp"].min() for table in (split.held_out, split.unused) if len(table))
    known = None
    if tags is not None and "timestamp" in tags:
        known = tags[pd.to_numeric(tags["timestamp"], errors="coerce") < first]
    known_then = Round(split, with_tags(films, known))
    inner = _validation(split.train, seed)
    shown = split.histories["userId"].nunique()
    return Plan(
        "time",
        [known_then],
        round_of(inner, films, known),
        f"What was rated before {pd.Timestamp(first, unit='s'):%-d %B %Y} is known; {len(split.users):,} people liked "
        f"something from then on, {shown:,} of whom had rated before.",
    )


def _liang2018(
    ratings: pd.DataFrame, films: pd.DataFrame, tags: pd.DataFrame | None, test_users: int | None, seed: int
) -> Plan:
    split = split_liang2018(ratings, 10_000 if test_users is None else test_users, seed=seed or 98765)
    films = films[films["movieId"].isin(split.train["movieId"].unique())]
    inner = _validation(split.train, seed)
    return Plan(
        "liang2018",
        [round_of(split, films, tags)],
        round_of(inner, films, tags, also=split.users),
        f"{len(split.users):,} users are tested as Liang et al. 2018 did, on likes alone, among the {len(films):,} "
        f"films that the other users like; values are chosen on {len(inner.users):,} of those.",
    )


def _validation(train: pd.DataFrame, seed: int) -> Split:
    """Users held out of training ratings to choose values on: a fifth of those that are able, 500 at the most."""
    able = eligible_users(train)
    if able < LEAST_TESTED:
        raise CineMatchError(
            f"{able} users are left to learn from who like {LEAST_LIKES} films or more, and choosing values needs "
            f"{LEAST_TESTED}; test fewer users or cut later"
        )
    return split_by_users(train, min(_MOST_VALIDATED, max(able // 5, 1)), seed=seed)


def round_of(split: Split, films: pd.DataFrame, tags: pd.DataFrame | None, also: Sequence[int] = ()) -> Round:
    """A round in which nothing is known of how its test users, and those in `also`, tagged films."""
    if tags is None:
        return Round(split, films)
    silent = np.union1d(split.users, np.asarray(also, dtype=np.int64))
    return Round(split, with_tags(films, tags[~whole_numbers(tags["userId"]).isin(silent)]))


def _nth(folds: int) -> str:
    return {2: "half", 3: "third", 4: "quarter", 5: "fifth"}.get(folds, f"{folds}th")
