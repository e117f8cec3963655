"""Evaluation protocols: folds of train and test data, and separate validation users for hyperparameters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cinematch_lib.data.feedback import FEEDBACK_USERS
from cinematch_lib.data.movielens import read_movies
from cinematch_lib.data.tables import whole_numbers
from cinematch_lib.errors import CineMatchError, NothingToDoError
from cinematch_lib.evaluation.splits import (
    MIN_LIKES,
    Split,
    folds_by_users,
    split_by_times,
    split_by_users,
    split_liang2018,
)
from cinematch_lib.features import with_tags
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.storage.files import sha256
from cinematch_lib.vocabulary.choices import PROTOCOLS, check_choice

MIN_TEST_USERS, MIN_FILMS = 10, 20
_TRAIN_SHARE = 0.8  # by time: the share of the ratings before the date, if no date is given
_CROSS_VALIDATED = 1000  # with at most so many users, all of them are tested, in folds
_FOLDS, _MAX_TEST_USERS, _MAX_VALIDATION_USERS, _LIANG2018_USERS = 4, 1000, 500, 10_000
_Tags = pd.DataFrame | None  # the table of tags.csv


@dataclass(frozen=True)
class Fold:
    """A split, and the `catalog` with what was known of the films: without tags by the test users."""

    split: Split
    catalog: pd.DataFrame


@dataclass(frozen=True)
class Protocol:
    """Folds with disjoint test users, and one fold of other users for the choice of hyperparameters.

    No rating that is held out in `folds` occurs in any table of `validation`. `description` is a sentence.
    """

    name: str
    folds: Sequence[Fold]
    validation: Fold
    description: str

    @property
    def by_time(self) -> bool:
        """Whether all held-out likes are later than the histories."""
        return self.name == "time"

    @property
    def held_out(self) -> pd.DataFrame:
        """The held-out likes of all folds."""
        return pd.concat([fold.split.held_out for fold in self.folds])

    @property
    def histories(self) -> pd.DataFrame:
        """The histories of the test users of all folds."""
        return pd.concat([fold.split.histories for fold in self.folds])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of histories and held-out likes: with equal ones, two evaluations can be paired by user."""
        tables = [table[["userId", "movieId"]].to_numpy(dtype="<i8") for table in (self.histories, self.held_out)]
        in_order = [table[np.lexsort(table.T[::-1])] for table in tables]
        return sha256(b"|".join(table.tobytes() for table in in_order))


