"""Rows into a table, as Arrow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from oomdb.store.connection import server_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa

    from oomdb.store.connection import Connection


def insert_rows(connection: Connection, name: str, rows: Sequence[dict[str, object]]) -> None:
    """Add rows to a table; columns that a row lacks are NULL."""
    if not rows:
        return
    import pyarrow as pa

    from oomdb.rows.columns import schema

    insert(connection, name, pa.Table.from_pylist(list(rows), schema(name)))


def insert(connection: Connection, name: str, table: pa.Table) -> None:
    """Add an Arrow table's rows."""
    if (server := server_session(connection)) is not None:
        from oomdb.store.server import loading

        loading.insert(server, name, table)
        return
    database = cast("duckdb.DuckDBPyConnection", connection)
    database.register("incoming", table)
    database.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
    database.unregister("incoming")


def among(connection: Connection, relation: str, column: str) -> str:
    """The rest of a condition that is true of the values in a relation's column.

    A server looks an array's values up in an index, each by itself; of a subquery's rows it
    does not know how few they are, and goes through the whole table.
    """
    values = f"SELECT {column} FROM {relation}"
    return f"= ANY(ARRAY({values}))" if server_session(connection) else f"IN ({values})"


@contextmanager
def registered(
    connection: Connection, name: str, **columns: Sequence[str | None]
) -> Iterator[None]:
    """Columns of text that statements can read under a name meanwhile."""
    import pyarrow as pa

    table = pa.table({column: pa.array(values, pa.string()) for column, values in columns.items()})
    if (server := server_session(connection)) is not None:
        from oomdb.store.server import loading

        with loading.registered(server, name, table):
            yield
        return
    database = cast("duckdb.DuckDBPyConnection", connection)
    database.register(name, table)
    try:
        yield
    finally:
        database.unregister(name)
