"""Films that changed at TMDb since the last check; TMDb lists changes by calendar day (UTC)."""

import datetime
from collections.abc import Iterator

from cinematch_lib.data.tmdb.client import Client
from cinematch_lib.data.tmdb.store import Store

SPAN = 14  # days per request, both ends included
MAX_PAGES = 500  # of one list


def mark_changed(store: Store, client: Client, max_age_days: int) -> int:
    """Mark the films of the store that changed since the last check; returns their number.

    TMDb lists changes by day, not by time. The changes of the current day are therefore processed twice: when
    they are listed, and again after the day has ended, because more may have followed. Raises as `Client` does;
    the next check then covers the same days again.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    last = store.checked_until()
    known = store.films()
    if last is None or not known:
        store.mark_changed((), today, ())
        return 0
    # Older films are requested again in any case.
    start = max(min(last, today), today - datetime.timedelta(days=max_age_days))
    changed: set[int] = set()
    for first, final in spans(start, today - datetime.timedelta(days=1)):
        changed |= _listed(client, first, final)
    listed_today = _listed(client, today, today)
    changed |= listed_today - (store.listed() if last == today else set())
    changed &= known
    store.mark_changed(changed, today, listed_today)
    return len(changed)


def spans(first: datetime.date, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
    """The days from `first` to `last`, both included, in spans of at most SPAN days.

    >>> [(a.day, b.day) for a, b in spans(datetime.date(2024, 1, 1), datetime.date(2024, 1, 30))]
    [(1, 14), (15, 28), (29, 30)]
    """
    while first <= last:
        end = min(first + datetime.timedelta(days=SPAN - 1), last)
        yield first, end
        first = end + datetime.timedelta(days=1)


def _listed(client: Client, first: datetime.date, last: datetime.date) -> set[int]:
    """The films listed as changed on these days; the span is halved if the list is too long."""
    found, pages = client.changed(first, last)
    if pages > MAX_PAGES and first < last:
        middle = first + (last - first) // 2
        return _listed(client, first, middle) | _listed(client, middle + datetime.timedelta(days=1), last)
    ids = set(found)
    for page in range(2, min(pages, MAX_PAGES) + 1):
        ids |= set(client.changed(first, last, page)[0])
    return ids
