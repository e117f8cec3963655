"""The store in PostgreSQL, which servers on several machines can share. Needs the extra ``postgres``."""

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from cinematch_lib.errors import require_extra
from cinematch_lib.serving import schema
from cinematch_lib.serving.database import StoreError

require_extra("postgres", "psycopg", "psycopg_pool")

import psycopg  # noqa: E402
from psycopg import conninfo  # noqa: E402
from psycopg_pool import ConnectionPool, PoolTimeout  # noqa: E402

_WAIT_SECONDS = 5  # for a connection, and for other transactions of the same key
_CHECK_SECONDS = 1  # for a connection, when only the state of the database is asked for
_CONNECTIONS = 16  # of one server process at most
_SCHEMA = "cinematch"  # of the tables, so that a database of other things can be used
_SETTINGS = {
    "search_path": _SCHEMA,
    "synchronous_commit": "on",  # an acknowledged write survives a power cut
    "lock_timeout": f"{_WAIT_SECONDS}s",
    "statement_timeout": f"{2 * _WAIT_SECONDS}s",
}


class PostgresDatabase:
    """The tables in the schema ``cinematch`` of the database at `address`, created if missing. Thread-safe.

    An `address` is what libpq takes, such as ``postgresql://user@host:5432/database``; a password can stand in the
    environment (PGPASSWORD) or in ``~/.pgpass``. After a failure, each request connects anew. Raises StoreError.
    """

    def __init__(self, address: str) -> None:
        try:
            parts = conninfo.conninfo_to_dict(address)
        except psycopg.Error:  # its message could repeat a password
            raise StoreError(
                "the address of the store cannot be read; it has the form postgresql://user@host:5432/database"
            ) from None
        # never shown whole, since a password may stand in it
        self.name = f"PostgreSQL at {parts.get('host') or 'this machine'}, database {parts.get('dbname') or 'default'}"
        self._address = address
        self._pool: ConnectionPool | None = None
        self._failure: str | None = None  # of the last write
        self.open()

    def open(self) -> None:
        """Connect again after `close`; no effect on an open database. Raises StoreError."""
        if self._pool is not None:
            return
        try:
            with psycopg.connect(self._address, connect_timeout=_WAIT_SECONDS, autocommit=True) as connection:
                self._migrate(connection)
        except psycopg.Error as error:
            raise StoreError(f"{self.name} cannot be used ({_line(error)}); start it, or name another store") from None
        self._pool = ConnectionPool(
            self._address,
            kwargs={"autocommit": True, "connect_timeout": _WAIT_SECONDS},
            min_size=1,
            max_size=_CONNECTIONS,
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=1,  # then the next request tries
            open=True,
        )

    def close(self) -> None:
        """Close all connections; all acknowledged writes are in the database."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    @property
    def problem(self) -> str | None:
        """Why the database cannot be trusted now; None if it can."""
        try:
            with self._connection(_CHECK_SECONDS) as connection:
                for table in schema.TABLES:
                    connection.execute(f"SELECT 1 FROM {table} LIMIT 1".encode())
        except (psycopg.Error, StoreError) as error:
            return f"{self.name}: {_line(error)}"
        return self._failure

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises StoreError."""
        try:
            with self._connection() as connection:
                return _Transaction(connection).execute(query, values).fetchall()
        except psycopg.Error as error:
            raise StoreError(f"the stored data could not be read ({_line(error)}); try again later") from None

    def forget(self) -> None:
        """No effect: PostgreSQL overwrites deleted rows when it vacuums, and its log when it recycles it."""

    @contextlib.contextmanager
    def transaction(self, key: str) -> Iterator["_Transaction"]:
        """One write transaction, acknowledged when the block ends; those of one `key` run one after the other.

        Raises StoreError.
        """
        try:
            with self._connection() as connection, connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(key.encode()),))
                yield _Transaction(connection)
            self._failure = None
        except psycopg.errors.LockNotAvailable:
            raise StoreError(
                f"the store is in use by others, and the change was not saved within {_WAIT_SECONDS} s; try again later"
            ) from None
        except psycopg.Error as error:
            self._failure = f"the change could not be saved ({_line(error)})"
            raise StoreError(f"{self._failure}; try again later") from None

    @contextlib.contextmanager
    def _connection(self, seconds: float = _WAIT_SECONDS) -> Iterator[psycopg.Connection]:
        if self._pool is None:
            raise StoreError("the store is closed")
        try:
            with self._pool.connection(seconds) as connection:
                yield connection
        except PoolTimeout:
            raise StoreError(f"{self.name} does not answer, or all connections are taken; try again later") from None

    def _migrate(self, connection: psycopg.Connection) -> None:
        """Bring the tables to the format of this version. Raises StoreError where a newer version wrote them."""
        _configure(connection)
        with connection.transaction():
            # if two servers start at once, one of them creates the tables
            connection.execute("SELECT pg_advisory_xact_lock(0)")
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}".encode())
            connection.execute("CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)")
            row = connection.execute("SELECT version FROM format").fetchone()
            applied = 0 if row is None else row[0] - schema.POSTGRES_BASE + 1
            if applied > len(schema.POSTGRES):
                raise StoreError(
                    f"{self.name} has the format version {row[0]}, and this CineMatch knows "
                    f"{schema.POSTGRES_BASE + len(schema.POSTGRES) - 1}; use the CineMatch that wrote it, "
                    "or name another store"
                )
            for script in schema.POSTGRES[applied:]:
                connection.execute(script.encode())
            connection.execute("DELETE FROM format")
            version = schema.POSTGRES_BASE + len(schema.POSTGRES) - 1
            connection.execute("INSERT INTO format VALUES (%s)", (version,))


class _Transaction:
    """A connection that takes SQLite's ``?`` for a value."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[object] = (), /) -> psycopg.Cursor:
        return self._connection.execute(statement.replace("?", "%s").encode(), values)


def _configure(connection: psycopg.Connection) -> None:
    for name, value in _SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
