"""A second fetch: what was fetched is not asked for again, unless it changed or is too old."""

import datetime
import sqlite3

from support.tmdb_fetching import fetch, films_asked, lay_links, table
from support.tmdb_server import film

from cinematch_lib.data.tmdb.store import FILE

DAY = datetime.timedelta(days=1)


def test_a_second_run_asks_only_for_what_changed(server, raw):
    folder, today = lay_links(raw, 30), datetime.datetime.now(datetime.UTC).date()
    fetch(folder)
    assert server.asked("/3/movie/changes") == {}
    server.changes = [(today, 4), (today, 9), (today, 4000), (today - 9 * DAY, 11)]
    server.films[4] = film(4, title="A new title")
    server.gone = {9}
    before = len(server.log)
    done = fetch(folder)
    assert sorted(path for _, path, *_ in server.log[before:]) == ["/3/movie/4", "/3/movie/9", "/3/movie/changes"]
    assert (done.changed, done.found, done.gone) == (2, 29, 1)
    assert table(raw).set_index("tmdb_id").loc["4", "title"] == "A new title"
    assert "9" not in set(table(raw)["tmdb_id"])
    before = len(server.log)
    assert fetch(folder).changed == 0  # they are listed all day long
    assert [path for _, path, *_ in server.log[before:]] == ["/3/movie/changes"]


def age(raw, days, films=None):
    """Make the store's films, and its last look at the changes, so many days older."""
    store = sqlite3.connect(raw / "tmdb" / FILE)
    only = f"WHERE tmdb_id IN ({', '.join(map(str, films))})" if films else ""
    store.execute(f"UPDATE films SET asked_at = asked_at - {days * 86400} {only}")
    [(day,)] = store.execute("SELECT value FROM notes WHERE name = 'checked_until'")
    moved = datetime.date.fromisoformat(day) - days * DAY
    store.execute("UPDATE notes SET value = ? WHERE name = 'checked_until'", (moved.isoformat(),))
    store.commit()
    store.close()


def test_changes_of_many_days_are_asked_in_spans_of_fourteen(server, raw):
    folder, today = lay_links(raw, 30), datetime.datetime.now(datetime.UTC).date()
    fetch(folder)
    age(raw, 40)
    server.page_size = 2
    server.changes = [
        (today - 40 * DAY, 1),
        (today - 20 * DAY, 2),
        *((today - 3 * DAY, n) for n in (3, 5, 6)),
        (today, 7),
    ]
    server.changes.append((today - 41 * DAY, 8))
    before = len(server.log)
    assert fetch(folder).changed == 6
    queries = [query for _, path, query, _ in server.log[before:] if path.endswith("changes")]
    lengths = [
        (datetime.date.fromisoformat(one["end_date"][0]) - datetime.date.fromisoformat(one["start_date"][0])).days
        for one in queries
    ]
    assert max(lengths) <= 13
    assert min(one["start_date"][0] for one in queries) == str(today - 40 * DAY)
    assert max(one["end_date"][0] for one in queries) == str(today)
    assert {number for number, count in films_asked(server).items() if count == 2} == {1, 2, 3, 5, 6, 7}


def test_films_that_are_too_old_are_fetched_again(server, raw):
    folder = lay_links(raw, 10)
    fetch(folder)
    age(raw, 181, [1, 2])
    assert fetch(folder).found == 10
    assert films_asked(server) == {n: 1 + (n <= 2) for n in range(1, 11)}


def test_without_refresh_they_are_dropped_and_nothing_is_asked(server, raw, monkeypatch):
    folder = lay_links(raw, 10)
    fetch(folder)
    age(raw, 181, [1, 2])
    before = len(server.log)
    done = fetch(folder, refresh=False)
    assert (done.found, done.dropped, len(server.log)) == (8, 2, before)
    assert table(raw)["tmdb_id"].tolist() == [str(n) for n in range(3, 11)]
    age(raw, 181, [3])
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    assert fetch(folder).dropped == 1
    assert table(raw)["tmdb_id"].tolist() == [str(n) for n in range(4, 11)]


def test_old_films_that_cannot_be_fetched_again_are_dropped_all_the_same(server, raw):
    folder = lay_links(raw, 5)
    fetch(folder)
    age(raw, 181, [1])
    server.fails["/3/movie/1"] = "500"
    done = fetch(folder)
    assert (done.dropped, done.failed) == (1, [("movie/1", "answered 500")])
    assert "1" not in set(table(raw)["tmdb_id"])


def test_changes_that_cannot_be_had_are_asked_for_next_time(server, raw):
    folder, today = lay_links(raw, 5), datetime.datetime.now(datetime.UTC).date()
    fetch(folder)
    server.changes = [(today, 2)]
    server.fails["/3/movie/changes"] = "500"
    assert fetch(folder).failed == [("movie/changes", "answered 500")]
    del server.fails["/3/movie/changes"]
    assert fetch(folder).changed == 1
