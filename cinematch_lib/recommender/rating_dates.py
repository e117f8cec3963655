"""The order in time of dates as people and services write them."""

import re
from collections.abc import Sequence

_DAY = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(.*)")


def in_time(dates: Sequence[str]) -> list[str]:
    """Texts that sort as the dates do; all alike where day and month cannot be told apart.

    >>> in_time(["31/12/2009", "01/02/2019"]), in_time(["01/02/2019", "02/03/2009"])
    (['2009-12-31', '2019-02-01'], ['', ''])
    """
    days = [_DAY.fullmatch(one) for one in dates]
    firsts, seconds = ([int(day[part]) for day in days if day] for part in (1, 2))
    month_first = any(one > 12 for one in seconds)
    if firsts and month_first == any(one > 12 for one in firsts) and any("/" in one for one in dates):
        return [""] * len(dates)
    keys = []
    for date, day in zip(dates, days, strict=True):
        if day:
            number, month = (day[2], day[1]) if month_first else (day[1], day[2])
            date = f"{day[3]}-{month:0>2}-{number:0>2}{day[4]}"
        keys.append(date.zfill(20) if date.isdecimal() else date)
    return keys
