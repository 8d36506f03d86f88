"""Rows into a table, as Arrow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa


def insert_rows(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, object]]
) -> None:
    """Add rows to a table; columns that a row lacks are NULL."""
    if not rows:
        return
    import pyarrow as pa

    from oomdb.rows.columns import schema

    insert(connection, name, pa.Table.from_pylist(list(rows), schema(name)))


def insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Add an Arrow table's rows."""
    connection.register("incoming", table)
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")


@contextmanager
def registered(
    connection: duckdb.DuckDBPyConnection, name: str, **columns: Sequence[str | None]
) -> Iterator[None]:
    """Columns of text that statements can read under a name meanwhile."""
    import pyarrow as pa

    arrays = {column: pa.array(values, pa.string()) for column, values in columns.items()}
    connection.register(name, pa.table(arrays))
    try:
        yield
    finally:
        connection.unregister(name)
