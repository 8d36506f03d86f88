"""Every saved view gives the same rows on PostgreSQL as on DuckDB, from the file as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from oomdb.tables import TABLES, Type
from oomdb.views import View, load_views
from tests.servers.postgresql import fresh_database
from tests.test_engines import content

if TYPE_CHECKING:
    from collections.abc import Iterator

#: As `oomdb.store.schema` makes them; names and paths are bytes, whatever the database's language.
_TYPES = {
    Type.TEXT: 'TEXT COLLATE "C"',
    Type.INTEGER: "BIGINT",
    Type.REAL: "DOUBLE PRECISION",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.BLOB: "BYTEA",
}
VIEWS = load_views()

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def filled(postgresql_server: str) -> Iterator[Connection]:
    """A database with every table, filled, and no view but those that tests make."""
    with fresh_database(postgresql_server) as url:
        address = url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            for table in TABLES:
                columns = ", ".join(f"{c.name} {_TYPES[c.type]}" for c in table.columns)
                connection.execute(f"CREATE TABLE {table.name} ({columns})")
                names = content.column_names(table)
                rows = content.tables().execute(f"SELECT {names} FROM {table.name}").fetchall()
                with connection.cursor().copy(f"COPY {table.name} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            connection.execute("ANALYZE")
            # It takes what a CTE gives for one row, and loops within loops over thousands.
            connection.execute("SET enable_nestloop = off")
            connection.execute("SET jit = off")
            yield connection


def make_views(connection: Connection, last: View) -> None:
    """Make every view up to the last one, in the order in which they read each other."""
    for view in VIEWS[: VIEWS.index(last) + 1]:
        (known,) = connection.execute("SELECT to_regclass(%s)", [view.name]).fetchone() or (None,)
        if known is None:
            connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")


@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_the_view_gives_the_same_rows(filled: Connection, view: View) -> None:
    make_views(filled, view)
    found = filled.execute(f"SELECT * FROM {view.name}")
    assert [column.name for column in found.description or ()] == [name for name, _ in view.columns]
    content.assert_expected(view, found.fetchall())
