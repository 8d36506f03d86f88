"""The views over a content's rows on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from oomdb.tables import TABLES, Type
from oomdb.views import View, load_views
from tests.servers.postgresql import fresh_database
from tests.test_engines.content import column_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.test_engines.content import Content

#: As `oomdb.store.schema` makes them; names and paths are bytes, whatever the database's language.
_TYPES = {
    Type.TEXT: 'TEXT COLLATE "C"',
    Type.INTEGER: "BIGINT",
    Type.REAL: "DOUBLE PRECISION",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.BLOB: "BYTEA",
}

Connection = psycopg.Connection[tuple[Any, ...]]


class Filled:
    """A database with every table, and the views that were asked for so far."""

    def __init__(self, connection: Connection, content: Content) -> None:
        self._connection = connection
        for table in TABLES:
            columns = ", ".join(f"{c.name} {_TYPES[c.type]}" for c in table.columns)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
            names = column_names(table)
            rows = content.tables.execute(f"SELECT {names} FROM {table.name}").fetchall()
            with connection.cursor().copy(f"COPY {table.name} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([_storable(value) for value in row])
        connection.execute("ANALYZE")
        # It takes what a CTE gives for one row, and loops within loops over thousands.
        connection.execute("SET enable_nestloop = off")
        connection.execute("SET jit = off")

    def rows(self, view: View) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of the view's SELECT."""
        every = load_views()
        for each in every[: every.index(view) + 1]:
            found = self._connection.execute("SELECT to_regclass(%s)", [each.name]).fetchone()
            if found == (None,):
                self._connection.execute(f"CREATE VIEW {each.name} AS {each.sql}")
        asked = self._connection.execute(f"SELECT * FROM {view.name}")
        return [column.name for column in asked.description or ()], asked.fetchall()


def _storable(value: object) -> object:
    # As `oomdb.store.server.loading` has it: no text holds a zero byte there.
    return value.replace("\0", "\u2400") if isinstance(value, str) else value


@contextmanager
def filled(server: str, content: Content) -> Iterator[Filled]:
    """A database of its own on the server, dropped at the end of the block."""
    with fresh_database(server) as url:
        address = url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            yield Filled(connection, content)
