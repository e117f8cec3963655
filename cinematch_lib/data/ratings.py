"""Ratings judged once, when they are read: users, films, the scale, the times, and repeated ratings."""

import time

import numpy as np
import pandas as pd

from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.shards import row_place, rows_lines
from cinematch_lib.data.sources import Source
from cinematch_lib.data.tables import whole_numbers
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.rating_scale import HIGHEST_STARS, LOWEST_STARS

RATINGS_FILE = "ratings.csv"  # the name of the table in reports
USERS_NUMBERED = "users without a number below 2^31, numbered in their order"  # a repair
LIKED = 4.0  # stars; of ratings that are all below, nobody likes anything
_FIRST_TIME = 631_152_000  # 1 January 1990; older times are errors
_DAY = 86_400
_UNITS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
# Of ratings from 1 to 10 more than half are above 5; fewer above 5 than this are errors among half stars.
_SHARE_OF_TEN = 0.1
# With more unknown times than this share the times are not used; with fewer, the ratings without a time are left out.
_UNKNOWN_TIMES = 0.1
_DAY_FORM = r"^(?P<first>[0-9]{1,2})(?P<mark>[./])(?P<second>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})(?P<rest>.*)$"


def judge_ratings(ratings: pd.DataFrame, source: Source, log: RejectLog) -> pd.DataFrame:
    """The ratings of a file with `userId` and `movieId` (int32), `rating` (float32 stars) and maybe `timestamp`.

    `ratings` is the table as `formats.read_table` reads it loosely; `timestamp` becomes int64 seconds since 1970. Users
    that are no whole numbers of 32 bits are numbered in their order. Ratings from 1 to 10 are halved. Times in a
    smaller unit, in ISO 8601, or as day, month and year become seconds; those outside 1990 to tomorrow are unknown. Of
    several ratings of one film by a user the newest is kept, or the last of the file where times are unknown. All of
    this is counted in `log`.

    Raises CineMatchError, with the line, for films that are no numbers and ratings on no scale.
    """
    file = RATINGS_FILE
    judged = pd.DataFrame(
        {
            "userId": _users(ratings["userId"], source, log),
            "movieId": _films(ratings["movieId"], source),
            "rating": _stars(ratings["rating"], source),
        },
        copy=False,
    )
    if "timestamp" in ratings:
        judged["timestamp"] = ratings["timestamp"]
    judged["rating"] = _on_five_stars(judged, source, log)
    if len(judged) and judged["rating"].max() < LIKED:
        raise CineMatchError(
            f"{source.path}: none of {len(judged):,} ratings reaches {LIKED:g} stars, from which on a film is liked; "
            f"they go from {judged['rating'].min():g} to {judged['rating'].max():g}. If 1 means liked, write 5; "
            "if the scale ends below 5, stretch it to 0.5 to 5; or remove the file, for recommendations by content"
        )
    if "timestamp" in judged:
        judged = _with_times(judged, source, log)
    return _newest(judged, file, log)


def _users(users: pd.Series, source: Source, log: RejectLog) -> pd.Series:
    if users.dtype == "int32":
        return users
    refuse(source, users, users.str.strip() == "", "userId", "a user")
    if (names := names_of_users(users)) is None:
        return whole_numbers(users).astype("int32")
    log.add_repair(RATINGS_FILE, USERS_NUMBERED, len(names))
    return pd.Series(names.get_indexer(pd.Index(users.str.strip())) + 1, index=users.index, dtype="int32")


def names_of_users(users: pd.Series) -> pd.Index | None:
    """The users of a file, as it is read loosely, in the order of their numbers from 1; None if they are numbers."""
    if users.dtype == "int32":
        return None
    numbers = whole_numbers(users)
    if numbers.notna().all() and (numbers <= np.iinfo("int32").max).all():
        return None
    names: pd.Index = pd.Index(users.str.strip().unique())
    return names


def _films(films: pd.Series, source: Source) -> pd.Series:
    if films.dtype == "int32" and (films > 0).all():
        return films
    numbers = whole_numbers(films)
    refuse(
        source, films.astype("str"), numbers.isna() | (numbers > np.iinfo("int32").max), "movieId", "a film's number"
    )
    return numbers.astype("int32")


def _stars(stars: pd.Series, source: Source) -> pd.Series:
    if stars.dtype == "float32":
        return stars
    numbers = pd.to_numeric(stars.str.strip().str.replace(",", ".", regex=False), errors="coerce")
    refuse(source, stars, numbers.isna(), "rating", "a number of stars")
    return numbers.astype("float32")


def refuse(source: Source, values: pd.Series, wrong: pd.Series, name: str, wanted: str) -> None:
    """Raise CineMatchError, with its line, for the first of the `values` of a column that are `wrong`, bool (rows,)."""
    if not wrong.any():
        return
    row = int(wrong.to_numpy().argmax())
    (path, line), value = row_place(source, len(values), row), values.iloc[row]
    if value == "":
        raise CineMatchError(f"{path} has no {name} on line {line}; every row needs one")
    raise CineMatchError(
        f"{path} has {name} {value!r} on line {line}, which is not {wanted}; {wrong.sum():,} of "
        f"{len(values):,} rows are so; correct or remove them"
    )


