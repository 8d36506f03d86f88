"""A database as a whole: all that is in it, read in full, and how it is defined."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import duckdb

from oomdb import scratch, tables
from oomdb.store.connection import server_session
from oomdb.store.opening import connect, prepare

if TYPE_CHECKING:
    from oomdb.store.connection import Connection
    from oomdb.store.server.connection import ServerConnection

_MAIN = "main"


class Relation(NamedTuple):
    """A table, in the schema of what was stored, or of what is kept of saved views."""

    schema: str
    table: str

    def __str__(self) -> str:
        """Its name, as SQL finds it."""
        return self.table if self.schema == _MAIN else f"{self.schema}.{self.table}"


_RELATIONS = """
SELECT schema_name, table_name FROM duckdb_tables()
WHERE NOT temporary AND schema_name IN ('main', 'facts') ORDER BY 1, 2"""


def relations(connection: Connection) -> list[Relation]:
    """Every table of a database, by its name."""
    if server_session(connection) is not None:
        return [Relation(_MAIN, table.name) for table in tables.TABLES]
    return [Relation(*row) for row in connection.execute(_RELATIONS).fetchall()]


def read(connection: Connection, relation: Relation) -> int:
    """How many rows a table has, of which every value was read; what fails raises."""
    hashed = (
        "HASH(COLUMNS(*))" if server_session(connection) is None else "HASHTEXT(CAST(t AS TEXT))"
    )
    row = connection.execute(f"SELECT COUNT(*), SUM({hashed}) FROM {relation} AS t").fetchone()
    return int(row[0])


def contents(
    one: Connection, other: Connection, relation: Relation
) -> tuple[tuple[int, str | None], tuple[int, str | None]]:
    """Of a table in two databases how many rows there are, and what stands for all of them.

    They are equal where the rows are, in any order. A server keeps nothing of saved views, so
    of one the columns of the contract are compared.
    """
    on_servers = [server_session(each) is not None for each in (one, other)]
    names = "*"
    if any(on_servers):
        names = ", ".join(column.name for column in tables.BY_NAME[relation.table].columns)
    found = [_content(each, f"SELECT {names} FROM {relation}") for each in (one, other)]
    return found[0], found[1]


def _content(connection: Connection, rows: str) -> tuple[int, str | None]:
    hashed = "SELECT COUNT(*), CAST(SUM(HASH(t)) AS VARCHAR) FROM {} AS t"
    server = server_session(connection)
    if server is None:
        row = connection.execute(hashed.format(f"({rows})")).fetchone()
    else:
        with duckdb.connect() as database:
            database.register("of_server", server.cursor().execute(rows).to_arrow_reader())
            row = database.execute(hashed.format("of_server")).fetchone()
    assert row is not None
    return int(row[0]), row[1]


_DEFINITIONS = """
SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal
UNION ALL
SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE NOT temporary
UNION ALL
SELECT schema_name, function_name, CAST(macro_definition AS VARCHAR)
FROM duckdb_functions() WHERE NOT internal"""


def definitions(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """How tables, views and functions are defined, by name, and how this oomdb defines them."""
    server = server_session(connection)
    if server is not None:
        from oomdb.store.server.definitions import definitions as on_server

        return on_server(cast("ServerConnection", connection).server)
    fresh = Path(scratch.folder(large=True)) / "definitions.duckdb"
    try:
        prepare(fresh)
        with connect(fresh, read_only=True) as made:
            expected = _definitions(made)
    finally:
        fresh.unlink(missing_ok=True)
    return _definitions(connection), expected


def _definitions(connection: Connection) -> dict[str, str]:
    rows = connection.execute(_DEFINITIONS).fetchall()
    return {f"{schema}.{name}": sql for schema, name, sql in rows}
