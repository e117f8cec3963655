"""Write transactions for SQLite connections in autocommit mode (`isolation_level=None`)."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block in one write transaction: committed at its end, rolled back if it raises.

    IMMEDIATE takes the write lock at once: a transaction that reads first and writes later could fail half-way,
    without waiting, because another connection wrote in between.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