def _on_five_stars(ratings: pd.DataFrame, source: Source, log: RejectLog) -> pd.Series:
    stars = ratings["rating"]
    wrong = ~stars.between(LOWEST_STARS, HIGHEST_STARS)
    if not wrong.any():
        return stars
    if stars.between(1, 10).all() and wrong.mean() >= _SHARE_OF_TEN and stars.max() > 9:
        log.add_repair(RATINGS_FILE, "ratings from 1 to 10, halved", len(stars))
        return stars / np.float32(2)
    row = int(wrong.to_numpy().argmax())
    first, (path, line) = ratings.iloc[row], row_place(source, len(ratings), row)
    raise CineMatchError(
        f"{path}: {wrong.sum():,} of {len(ratings):,} ratings are not from {LOWEST_STARS} to "
        f"{HIGHEST_STARS:g}; the first is on line {line} (user {first['userId']:.0f}, film "
        f"{first['movieId']:.0f}, rating {first['rating']:g}), and they go from {stars.min():g} to {stars.max():g}; "
        "correct or remove them, or bring them to that scale"
    )


def _with_times(ratings: pd.DataFrame, source: Source, log: RejectLog) -> pd.DataFrame:
    """The ratings with times in seconds; without the column if too many are unknown, else without those ratings."""
    file, times = RATINGS_FILE, ratings["timestamp"]
    seconds = times if times.dtype == "int64" else _parsed_times(times, file, log)
    known = _plausible(seconds)
    for unit, size in _UNITS.items():
        if known.all():
            break
        scaled = seconds // size
        in_unit = ~known & _plausible(scaled)
        log.add_repair(file, f"times in {unit}, read as such", int(in_unit.sum()))
        seconds, known = seconds.where(~in_unit, scaled), known | in_unit
    if known.all():
        return ratings.assign(timestamp=seconds.astype("int64"))
    unknown = int((~known).sum())
    if unknown > _UNKNOWN_TIMES * len(ratings):
        log.add_repair(file, "times outside 1990 to today, so that no times are used", unknown)
        return ratings.drop(columns="timestamp")
    users, films = ratings["userId"].astype("str"), ratings["movieId"].astype("str")
    lines = rows_lines(source, len(ratings))
    log.add(file, lines, users + " " + films, times.astype("str"), {"time outside 1990 to today": ~known})
    return ratings.assign(timestamp=seconds)[known].astype({"timestamp": "int64"}).reset_index(drop=True)


def _plausible(seconds: pd.Series) -> pd.Series:
    return seconds.between(_FIRST_TIME, time.time() + _DAY)


def _parsed_times(times: pd.Series, file: str, log: RejectLog) -> pd.Series:
    """Times from text: numbers with a decimal point, ISO 8601, or days as `_iso_days` reads them; -1 where unknown."""
    numbers = pd.to_numeric(times, errors="coerce")
    words = numbers.isna() & (times.str.strip() != "")
    if words.any():
        texts = times[words].str.strip()
        iso, order = _iso_days(texts)
        parsed = pd.to_datetime(iso, errors="coerce", utc=True, format="ISO8601")
        log.add_repair(file, "times in words (ISO 8601), read as such", int((parsed.notna() & (iso == texts)).sum()))
        log.add_repair(file, f"times in words ({order}), read as such", int((parsed.notna() & (iso != texts)).sum()))
        for example in texts[parsed.isna()].head(1):
            log.add_repair(file, f"times in words that are no dates, such as {example!r}", int(parsed.isna().sum()))
        numbers[words] = (parsed - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return numbers.replace([np.inf, -np.inf], np.nan).clip(-1, 2**62).fillna(-1).astype("int64")


def _iso_days(times: pd.Series) -> tuple[pd.Series, str]:
    """Times such as 31.12.2009, 31/12/2009 and 12/31/2009 as ISO 8601, and the order of day, month and year in them.

    Points go with the day first. With slashes one order must fit all; where both do, the times stay as they are.
    """
    parts = times.str.extract(_DAY_FORM)
    first, second = pd.to_numeric(parts["first"]), pd.to_numeric(parts["second"])
    slashes = parts["mark"] == "/"
    day_first, month_first = bool((first[slashes] > 12).any()), bool((second[slashes] > 12).any())
    readable = first.notna() & (~slashes | (day_first != month_first))
    swapped = slashes & month_first
    day, month = parts["first"].mask(swapped, parts["second"]), parts["second"].mask(swapped, parts["first"])
    iso = parts["year"] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + parts["rest"]
    return iso.where(readable, times), "month/day/year" if month_first else "day, month, year"


def _newest(ratings: pd.DataFrame, file: str, log: RejectLog) -> pd.DataFrame:
    users, films = ratings["userId"].to_numpy(), ratings["movieId"].to_numpy()
    same = users[1:] == users[:-1]
    if ((users[1:] > users[:-1]) | (same & (films[1:] > films[:-1]))).all():  # in MovieLens's order, without repeats
        return ratings
    repeated = ratings.duplicated(["userId", "movieId"], keep=False)
    if not repeated.any():
        return ratings
    several = ratings[repeated]
    if "timestamp" in several:
        several = several.sort_values("timestamp", kind="stable")
    older = several.index[several.duplicated(["userId", "movieId"], keep="last")]
    log.add_repair(file, "older ratings of a film that its user rated again, left out", len(older))
    return ratings.drop(older).reset_index(drop=True)
