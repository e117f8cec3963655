"""What changed at TMDb since the last look: asked day by day of the calendar, for that is how TMDb lists it."""

import datetime
from collections.abc import Iterator

from cinematch_lib.data.tmdb.client import Client
from cinematch_lib.data.tmdb.store import Store

SPAN = 14  # days that one request may cover, both ends included
MOST_PAGES = 500  # that TMDb hands out of one list


def mark_changed(store: Store, client: Client, max_age_days: int) -> int:
    """Mark the films of the store that changed since the last look; returns how many those are.

    TMDb lists changes by day (UTC), not by time. So what is listed for the day of a look is acted on once that
    day, and, as more may have changed later on it, once more when that day is over. What the client raises is
    raised, and then the next look covers the same days again.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    last = store.checked_until()
    there = store.films()
    if last is None or not there:
        store.mark_changed((), today, ())
        return 0
    # Films that are older than that are asked for anyway.
    start = max(min(last, today), today - datetime.timedelta(days=max_age_days))
    changed: set[int] = set()
    for first, final in spans(start, today - datetime.timedelta(days=1)):
        changed |= _listed(client, first, final)
    listed_today = _listed(client, today, today)
    changed |= listed_today - (store.listed() if last == today else set())
    changed &= there
    store.mark_changed(changed, today, listed_today)
    return len(changed)


def spans(first: datetime.date, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
    """The days from `first` to `last`, both included, cut into spans of at most SPAN days.

    >>> [(a.day, b.day) for a, b in spans(datetime.date(2024, 1, 1), datetime.date(2024, 1, 30))]
    [(1, 14), (15, 28), (29, 30)]
    """
    while first <= last:
        end = min(first + datetime.timedelta(days=SPAN - 1), last)
        yield first, end
        first = end + datetime.timedelta(days=1)


def _listed(client: Client, first: datetime.date, last: datetime.date) -> set[int]:
    """The films listed as changed on these days; halved where one list would be too long to be handed out."""
    found, pages = client.changed(first, last)
    if pages > MOST_PAGES and first < last:
        middle = first + (last - first) // 2
        return _listed(client, first, middle) | _listed(client, middle + datetime.timedelta(days=1), last)
    ids = set(found)
    for page in range(2, min(pages, MOST_PAGES) + 1):
        ids |= set(client.changed(first, last, page)[0])
    return ids
