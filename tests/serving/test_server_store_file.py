"""The store in a SQLite file: versions, invalid files, and other processes that hold it."""

import json
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from support.stores import film, kinds, read

from cinematch_lib import CineMatchError
from cinematch_lib.serving import database as database_module
from cinematch_lib.serving import schema
from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.store import FILE, Store


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path)
    yield one
    one.close()


def test_the_file_is_in_wal_mode_and_has_a_version(store, tmp_path):
    assert read(tmp_path, "PRAGMA journal_mode") == [("wal",)]
    assert read(tmp_path, "PRAGMA user_version") == [(5,)]


def test_a_later_version_is_refused(tmp_path):
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(CineMatchError, match="has the format version 7, and this CineMatch knows 5; use the CineMatch"):
        Store(tmp_path)


def test_a_store_of_an_earlier_version_is_migrated_and_keeps_its_data(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.add_to_watchlist("anna", film())
    store.close()
    further = (*schema.SQLITE, "ALTER TABLE users ADD COLUMN seen TEXT; CREATE TABLE more (x INTEGER);")
    monkeypatch.setattr(schema, "SQLITE", further)
    newer = Store(tmp_path)
    assert len(newer.watchlist("anna")) == 1
    newer.close()
    assert read(tmp_path, "PRAGMA user_version") == [(6,)]
    assert read(tmp_path, "SELECT name, seen FROM users") == [("anna", None)]


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    Store(tmp_path).close()
    broken = (*schema.SQLITE, "CREATE TABLE more (x INTEGER); ALTER TABLE nowhere ADD COLUMN x;")
    monkeypatch.setattr(schema, "SQLITE", broken)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)
    assert read(tmp_path, "PRAGMA user_version") == [(5,)]
    assert read(tmp_path, "SELECT count(*) FROM sqlite_master WHERE name = 'more'") == [(0,)]


def test_another_file_is_refused_and_not_changed(tmp_path):
    (tmp_path / FILE).write_bytes(b"my diary, page one\n" * 100)
    with pytest.raises(StoreError, match=r"cannot be used .*; .*name another state folder"):
        Store(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"my diary")


def test_a_link_is_refused_and_a_linked_folder_is_not(tmp_path):
    Store(tmp_path / "there").close()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / FILE).symlink_to(tmp_path / "there" / FILE)
    with pytest.raises(StoreError, match=r"is a symbolic link, .* must be a file.* with --state"):
        Store(tmp_path / "here")
    (tmp_path / "linked").symlink_to(tmp_path / "there")
    Store(tmp_path / "linked").close()


def test_an_impossible_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another state folder"):
        Store(tmp_path / "file" / "state")


def test_users_of_an_earlier_version_get_one_spelling(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "SQLITE", schema.SQLITE[:1])
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        for movie_id, name in enumerate(("ren\u00e9", "rene\u0301", "/bob//", "rene\u0301/")):
            db.execute("INSERT INTO users VALUES (?, ?)", (movie_id, name))
            saved = (movie_id, movie_id, json.dumps(film(movie_id)), "2026-01-01T00:00:00Z")
            db.execute("INSERT INTO watchlist (user, movie_id, film, added) VALUES (?, ?, ?, ?)", saved)
            db.execute("INSERT INTO feedback VALUES (?, ?, 'like', 'Film', 2000, 'today')", (movie_id, movie_id))
    monkeypatch.undo()
    store = Store(tmp_path)
    assert sorted(one.film["movie_id"] for one in store.watchlist("ren\u00e9")) == [0, 1, 3]
    assert sorted(kinds(store, "ren\u00e9")) == [0, 1, 3]
    assert [one.film["movie_id"] for one in store.watchlist("bob")] == [2]
    store.close()


def test_writers_are_refused_in_time_while_another_process_writes(store, tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "_BUSY_SECONDS", 0.5)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began, errors = time.monotonic(), []

    def write(movie_id):
        try:
            store.add_to_watchlist("anna", film(movie_id))
        except StoreError as error:
            errors.append(str(error))

    writers = [threading.Thread(target=write, args=(movie_id,)) for movie_id in range(10)]
    for one in writers:
        one.start()
    assert store.watchlist("anna") == []  # reading goes on
    for one in writers:
        one.join()
    assert len(errors) == 10
    assert all("the store is in use by others" in error for error in errors)
    assert time.monotonic() - began < 10 * 0.5  # not one after the other
    assert store.problem is None
    other.execute("ROLLBACK")
    other.close()
    assert store.add_to_watchlist("anna", film())


# --- trusted only while its file is there ------------------------------------------------------------


def remove(path):
    path.unlink()


def move(path):
    path.rename(path.with_suffix(".moved"))


def replace(path):
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    copy.replace(path)


def remove_log(path):
    Path(f"{path}-wal").unlink()


def cut(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [remove, move, replace, remove_log, cut])
def test_nothing_is_acknowledged_that_is_not_in_the_file_of_this_name(store, tmp_path, change):
    store.add_to_watchlist("anna", film())
    assert store.problem is None
    change(tmp_path / FILE)
    for act in (
        lambda: store.add_to_watchlist("anna", film(2)),
        lambda: store.set_feedback("anna", 2, "Collateral", 2004, "like"),
        lambda: store.watchlist("anna"),
    ):
        with pytest.raises(StoreError, match="was removed, moved or replaced, and nothing is saved; put it back"):
            act()
    assert "was removed, moved or replaced" in store.problem


def test_a_dropped_table_and_damaged_pages_are_a_problem(store, tmp_path):
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("DROP TABLE feedback")
    assert "no such table" in store.problem
    with pytest.raises(StoreError, match="could not be saved"):
        store.set_feedback("anna", 2, "Collateral", 2004, "like")
    store.close()
    with pytest.raises(StoreError, match=r"cannot be used \(the table feedback is missing\); repair it"):
        Store(tmp_path)


def test_an_empty_file_is_no_store(tmp_path):
    (tmp_path / FILE).touch()
    with pytest.raises(StoreError, match="is empty; restore a copy, or remove it to start without any data"):
        Store(tmp_path)


def test_damaged_pages_are_refused_at_the_start(tmp_path):
    store = Store(tmp_path)
    for movie_id in range(200):
        store.add_to_watchlist("anna", film(movie_id, "Heat" * 500))
    store.close()
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xaa" * 8192
    path.write_bytes(data)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)


def test_only_the_owner_can_read_the_files(tmp_path):
    store = Store(tmp_path / "state")
    store.add_to_watchlist("anna", film())
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "state").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    store.close()


def test_files_that_others_could_read_are_closed_to_them(tmp_path):
    store = Store(tmp_path)
    store.add_to_watchlist("anna", film())
    store.close()
    (tmp_path / FILE).chmod(0o644)  # as a copy that was put back, for which SQLite makes new logs
    store = Store(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close()
