"""Where a value stands in a row, and what a table is in Arrow, by `oomdb.tables`."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb import tables

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES: dict[tables.Type, pa.DataType] = {
    tables.Type.TEXT: pa.string(),
    tables.Type.INTEGER: pa.int64(),
    tables.Type.REAL: pa.float64(),
    tables.Type.BOOLEAN: pa.bool_(),
    tables.Type.TIMESTAMP: pa.timestamp("us"),
    tables.Type.BLOB: pa.binary(),
}

#: Tables whose rows come from a report's lines, many of them for each event.
LEAVES: tuple[tables.Table, ...] = tuple(
    table for table in tables.EVENT_TABLES if table is not tables.SIGHTINGS
)


@cache
def schema(name: str) -> pa.Schema:
    """The Arrow schema of a table: every column in order; KeyError for an unknown table."""
    declared = tables.BY_NAME[name]
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in declared.columns])


@cache
def leaf_schema(name: str) -> pa.Schema:
    """The Arrow schema of a leaf's rows before their event is known, so without its id."""
    return pa.schema([field for field in schema(name) if field.name != "event_id"])


@cache
def names(name: str) -> tuple[str, ...]:
    """The columns of a leaf's rows in order, without the event's id."""
    return tuple(leaf_schema(name).names)


@cache
def place(name: str, column: str) -> int:
    """The position of a column in a leaf's rows; ValueError when there is none."""
    return names(name).index(column)


@cache
def picker(name: str, *columns: str) -> Callable[[tuple[object, ...]], tuple[object, ...]]:
    """What takes two or more columns out of a leaf's row."""
    return itemgetter(*(place(name, column) for column in columns))
