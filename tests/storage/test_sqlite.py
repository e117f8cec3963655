"""Write transactions: committed whole or not at all."""

import sqlite3

import pytest

from cinematch_lib.storage.sqlite import transaction


@pytest.fixture
def database(tmp_path):
    connection = sqlite3.connect(tmp_path / "test.sqlite", isolation_level=None, timeout=0)
    connection.execute("CREATE TABLE t (x INTEGER)")
    yield connection
    connection.close()


def values(connection):
    return [x for (x,) in connection.execute("SELECT x FROM t")]


def test_a_transaction_is_committed_at_its_end(database, tmp_path):
    with transaction(database) as db:
        db.execute("INSERT INTO t VALUES (1)")
    with sqlite3.connect(tmp_path / "test.sqlite") as other:
        assert values(other) == [1]


def test_a_transaction_that_raises_is_rolled_back(database):
    with pytest.raises(KeyboardInterrupt), transaction(database) as db:
        db.execute("INSERT INTO t VALUES (1)")
        raise KeyboardInterrupt
    assert values(database) == []
    with transaction(database) as db:  # the connection can be used again
        db.execute("INSERT INTO t VALUES (2)")
    assert values(database) == [2]


def test_a_transaction_takes_the_write_lock_at_once(database, tmp_path):
    other = sqlite3.connect(tmp_path / "test.sqlite", isolation_level=None, timeout=0)
    with transaction(database), pytest.raises(sqlite3.OperationalError, match="locked"), transaction(other):
        pass
    other.close()
