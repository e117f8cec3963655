"""What is held out: disjoint users with a fold-in, a date, or the protocol of Liang et al. 2018.

No row is lost: the four tables of a split together hold every rating once, save that the histories of a split
by time are part of its training ratings too.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cinematch_lib.errors import CineMatchError
from cinematch_lib.models.interactions import LIKED

FOLD_IN = 0.8  # the part of a test user's likes that the models are shown
LEAST_LIKES = 5  # with fewer likes, there is too little to show and to find


@dataclass(frozen=True)
class Split:
    """Ratings taken apart; every table has the columns of the ratings.

    `train` is what models learn from, `histories` what they are shown of the test users, `held_out` the likes
    that they should find, `unused` the rest.
    """

    train: pd.DataFrame
    histories: pd.DataFrame
    held_out: pd.DataFrame
    unused: pd.DataFrame

    @property
    def users(self) -> np.ndarray:
        """The test users' ids, ascending, int64 (users,): those with a like held out."""
        return np.unique(self.held_out["userId"].to_numpy(dtype=np.int64))


def split_by_users(
    ratings: pd.DataFrame,
    test_users: int | float = 0.2,
    *,
    fold_in: float = FOLD_IN,
    least_likes: int = LEAST_LIKES,
    seed: int = 0,
) -> Split:
    """Strong generalization: the test users are nowhere in the training ratings.

    `ratings` has `userId, movieId, rating`, one row for a user and a film. Test users are drawn from those with
    `least_likes` likes or more: a number of them, or a part between 0 and 1 of all users. Of each, `fold_in` of
    the likes and all lower ratings are the history; the other likes, one at the least, are held out.
    Raises CineMatchError where too few users can be tested.
    """
    _check(ratings, fold_in)
    liked = ratings["rating"].to_numpy() >= LIKED
    user, users = _codes(ratings["userId"])
    able = np.flatnonzero(np.bincount(user[liked], minlength=len(users)) >= max(2, least_likes))
    wanted = _how_many(test_users, len(users), len(able), least_likes)
    rng = np.random.default_rng(seed)
    is_test = np.zeros(len(users), dtype=bool)
    is_test[rng.permutation(able)[:wanted]] = True
    held = _held_out(user, liked & is_test[user], 1 - fold_in, rng)
    shown = is_test[user] & ~held
    return Split(ratings[~is_test[user]], ratings[shown], ratings[held], ratings[:0])


def folds_by_users(
    ratings: pd.DataFrame,
    folds: int = 5,
    *,
    fold_in: float = FOLD_IN,
    least_likes: int = LEAST_LIKES,
    seed: int = 0,
) -> list[Split]:
    """Splits like `split_by_users` in which every user with enough likes is a test user once."""
    _check(ratings, fold_in)
    liked = ratings["rating"].to_numpy() >= LIKED
    user, users = _codes(ratings["userId"])
    able = np.flatnonzero(np.bincount(user[liked], minlength=len(users)) >= max(2, least_likes))
    if not 2 <= folds <= len(able):
        raise CineMatchError(f"folds must be between 2 and {len(able)} (users with enough likes), got {folds}")
    rng = np.random.default_rng(seed)
    fold = np.full(len(users), -1)
    fold[rng.permutation(able)] = np.arange(len(able)) % folds
    held = _held_out(user, liked & (fold[user] >= 0), 1 - fold_in, rng)
    return [
        Split(
            ratings[fold[user] != one],
            ratings[(fold[user] == one) & ~held],
            ratings[(fold[user] == one) & held],
            ratings[:0],
        )
        for one in range(folds)
    ]


def split_by_time(ratings: pd.DataFrame, date: str | pd.Timestamp | float) -> Split:
    """What was rated before `date` is known, what was liked from then on is to be found.

    Nothing from `date` on is in `train` or `histories`. The test users are those with a like held out;
    histories are all they rated before, and empty for those who came later. `date` is a text such as
    ``2015-01-01``, a Timestamp, or a part between 0 and 1 of the ratings that shall lie before it.
    """
    _check(ratings, FOLD_IN)
    if "timestamp" not in ratings:
        raise CineMatchError("a split by time needs the column timestamp (seconds since 1970); use split_by_users")
    time = ratings["timestamp"].to_numpy()
    if isinstance(date, float) and 0 < date < 1:
        at = np.quantile(time, date, method="higher") if len(time) else 0
    else:
        at = pd.Timestamp(date).timestamp()
    past = time < at
    if past.all() or not past.any():
        raise CineMatchError(
            f"date must leave ratings on both sides, got {date!r}; choose one within the ratings' time"
        )
    held = ~past & (ratings["rating"].to_numpy() >= LIKED)
    tested = ratings["userId"].isin(ratings.loc[held, "userId"].unique()).to_numpy()
    return Split(ratings[past], ratings[past & tested], ratings[held], ratings[~past & ~held])


