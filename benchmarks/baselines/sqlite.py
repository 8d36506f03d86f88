"""The tables of a database in SQLite, and the saved views on them from the same SQL."""

from __future__ import annotations

import datetime
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import duckdb

from oomdb.tables import TABLES, Type
from oomdb.views import load_views

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.tables import Table

_TYPES = {
    Type.TEXT: "TEXT",
    Type.INTEGER: "INTEGER",
    Type.REAL: "REAL",
    Type.BOOLEAN: "INTEGER",
    Type.TIMESTAMP: "TEXT",
    Type.BLOB: "BLOB",
}


def export(database: Path, target: Path) -> None:
    """Write the tables to a SQLite file, with an index on each table's event and its key."""
    with (
        duckdb.connect(str(database), read_only=True) as source,
        sqlite3.connect(target) as connection,
    ):
        for table in TABLES:
            columns = ", ".join(f"{c.name} {_TYPES[c.type]}" for c in table.columns)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
            _fill(source, connection, table)
            keys = [table.key] if table.key else []
            keys += [("event_id",)] if table.parent == "events" else []
            for number, key in enumerate(keys):
                connection.execute(
                    f"CREATE INDEX {table.name}_{number} ON {table.name} ({', '.join(key)})"
                )
        for view in load_views():
            connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        connection.execute("ANALYZE")


def _fill(source: duckdb.DuckDBPyConnection, connection: sqlite3.Connection, table: Table) -> None:
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    result = source.execute(f"SELECT {names} FROM {table.name}")
    while rows := result.fetchmany(10000):
        values = ([_stored(value) for value in row] for row in rows)
        connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", values)


def _stored(value: object) -> object:
    return str(value) if isinstance(value, datetime.datetime) else value


def opened(path: Path) -> sqlite3.Connection:
    """The file with the functions of the views that SQLite lacks."""
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.create_function("SPLIT_PART", 3, _split_part, deterministic=True)
    connection.create_function("TRANSLATE", 3, _translate, deterministic=True)
    connection.create_function("GREATEST", -1, _greatest, deterministic=True)
    connection.create_function("LEAST", -1, _least, deterministic=True)
    connection.execute("PRAGMA cache_size = -500000")
    return connection


def timed(connection: sqlite3.Connection, sql: str, limit_s: float) -> float:
    """Seconds that a statement took; sqlite3.OperationalError when it is wrong or too slow."""
    alarm = threading.Timer(limit_s, connection.interrupt)
    alarm.start()
    start = time.perf_counter()
    try:
        connection.execute(sql).fetchall()
        return time.perf_counter() - start
    finally:
        alarm.cancel()


def _split_part(text: str | None, separator: str, number: int) -> str | None:
    if text is None:
        return None
    parts = text.split(separator)
    return parts[number - 1] if 0 < number <= len(parts) else ""


def _translate(text: str | None, old: str, new: str) -> str | None:
    if text is None:
        return None
    wanted: dict[int, str | None] = {
        ord(char): new[place] if place < len(new) else None for place, char in enumerate(old)
    }
    return text.translate(wanted)


def _greatest(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)
