"""The store by itself: versions, limits, and invalid files."""

import sqlite3
import threading

import pytest

from cinematch_lib import CineMatchError
from cinematch_lib.serving import store as store_module
from cinematch_lib.serving.store import FILE, ListFullError, Store, StoreError


def film(movie_id=1, title="Heat"):
    return {"movie_id": movie_id, "title": title, "year": 1995}


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path)
    yield one
    one.close()


def read(folder, query):
    with sqlite3.connect(folder / FILE) as db:
        return db.execute(query).fetchall()


def test_stored_data_is_there_after_reopening(tmp_path):
    store = Store(tmp_path / "deep" / "state")
    assert store.add_to_watchlist("anna", film())
    assert not store.add_to_watchlist("anna", film())
    store.set_feedback("anna", 2, "Collateral", 2004, "dislike")
    store.close()
    again = Store(tmp_path / "deep" / "state")
    (saved,) = again.watchlist("anna")
    assert (saved.film, saved.watched) == (film(), False)
    assert again.feedback_kinds("anna") == {2: "dislike"}
    again.close()


def test_the_file_is_in_wal_mode_and_has_a_version(store, tmp_path):
    assert read(tmp_path, "PRAGMA journal_mode") == [("wal",)]
    assert read(tmp_path, "PRAGMA user_version") == [(1,)]


def test_deleting_a_user_deletes_their_lists(store, tmp_path):
    store.add_to_watchlist("anna", film())
    store.set_feedback("anna", 2, "Collateral", 2004, "like")
    store.set_feedback("ben", 2, "Collateral", 2004, "like")
    assert store.delete_user("anna") == (1, 1)
    assert store.delete_user("anna") == (0, 0)
    assert read(tmp_path, "SELECT count(*) FROM watchlist") == [(0,)]
    assert read(tmp_path, "SELECT count(*) FROM feedback") == [(1,)]
    assert read(tmp_path, "SELECT name FROM users") == [("ben",)]


def test_an_unknown_kind_of_feedback_is_refused_by_the_database(store):
    with pytest.raises(StoreError, match="could not be saved"):
        store.set_feedback("anna", 2, "Collateral", 2004, "adore")
    assert store.feedback_kinds("anna") == {}


def test_the_length_of_a_list_is_limited(store, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_LIST_LENGTH", 2)
    for movie_id in (1, 2):
        store.add_to_watchlist("anna", film(movie_id))
        store.set_feedback("anna", movie_id, "Film", 2000, "like")
    with pytest.raises(ListFullError, match="a user's watchlist holds at most 2 films; remove some first"):
        store.add_to_watchlist("anna", film(3))
    with pytest.raises(ListFullError, match="a user's feedback holds at most 2 films"):
        store.set_feedback("anna", 3, "Film", 2000, "like")
    assert not store.add_to_watchlist("anna", film(2))
    store.set_feedback("anna", 2, "Film", 2000, "dislike")
    assert store.add_to_watchlist("ben", film(3))


def test_a_later_version_is_refused(tmp_path):
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(CineMatchError, match="has the format version 7, and this CineMatch knows 1; use the CineMatch"):
        Store(tmp_path)


def test_a_store_of_an_earlier_version_is_migrated_and_keeps_its_data(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.add_to_watchlist("anna", film())
    store.close()
    further = (*store_module._MIGRATIONS, "ALTER TABLE users ADD COLUMN seen TEXT; CREATE TABLE more (x INTEGER);")
    monkeypatch.setattr(store_module, "_MIGRATIONS", further)
    newer = Store(tmp_path)
    assert len(newer.watchlist("anna")) == 1
    newer.close()
    assert read(tmp_path, "PRAGMA user_version") == [(2,)]
    assert read(tmp_path, "SELECT name, seen FROM users") == [("anna", None)]


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    Store(tmp_path).close()
    broken = (*store_module._MIGRATIONS, "CREATE TABLE more (x INTEGER); ALTER TABLE nowhere ADD COLUMN x;")
    monkeypatch.setattr(store_module, "_MIGRATIONS", broken)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    assert read(tmp_path, "PRAGMA user_version") == [(1,)]
    assert read(tmp_path, "SELECT count(*) FROM sqlite_master WHERE name = 'more'") == [(0,)]


def test_another_file_is_refused_and_not_changed(tmp_path):
    (tmp_path / FILE).write_bytes(b"my diary, page one\n" * 100)
    with pytest.raises(StoreError, match=r"cannot be used .*; .*name another state folder"):
        Store(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"my diary")


def test_an_impossible_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another state folder"):
        Store(tmp_path / "file" / "state")


def test_many_threads_and_two_stores_on_one_file_lose_nothing(tmp_path):
    stores = [Store(tmp_path), Store(tmp_path)]

    def write(at):
        for movie_id in range(1, 26):
            assert stores[at % 2].add_to_watchlist(f"user {at}", film(movie_id))
            stores[at % 2].set_feedback(f"user {at}", movie_id, "Film", 2000, "like")

    threads = [threading.Thread(target=write, args=[at]) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at in range(8):
        assert [one.film["movie_id"] for one in stores[0].watchlist(f"user {at}")] == list(range(1, 26))
        assert list(stores[1].feedback_kinds(f"user {at}")) == list(range(1, 26))
    for store in stores:
        store.close()
