"""Splits into train and test data: by users with a fold-in, by time, or as in Liang et al. 2018.

The four tables of a split hold every rating exactly once, except that the histories of a split by time are also
part of its training ratings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.interactions import LIKED, hold_out

FOLD_IN = 0.8  # the share of a test user's likes that belongs to the history
MIN_LIKES = 5  # of an eligible test user


@dataclass(frozen=True)
class Split:
    """A partition of ratings into tables with the same columns.

    `train` are ratings to fit models on; `histories` are ratings of the test users that models may use to recommend;
    `held_out` are likes of the test users that are to be found; `unused` are all other ratings.
    """

    train: pd.DataFrame
    histories: pd.DataFrame
    held_out: pd.DataFrame
    unused: pd.DataFrame

    @property
    def users(self) -> np.ndarray:
        """The ids of the test users, who have a held-out like, int64 (users,), ascending."""
        return np.unique(self.held_out["userId"].to_numpy(dtype=np.int64))


def split_by_users(
    ratings: pd.DataFrame,
    test_users: int | float | Sequence[int] | np.ndarray = 0.2,
    *,
    fold_in: float = FOLD_IN,
    min_likes: int = MIN_LIKES,
    seed: int = 0,
) -> Split:
    """Strong generalization: no rating of a test user is in the training ratings.

    `ratings` has `userId, movieId, rating`, at most one row for each user and film. `test_users`, a number or a
    share of all users between 0 and 1, are drawn from those with at least `min_likes` likes; if it is a list of ids,
    those of them that are eligible are tested. The history of each is `fold_in` of the likes and all lower ratings;
    the other likes, at least one, are held out. Raises CineMatchError if too few users are eligible.
    """
    liked, user, n_users, eligible = _users_with_likes(ratings, fold_in, min_likes)
    rng = np.random.default_rng(seed)
    is_test = np.zeros(n_users, dtype=bool)
    if isinstance(test_users, int | float):
        number = _number_of_test_users(test_users, n_users, len(eligible), min_likes)
        is_test[rng.permutation(eligible)[:number]] = True
    else:
        chosen = np.isin(np.unique(ratings["userId"].to_numpy())[eligible], test_users)
        _number_of_test_users(int(chosen.sum()), n_users, len(eligible), min_likes)
        is_test[eligible[chosen]] = True
    held_out = _hold_out_rows(user, liked & is_test[user], 1 - fold_in, rng)
    history = is_test[user] & ~held_out
    return Split(ratings[~is_test[user]], ratings[history], ratings[held_out], ratings[:0])


def folds_by_users(
    ratings: pd.DataFrame, folds: int = 5, *, fold_in: float = FOLD_IN, min_likes: int = MIN_LIKES, seed: int = 0
) -> list[Split]:
    """Cross-validation with splits as by `split_by_users`: every eligible user is a test user exactly once."""
    liked, user, n_users, eligible = _users_with_likes(ratings, fold_in, min_likes)
    if not 2 <= folds <= len(eligible):
        raise CineMatchError(f"folds must be between 2 and {len(eligible)} (users with enough likes), got {folds}")
    rng = np.random.default_rng(seed)
    fold = np.full(n_users, -1)  # the fold in which each user is tested
    fold[rng.permutation(eligible)] = np.arange(len(eligible)) % folds
    held_out = _hold_out_rows(user, liked & (fold[user] >= 0), 1 - fold_in, rng)
    splits = []
    for number in range(folds):
        is_test = fold[user] == number
        splits.append(Split(ratings[~is_test], ratings[is_test & ~held_out], ratings[is_test & held_out], ratings[:0]))
    return splits


def split_by_time(ratings: pd.DataFrame, date: str | pd.Timestamp | float) -> Split:
    """Train on the ratings before `date`; the likes from then on are held out.

    The history of a test user is all that they rated before `date`, which is nothing for new users. `date` is a
    text such as ``2015-01-01``, a Timestamp, or the share of the ratings before it, between 0 and 1.
    Raises CineMatchError for ratings without timestamps, and if all ratings lie on one side.
    """
    return split_by_times(ratings, [date])[0]


def split_by_times(ratings: pd.DataFrame, dates: Sequence[str | pd.Timestamp | float]) -> list[Split]:
    """Splits as by `split_by_time` at several dates, each with the ratings before the next one, in order of time.

    A user is tested in one of them: the last in which they like a film and had rated before; else the first in which
    they like a film. The likes of the others are among the `unused` ratings.
    """
    _check(ratings, FOLD_IN)
    if "timestamp" not in ratings:
        raise CineMatchError("a split by time needs the column timestamp (seconds since 1970); use split_by_users")
    timestamps = ratings["timestamp"].to_numpy()
    cuts = np.unique([_cut(timestamps, date) for date in dates])
    splits = [_split_at(ratings[timestamps < end], cut) for cut, end in pairwise([*cuts.tolist(), float(np.inf)])]
    if len(splits) == 1:
        return splits
    tested: dict[int, int] = {}
    for number, split in enumerate(splits):
        known = set(split.histories["userId"])
        tested |= {user: number for user in split.users.tolist() if user in known or user not in tested}
    return [_tested_only(split, [u for u, n in tested.items() if n == number]) for number, split in enumerate(splits)]


def _cut(timestamps: np.ndarray, date: str | pd.Timestamp | float) -> float:
    """The time of a date, or of a share of the ratings. Raises CineMatchError if no rating lies before or after it."""
    if isinstance(date, float) and 0 < date < 1:
        cut = float(np.quantile(timestamps, date, method="higher")) if len(timestamps) else 0.0
    else:
        cut = pd.Timestamp(date).timestamp()
    past = timestamps < cut
    if past.all() or not past.any():
        raise CineMatchError(
            f"date must leave ratings on both sides, got {date!r}; choose one between the first rating and the last"
        )
    return cut


def _split_at(ratings: pd.DataFrame, cut: float) -> Split:
    past = ratings["timestamp"].to_numpy() < cut
    held_out = ~past & (ratings["rating"].to_numpy() >= LIKED)
    is_test = ratings["userId"].isin(ratings.loc[held_out, "userId"].unique()).to_numpy()
    return Split(ratings[past], ratings[past & is_test], ratings[held_out], ratings[~past & ~held_out])


def _tested_only(split: Split, users: Sequence[int]) -> Split:
    histories, held_out = (table[table["userId"].isin(users)] for table in (split.histories, split.held_out))
    others = split.held_out.drop(held_out.index)
    return Split(split.train, histories, held_out, pd.concat([split.unused, others]).sort_index())


def split_liang2018(ratings: pd.DataFrame, held_out_users: int = 10_000, *, seed: int = 98765) -> Split:
    """The split of Liang et al. 2018 (doi 10.1145/3178876.3186150), by which many results are published.

    Only likes are used, of users with five or more; `held_out_users` are tested and as many more are reserved for
    validation (they are in `unused`; split `train` again for validation users). The history is 80 % of the likes.
    Films without a training like are omitted. The metrics are nDCG@100, and Recall@20 and Recall@50 divided by
    at most k.
    """
    liked, user, n_users, eligible = _users_with_likes(ratings, FOLD_IN, MIN_LIKES)
    if not 1 <= held_out_users <= (len(eligible) - 1) // 2:
        raise CineMatchError(
            f"held_out_users must be between 1 and {max((len(eligible) - 1) // 2, 0)} (half of the {len(eligible)} "
            f"users with {MIN_LIKES} likes), got {held_out_users}"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(eligible)
    role = np.full(n_users, "unused", dtype="<U10")
    role[order] = "train"
    role[order[-2 * held_out_users : -held_out_users]] = "validation"
    role[order[-held_out_users:]] = "test"
    train = liked & (role == "train")[user]
    in_train = ratings["movieId"].isin(ratings.loc[train, "movieId"].unique()).to_numpy()
    tested = liked & (role == "test")[user] & in_train
    held_out = _hold_out_rows(user, tested, 1 - FOLD_IN, rng, at_least_one=False)
    return Split(ratings[train], ratings[tested & ~held_out], ratings[held_out], ratings[~train & ~tested])


def _hold_out_rows(
    user: np.ndarray, eligible: np.ndarray, share: float, rng: np.random.Generator, *, at_least_one: bool = True
) -> np.ndarray:
    """A random `share` of each user's `eligible` rows, a mask, as a mask: bool (ratings,)."""
    held_out = np.zeros(len(eligible), dtype=bool)
    held_out[eligible] = hold_out(user[eligible], share, rng, at_least_one=at_least_one)
    return held_out


