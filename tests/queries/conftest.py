"""A database with every view, and a way to read one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import plain_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

    Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with plain_database.with_views() as connection:
        yield connection


@pytest.fixture
def select(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Rows of a view: `select("zone_fallbacks", "zone, verdict", "event_id = 'e'")`.

    They are sorted by the columns asked for.
    """

    def read(view: str, columns: str, condition: str = "TRUE") -> list[tuple[Any, ...]]:
        sql = f"SELECT {columns} FROM {view} WHERE {condition} ORDER BY ALL"
        with plain_database.worked_out(connection, view):
            return connection.execute(sql).fetchall()

    return read
