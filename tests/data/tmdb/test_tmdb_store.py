"""The store of TMDb's answers: what it keeps, whom it lets in, and which files it refuses."""

import datetime
import sqlite3
import subprocess
import sys
import threading

import pytest
from support.tmdb_server import film

from cinematch_lib.data.tmdb.responses import metadata_row, provider_rows, trim_response
from cinematch_lib.data.tmdb.store import FILE, open_store
from cinematch_lib.errors import CineMatchError

TODAY = datetime.date(2024, 5, 1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "raw" / "tmdb"


def test_an_answer_is_on_the_disk_as_soon_as_it_is_kept(folder):
    with open_store(folder) as store:
        store.save_film(949, film(949), 1000.0)
        store.save_film(5, None, 1001.0)
        store.save_imdb("0113277", 949, 1002.0)
        other = sqlite3.connect(folder / FILE)
        assert other.execute("SELECT tmdb_id, asked_at, answer IS NULL FROM films").fetchall() == [
            (5, 1001.0, 1),
            (949, 1000.0, 0),
        ]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.close()
    with open_store(folder) as store:
        assert list(store.answers()) == [(949, film(949))]
        assert (store.films(), store.gone()) == ({5, 949}, {5})
        assert store.resolved(0) == {"0113277": 949}


def test_films_are_fresh_until_they_are_old_or_known_to_have_changed(folder):
    with open_store(folder) as store:
        for number in (1, 2, 3):
            store.save_film(number, film(number), 100.0 * number)
        store.mark_changed([3, 77], TODAY, [3])
        assert store.fresh_films(0) == {1, 2}
        assert store.fresh_films(150) == {2}
        store.save_film(3, None, 400.0)
        assert store.fresh_films(150) == {2, 3}
        assert store.drop_older(250) == 2
        assert store.films() == {3}


def test_what_was_acted_on_is_remembered_for_the_day(folder):
    with open_store(folder) as store:
        assert store.checked_until() is None
        store.mark_changed([], TODAY, [1])
        store.mark_changed([], TODAY, [2])
        assert (store.checked_until(), store.listed()) == (TODAY, {1, 2})
        store.mark_changed([], TODAY + datetime.timedelta(days=1), [3])
        assert store.listed() == {3}


def test_many_threads_may_write_while_all_is_read(folder):
    with open_store(folder) as store:
        for number in range(1, 2001):
            store.save_film(number, None, 1.0)

        def write(start):
            for number in range(start, start + 50):
                store.save_film(number, film(number), 1.0)

        threads = [threading.Thread(target=write, args=(start,)) for start in range(3000, 3400, 50)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert all(answer["id"] == number for number, answer in store.answers())
        assert len(list(store.answers())) == 400


OPENING = """
import sys
from pathlib import Path
from cinematch_lib.errors import CineMatchError
from cinematch_lib.data.tmdb.store import open_store
try:
    with open_store(Path(sys.argv[1])) as store:
        print(len(store.films()), flush=True)
        sys.stdin.read()
except CineMatchError as error:
    print(error)
"""


def opening(folder):
    command = [sys.executable, "-c", OPENING, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_process_is_told_and_a_killed_one_leaves_no_lock(folder):
    first = opening(folder)
    assert first.stdout.readline() == "0\n"
    second = opening(folder)
    assert second.communicate(timeout=60)[0] == (
        f"another process is fetching from TMDb into {folder}; wait until it is done, or choose another raw_dir\n"
    )
    first.kill()
    first.communicate()
    with open_store(folder) as store:
        assert store.films() == set()


def test_a_file_that_is_no_database_is_refused_and_stays(folder):
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"not a database at all, but long enough to be taken for one" * 100)
    text = "tmdb.sqlite cannot be used .*remove it to fetch everything anew"
    with pytest.raises(CineMatchError, match=text), open_store(folder):
        pass
    assert (folder / FILE).read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(("version", "table"), [(2, "films"), (0, "cats")])
def test_a_store_of_another_version_is_refused(folder, version, table):
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / FILE)
    connection.executescript(f"CREATE TABLE {table} (x); PRAGMA user_version = {version}")
    connection.close()
    text = rf"has the format version {version}, and this CineMatch reads version 1"
    with pytest.raises(CineMatchError, match=text), open_store(folder):
        pass


# --- answers -----------------------------------------------------------------------------------------


def test_what_is_kept_says_the_same_as_the_answer():
    answer = film(949)
    answer["credits"]["crew"] += [{"name": f"Person {n}", "job": "Gaffer"} for n in range(100)]
    kept = trim_response(answer)
    assert len(kept["credits"]["crew"]) == 1
    assert trim_response(kept) == kept
    for one in (answer, kept):
        assert metadata_row(one) == {
            "tmdb_id": 949,
            "title": "Film 949",
            "release_date": "1995-12-15",
            "runtime": 170,
            "popularity": 17.5,
            "vote_count": 1886,
            "vote_average": 7.7,
            "genres": "action|sci-fi",
            "overview": "The story of 949.",
            "keywords": "heist|los angeles",
            "cast_top": "Al Pacino|Robert De Niro|Val Kilmer",
            "director": "Michael Mann",
            "original_language": "en",
            "poster_path": "/949.jpg",
        }
        assert provider_rows(one, "US") == [("flatrate", "Netflix")]
        assert provider_rows(one, "DE") == [("rent", "Netflix")]
        assert provider_rows(one, "FR") == []


def test_what_tmdb_does_not_know_is_empty():
    empty = dict.fromkeys(film(1)) | {"id": 1, "runtime": 0}
    row = metadata_row(empty)
    assert row.pop("tmdb_id") == 1
    assert set(row.values()) == {""}
    assert provider_rows(empty, "US") == []
    assert metadata_row(trim_response(empty)) == {"tmdb_id": 1} | row


def test_doubtful_values_do_no_harm():
    answer = film(
        1,
        title="half a \ud83d character",
        keywords={"keywords": [{"name": "a|b"}, {"name": " \n"}, {"name": None}, 7, {"name": "a/b"}]},
        genres=[{"name": "TV Movie"}, {"name": "Family"}, {}],
        credits={
            "cast": [{"name": "Second", "order": 1}, {"name": "Last"}, {"name": "First", "order": 0}],
            "crew": [
                {"name": "B", "job": "Director"},
                {"name": "A", "job": "Director"},
                {"name": "B", "job": "Director"},
            ],
        },
        vote_count=True,
    )
    row = metadata_row(answer)
    assert row["title"] == "half a ? character"
    assert row["keywords"] == "a/b"
    assert row["genres"] == "tv movie|children"
    assert row["cast_top"] == "First|Second|Last"
    assert row["director"] == "B|A"
    assert row["vote_count"] == ""
