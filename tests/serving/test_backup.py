"""Copies of the store, made while it is in use, put back, and put back beside another's log."""

import shutil
import sqlite3
import threading

import pytest

from cinematch_lib import CineMatchError
from cinematch_lib.cli.main import main
from cinematch_lib.serving.backup import back_up
from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.store import FILE, Store

FILM = {"movie_id": 6, "title": "Heat", "year": 1995}


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path / "state")
    yield one
    one.close()


def add(store, film, user="ann"):
    store.add_to_watchlist(user, FILM | {"movie_id": film})


def films(store, user="ann"):
    return [entry.film["movie_id"] for entry in store.watchlist(user)]


def test_a_copy_holds_what_was_acknowledged_and_stands_alone(store, tmp_path):
    add(store, 1)
    copy = tmp_path / "copies" / "one.sqlite"
    assert back_up(tmp_path / "state", copy) == copy.stat().st_size
    add(store, 2)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in copy.parent.iterdir()] == ["one.sqlite"]
    (tmp_path / "other").mkdir()
    shutil.copy(copy, tmp_path / "other" / FILE)
    restored = Store(tmp_path / "other")
    assert films(restored) == [1]
    add(restored, 3)
    assert sorted(films(restored)) == [1, 3]
    restored.close()
    assert sorted(films(store)) == [1, 2]


def test_copies_made_while_many_write_are_of_one_moment(store, tmp_path):
    def write():
        for film in range(1, 200):
            add(store, film)

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    while writer.is_alive():
        back_up(tmp_path / "state", tmp_path / "copy.sqlite")
        with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
            counts.append(copy.execute("SELECT count(*) FROM watchlist").fetchone()[0])
    writer.join()
    assert counts == sorted(counts)


def test_a_copy_put_back_beside_an_old_log_is_refused(store, tmp_path):
    add(store, 1)
    back_up(tmp_path / "state", tmp_path / "copy.sqlite")
    add(store, 2)
    crashed = shutil.copytree(tmp_path / "state", tmp_path / "crashed")  # as a killed server leaves it
    assert (crashed / f"{FILE}-wal").stat().st_size
    shutil.copy(tmp_path / "copy.sqlite", crashed / FILE)
    with pytest.raises(StoreError) as refused:
        Store(crashed)
    assert str(refused.value) == (
        f"{crashed / FILE} was put back beside the log of another state; remove {FILE}-wal and {FILE}-shm there, "
        "then start again"
    )
    (crashed / f"{FILE}-wal").unlink()
    (crashed / f"{FILE}-shm").unlink(missing_ok=True)
    restored = Store(crashed)
    assert films(restored) == [1]
    restored.close()


def test_a_killed_server_s_own_log_is_taken_up(store, tmp_path):
    add(store, 1)
    crashed = shutil.copytree(tmp_path / "state", tmp_path / "crashed")
    again = Store(crashed)
    assert films(again) == [1]
    again.close()


def test_what_cannot_be_copied_is_named(tmp_path):
    with pytest.raises(CineMatchError, match=rf"{tmp_path / FILE} was not found; name the folder of the state"):
        back_up(tmp_path, tmp_path / "copy")
    with pytest.raises(CineMatchError, match="a store in PostgreSQL is copied by its own tools: pg_dump"):
        back_up("postgresql://localhost/films", tmp_path / "copy")
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(CineMatchError, match="could not be copied"):
        back_up(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_the_command(store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    add(store, 1)
    assert main(["backup", "copy.sqlite"]) == 0
    assert capsys.readouterr().out == f"copy.sqlite: {(tmp_path / 'copy.sqlite').stat().st_size:,} bytes\n"