def _users_with_likes(
    ratings: pd.DataFrame, fold_in: float, min_likes: int
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
    """Which ratings are likes, bool (ratings,); their users as integers from 0 on, int64 (ratings,), and how many.

    The last array, int64, holds the users with at least `min_likes` likes, and two in any case.
    """
    _check(ratings, fold_in)
    liked = ratings["rating"].to_numpy() >= LIKED
    users, user = np.unique(ratings["userId"].to_numpy(), return_inverse=True)
    eligible = np.flatnonzero(np.bincount(user[liked], minlength=len(users)) >= max(2, min_likes))
    return liked, user, len(users), eligible


def _number_of_test_users(test_users: int | float, n_users: int, eligible: int, min_likes: int) -> int:
    number = min(round(test_users * n_users), eligible) if isinstance(test_users, float) else int(test_users)
    if not 1 <= number <= eligible or eligible == n_users == number:
        raise CineMatchError(
            f"test_users must be a number between 1 and {eligible} (users with {min_likes} likes or more), or a share "
            f"of all {n_users} users between 0 and 1, that leaves some to train on; got {test_users!r}"
        )
    return number


def _check(ratings: pd.DataFrame, fold_in: float) -> None:
    if missing := [name for name in ("userId", "movieId", "rating") if name not in ratings]:
        raise CineMatchError(f"ratings lack the columns {', '.join(missing)}; they have {', '.join(ratings.columns)}")
    if not 0 < fold_in < 1:
        raise CineMatchError(f"fold_in must be between 0 and 1, got {fold_in}")
