"""A database as a whole: all that is in it, read in full, and how it is defined."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import duckdb
import pyarrow as pa

from oomdb import scratch, tables
from oomdb.store.connection import server_session
from oomdb.store.facts import kept_by_event
from oomdb.store.migrate import known_revisions
from oomdb.store.opening import connect, definitions_fingerprint, prepare
from oomdb.views import load_views

if TYPE_CHECKING:
    from oomdb.store.connection import Connection

_MAIN = "main"
#: Stands for what a server keeps of saved views, in place of a schema.
_KEPT = "kept"


class Relation(NamedTuple):
    """A table, in the schema of what was stored, or of what is kept of saved views."""

    schema: str
    table: str

    def __str__(self) -> str:
        """Its name, as SQL finds it."""
        if self.schema == _KEPT:
            return f"kept_{self.table}"
        return self.table if self.schema == _MAIN else f"{self.schema}.{self.table}"


_RELATIONS = """
SELECT schema_name, table_name FROM duckdb_tables()
WHERE NOT temporary AND schema_name IN ('main', 'facts') ORDER BY 1, 2"""


def relations(connection: Connection) -> list[Relation]:
    """Every table of a database, by its name."""
    if server_session(connection) is not None:
        stored = [Relation(_MAIN, table.name) for table in tables.TABLES]
        return stored + [Relation(_KEPT, view.name) for view in kept_by_event()]
    found = [Relation(*row) for row in connection.execute(_RELATIONS).fetchall()]
    # A lake's are views over its files.
    return found or [Relation(_MAIN, table.name) for table in tables.TABLES]


def _is_file(connection: Connection) -> bool:
    """Whether the tables are those of a file of DuckDB's."""
    return server_session(connection) is None and bool(connection.execute(_RELATIONS).fetchone())


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

    They are equal where the rows are, in any order. A server's database and a file keep other
    columns of saved views, and a lake has its own types, so between these the declared columns
    are compared.
    """
    if _is_file(one) and _is_file(other):
        found = [_content(each, str(relation)) for each in (one, other)]
    else:
        if relation.schema == _KEPT:
            named = {view.name: view for view in load_views()}[relation.table].columns
            names = ", ".join(name for name, _ in named)
        else:
            names = ", ".join(column.name for column in tables.BY_NAME[relation.table].columns)
        rows = f"SELECT {names} FROM {relation.table}"
        found = [_content_of_rows(each, rows) for each in (one, other)]
    return found[0], found[1]


_HASHED = "SELECT COUNT(*), CAST(SUM(HASH(t)) AS VARCHAR) FROM {} AS t"


def _content(connection: Connection, relation: str) -> tuple[int, str | None]:
    row = connection.execute(_HASHED.format(relation)).fetchone()
    return int(row[0]), row[1]


def _content_of_rows(connection: Connection, rows: str) -> tuple[int, str | None]:
    """The same of rows whose whole numbers may be of any width, by a DuckDB of its own."""
    reader = connection.cursor().execute(rows).to_arrow_reader()
    wide = pa.schema((field.name, _wide(field.type)) for field in reader.schema)
    batches = (batch.cast(wide) for batch in reader)
    with duckdb.connect() as database:
        database.register("these", pa.RecordBatchReader.from_batches(wide, batches))
        return _content(cast("Connection", database), "these")


def _wide(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else kind


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

        return on_server(server.server)
    return _definitions(connection), _expected(definitions_fingerprint(), known_revisions()[0])


@cache
def _expected(views: str, tables_revision: str) -> dict[str, str]:
    """How a database that is made now defines all; the same for the same views and tables."""
    fresh = Path(scratch.folder(large=True)) / "definitions.duckdb"
    try:
        prepare(fresh)
        with connect(fresh, read_only=True) as made:
            return _definitions(made)
    finally:
        fresh.unlink(missing_ok=True)


def _definitions(connection: Connection) -> dict[str, str]:
    rows = connection.execute(_DEFINITIONS).fetchall()
    return {f"{schema}.{name}": sql for schema, name, sql in rows}
