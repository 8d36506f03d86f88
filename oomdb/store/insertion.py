"""Rows into a table, as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow as pa


def insert_rows(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, object]]
) -> None:
    """Add rows to a table; columns that a row lacks are NULL."""
    if not rows:
        return
    import pyarrow as pa

    from oomdb.store.arrow import schema

    insert(connection, name, pa.Table.from_pylist(list(rows), schema(name)))


def insert(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Add an Arrow table's rows."""
    connection.register("incoming", table)
    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")