def make_protocol(
    ratings: pd.DataFrame,
    films: pd.DataFrame,
    tags: pd.DataFrame | None = None,
    *,
    name: str = "users",
    folds: int | None = None,
    test_users: int | None = None,
    date: str | float | None = None,
    seed: int = 0,
    same_users: Sequence[int] | np.ndarray = (),
) -> Protocol:
    """The protocol `name`: ``users``, ``time`` or ``liang2018`` (see `splits`).

    With `users`, every eligible user is tested in one of `folds`, except for one more fold that serves for
    validation; with a single fold, `test_users` are tested. By default there are four folds for up to 1,000 users,
    and else one fold with a fifth of the users, at most 1,000. `date` separates train and test data by time; by
    default a fifth of the ratings come after it. Several dates, with commas, are each tested up to the next, and a user
    at one of them. Of a single fold, `same_users` are tested in place of others if ten of
    them or more are eligible; so two sets of ratings are measured on the same people. `films` is the catalog and `tags`
    the table of tags.csv. Feedback from a server (users from FEEDBACK_USERS on) is trained on as far as it is older
    than what is held out by time, and never tested. Raises NothingToDoError if fewer than ten users can be tested, and
    CineMatchError for arguments that cannot be met.
    """
    check_choice("protocol", name, PROTOCOLS)
    is_feedback = ratings["userId"] >= FEEDBACK_USERS
    if is_feedback.any():
        options: dict[str, Any] = {"folds": folds, "test_users": test_users, "date": date, "seed": seed}
        own = make_protocol(ratings[~is_feedback], films, tags, name=name, same_users=same_users, **options)
        return own if name == "liang2018" else _trained_on(own, ratings[is_feedback])
    eligible = count_eligible_users(ratings)
    if eligible < MIN_TEST_USERS or len(films) < MIN_FILMS:
        raise NothingToDoError(
            f"{eligible} users like {MIN_LIKES} of the {len(films):,} films or more; an evaluation needs "
            f"{MIN_TEST_USERS} such users and {MIN_FILMS} films at the least, so there is nothing to measure with"
        )
    if name == "time":
        return _by_time(ratings, films, tags, _dates(date), seed)
    if name == "liang2018":
        return _liang2018(ratings, films, tags, _LIANG2018_USERS if test_users is None else test_users, seed)
    if folds is None:
        folds = _FOLDS if test_users is None and ratings["userId"].nunique() <= _CROSS_VALIDATED else 1
    if folds > 1:
        return _cross_validation(ratings, films, tags, folds, seed)
    if test_users is None:
        test_users = min(_MAX_TEST_USERS, max(eligible // 5, 1))
    eligible_again = np.intersect1d(eligible_users(ratings), np.asarray(same_users, dtype=np.int64))
    again = eligible_again[:test_users] if len(eligible_again) >= MIN_TEST_USERS else None
    return _single_fold(ratings, films, tags, test_users if again is None else again, seed)


def count_eligible_users(ratings: pd.DataFrame) -> int:
    """The number of users with enough likes to be tested."""
    return len(eligible_users(ratings))


def eligible_users(ratings: pd.DataFrame) -> np.ndarray:
    """The ids of the users with enough likes to be tested, int64 (users,), ascending."""
    likes = ratings.loc[ratings["rating"] >= LIKED, "userId"].value_counts()
    return np.sort(likes.index[likes >= MIN_LIKES].to_numpy(dtype=np.int64))


def films_for(protocol: str, folder: Path, catalog: pd.DataFrame) -> pd.DataFrame:
    """The films to rank: the run's `catalog`; for ``liang2018``, as published, all films of the data set."""
    if protocol != "liang2018":
        return catalog
    films = read_movies(folder)
    return films.assign(movieId=whole_numbers(films["movieId"])).dropna(subset="movieId").astype({"movieId": "int64"})


def make_fold(
    split: Split, films: pd.DataFrame, tags: pd.DataFrame | None, other_users: Sequence[int] | np.ndarray = ()
) -> Fold:
    """A fold whose catalog omits the tags by its test users and by `other_users`."""
    if tags is None:
        return Fold(split, films)
    omitted = np.union1d(split.users, np.asarray(other_users, dtype=np.int64))
    return Fold(split, with_tags(films, tags[~whole_numbers(tags["userId"]).isin(omitted)]))


def _trained_on(protocol: Protocol, feedback: pd.DataFrame) -> Protocol:
    """The same protocol with more ratings to train on."""

    def more(fold: Fold) -> Fold:
        known = feedback
        if protocol.name == "time":
            known = feedback[feedback["timestamp"] < fold.split.held_out["timestamp"].min()]
        train = pd.concat([fold.split.train, known], ignore_index=True)
        return replace(fold, split=replace(fold.split, train=train))

    return replace(protocol, folds=[more(fold) for fold in protocol.folds], validation=more(protocol.validation))


def _cross_validation(ratings: pd.DataFrame, films: pd.DataFrame, tags: _Tags, folds: int, seed: int) -> Protocol:
    validation, *tested = folds_by_users(ratings, folds + 1, seed=seed)
    held_out = np.concatenate([split.held_out.index for split in tested])
    validation = replace(validation, train=validation.train.drop(held_out))
    users = np.concatenate([split.users for split in tested])
    fraction = {2: "half", 3: "third", 4: "quarter", 5: "fifth"}.get(folds, f"{folds}th")
    return Protocol(
        "users",
        [make_fold(split, films, tags) for split in tested],
        make_fold(validation, films, tags, users),
        f"{len(users):,} users are tested, a {fraction} of them at a time, by models trained on all others; "
        f"hyperparameters are chosen on {len(validation.users):,} users who are not tested.",
    )


def _single_fold(
    ratings: pd.DataFrame, films: pd.DataFrame, tags: _Tags, test_users: int | np.ndarray, seed: int
) -> Protocol:
    split = split_by_users(ratings, test_users, seed=seed)
    validation = validation_split(split.train, seed)
    return Protocol(
        "users",
        [make_fold(split, films, tags)],
        make_fold(validation, films, tags, split.users),
        f"{len(split.users):,} users are tested by models trained on the other {split.train.userId.nunique():,}; "
        f"hyperparameters are chosen on {len(validation.users):,} of those.",
    )


def _dates(date: str | float | None) -> list[str | float]:
    if isinstance(date, str):
        return [one.strip() for one in date.split(",")]
    return [_TRAIN_SHARE if date is None else date]


def _by_time(
    ratings: pd.DataFrame, films: pd.DataFrame, tags: _Tags, dates: Sequence[str | float], seed: int
) -> Protocol:
    splits = split_by_times(ratings, dates)
    if (eligible := count_eligible_users(splits[0].train)) < MIN_TEST_USERS:
        raise NothingToDoError(
            f"{eligible} users like {MIN_LIKES} films before {dates[0]}, and training needs {MIN_TEST_USERS}"
        )
    starts = [_start(split) for split in splits]
    known = [_tags_before(tags, start) for start in starts]
    folds = [Fold(split, with_tags(films, those)) for split, those in zip(splits, known, strict=True)]
    users = sum(len(split.users) for split in splits)
    with_history = sum(split.histories["userId"].nunique() for split in splits)
    days = ", ".join(f"{pd.Timestamp(start, unit='s'):%-d %B %Y}" for start in starts)
    until = "from then on" if len(splits) == 1 else "from then on, up to the next date"
    return Protocol(
        "time",
        folds,
        make_fold(validation_split(splits[0].train, seed), films, known[0]),
        f"Ratings before {days} are known; {users:,} users liked a film {until}, {with_history:,} of whom had rated "
        "before.",
    )


def _start(split: Split) -> float:
    return float(min(table["timestamp"].min() for table in (split.held_out, split.unused) if len(table)))


def _tags_before(tags: _Tags, start: float) -> _Tags:
    if tags is None or "timestamp" not in tags:
        return None
    return tags[pd.to_numeric(tags["timestamp"], errors="coerce") < start]


def _liang2018(ratings: pd.DataFrame, films: pd.DataFrame, tags: _Tags, test_users: int, seed: int) -> Protocol:
    split = split_liang2018(ratings, test_users, seed=seed or 98765)
    films = films[films["movieId"].isin(split.train["movieId"].unique())]
    validation = validation_split(split.train, seed)
    return Protocol(
        "liang2018",
        [make_fold(split, films, tags)],
        make_fold(validation, films, tags, split.users),
        f"{len(split.users):,} users are tested as in Liang et al. 2018, on likes alone, among the {len(films):,} "
        f"films that the training users like; hyperparameters are chosen on {len(validation.users):,} of those users.",
    )


def validation_split(train: pd.DataFrame, seed: int) -> Split:
    """A split of the training ratings: a fifth of the eligible users, at most 500, are the test users."""
    eligible = count_eligible_users(train)
    if eligible < MIN_TEST_USERS:
        raise CineMatchError(
            f"{eligible} users are left to train on who like {MIN_LIKES} films or more, and choosing hyperparameters "
            f"needs {MIN_TEST_USERS}; test fewer users or cut later"
        )
    return split_by_users(train, min(_MAX_VALIDATION_USERS, max(eligible // 5, 1)), seed=seed)
