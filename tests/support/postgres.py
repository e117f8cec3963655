"""A PostgreSQL server that the tests start, stop at once, and start again."""

import contextlib
from pathlib import Path

import pgserver
import psycopg


class Postgres:
    """The server, whose data lie in `folder`; `address` is that of its database."""

    def __init__(self, folder: Path):
        self._server = pgserver.get_server(folder, cleanup_mode="stop")
        self.address = self._server.get_uri()

    def crash(self):
        """End all its processes, without saying goodbye to anybody."""
        pgserver.pg_ctl(
            ["-w", "-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user, timeout=30
        )

    def start(self):
        """Start it again."""
        self._server.ensure_postgres_running()

    def rows(self, query):
        """The rows of a query on the tables of the store."""
        with psycopg.connect(self.address, options="-c search_path=cinematch") as connection:
            return connection.execute(query).fetchall()

    def clear(self):
        """Drop the tables of the store."""
        with psycopg.connect(self.address) as connection:
            connection.execute("DROP SCHEMA IF EXISTS cinematch CASCADE")

    def drop(self, table):
        """Drop a table of the store."""
        with psycopg.connect(self.address) as connection:
            connection.execute(f"DROP TABLE cinematch.{table}")

    def end(self):
        """Stop it."""
        with contextlib.suppress(Exception):
            self._server.cleanup()
