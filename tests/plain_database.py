"""The tables without a store: for tests of what only reads them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import duckdb

from oomdb.gfp import reference_rows
from oomdb.store import functions
from oomdb.tables import TABLES, Type
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQL_TYPES = {
    Type.TEXT: "TEXT",
    Type.INTEGER: "BIGINT",
    Type.REAL: "DOUBLE",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.BLOB: "BLOB",
}


def empty() -> duckdb.DuckDBPyConnection:
    """A database in memory that has every table and no view."""
    connection = duckdb.connect()
    connection.execute(functions.DUCKDB)
    for table in TABLES:
        columns = ", ".join(f"{c.name} {_SQL_TYPES[c.type]}" for c in table.columns)
        connection.execute(f"CREATE TABLE {table.name} ({columns})")
    return connection


@contextmanager
def with_views() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that has every table, the reference rows and every view.

    It is made once, as that takes most of a test's time; what is written to it is gone
    at the end of the block.
    """
    with rolled_back(_made()) as connection:
        yield connection


@contextmanager
def rolled_back(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same connection; what is written to it is gone at the end of the block."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


@cache
def _made() -> duckdb.DuckDBPyConnection:
    connection = empty()
    for row in reference_rows():
        insert(connection, "gfp_bits", **row)
    for view in load_views():
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    return connection


@contextmanager
def worked_out(connection: duckdb.DuckDBPyConnection, *names: str) -> Iterator[None]:
    """Views, and all that these read, as tables of their rows until the end of the block.

    To plan each alone takes a part of the time that all within each other take.
    """
    views = [view for view in load_views() if view.name in _read_by(names)]
    for view in views:
        connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
    yield
    for view in views:
        connection.execute(f"DROP TABLE temp.{view.name}")


@cache
def _read_by(names: tuple[str, ...]) -> frozenset[str]:
    """The names of views and of all that they read."""
    found = set(names)
    for view in reversed(load_views()):
        if view.name in found:
            found |= set(re.findall(r"\w+", view.code))
    return frozenset(found)


def insert(connection: duckdb.DuckDBPyConnection, table: str, **row: object) -> None:
    """Add one row; columns that are not given are NULL."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