def split_liang2018(ratings: pd.DataFrame, held_out_users: int = 10_000, *, seed: int = 98765) -> Split:
    """The protocol of Liang et al. 2018 (doi 10.1145/3178876.3186150), on which published figures rest.

    Only likes count, of users with five or more; `held_out_users` users are tested and as many more are set
    aside for validation (in `unused`; split `train` again to have one's own); 80 % of a test user's likes are
    shown; films outside the training ratings are left out. Scores are nDCG@100 and, with the hits divided by
    no more than k, Recall@20 and Recall@50.
    """
    _check(ratings, FOLD_IN)
    liked = ratings["rating"].to_numpy() >= LIKED
    user, users = _codes(ratings["userId"])
    able = np.flatnonzero(np.bincount(user[liked], minlength=len(users)) >= LEAST_LIKES)
    if not 1 <= held_out_users <= (len(able) - 1) // 2:
        raise CineMatchError(
            f"held_out_users must be between 1 and {max((len(able) - 1) // 2, 0)} (half of the {len(able)} users "
            f"with {LEAST_LIKES} likes), got {held_out_users}"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(able)
    part = np.full(len(users), -1)
    part[order] = 0
    part[order[-2 * held_out_users : -held_out_users]] = 1
    part[order[-held_out_users:]] = 2
    train = liked & (part[user] == 0)
    tested = liked & (part[user] == 2) & ratings["movieId"].isin(ratings.loc[train, "movieId"].unique()).to_numpy()
    held = _held_out(user, tested, 1 - FOLD_IN, rng, at_least_one=False)
    return Split(ratings[train], ratings[tested & ~held], ratings[held], ratings[~train & ~tested])


def _held_out(
    user: np.ndarray, rows: np.ndarray, part: float, rng: np.random.Generator, *, at_least_one: bool = True
) -> np.ndarray:
    """A random `part` of each user's marked `rows`, as a mask: bool (ratings,)."""
    marked = np.flatnonzero(rows)
    order = marked[np.lexsort((rng.random(len(marked)), user[marked]))]
    of = user[order]
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]]) if len(of) else np.zeros(0, dtype=int)
    sizes = np.diff(np.r_[first, len(of)])
    place = np.arange(len(of)) - np.repeat(first, sizes)
    wanted = np.rint(part * sizes) if at_least_one else np.floor(part * sizes + 1e-9)
    wanted = np.clip(wanted, 1 if at_least_one else 0, sizes)
    held = np.zeros(len(rows), dtype=bool)
    held[order[place < np.repeat(wanted, sizes)]] = True
    return held


def _codes(ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    users, codes = np.unique(ids.to_numpy(), return_inverse=True)
    return codes, users


def _how_many(test_users: int | float, users: int, able: int, least_likes: int) -> int:
    wanted = round(test_users * users) if isinstance(test_users, float) else int(test_users)
    wanted = min(wanted, able) if isinstance(test_users, float) else wanted
    if not 1 <= wanted <= able or able == users == wanted:
        raise CineMatchError(
            f"test_users must be a number between 1 and {able} (users with {least_likes} likes or more), or a part "
            f"of all {users} users between 0 and 1, that leaves some to learn from; got {test_users!r}"
        )
    return wanted


def _check(ratings: pd.DataFrame, fold_in: float) -> None:
    if missing := [name for name in ("userId", "movieId", "rating") if name not in ratings]:
        raise CineMatchError(f"ratings lack the columns {', '.join(missing)}; they have {', '.join(ratings.columns)}")
    if not 0 < fold_in < 1:
        raise CineMatchError(f"fold_in must be between 0 and 1, got {fold_in}")
