"""Rows to Arrow tables, with the columns and types of `oomdb.tables`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb import tables

if TYPE_CHECKING:
    from oomdb.rows.batch import RowBatch

_TYPES: dict[tables.Type, pa.DataType] = {
    tables.Type.TEXT: pa.string(),
    tables.Type.INTEGER: pa.int64(),
    tables.Type.REAL: pa.float64(),
    tables.Type.BOOLEAN: pa.bool_(),
    tables.Type.TIMESTAMP: pa.timestamp("us"),
    tables.Type.BLOB: pa.binary(),
}


@cache
def schema(name: str) -> pa.Schema:
    """The Arrow schema of a table: every column in order; KeyError for an unknown table."""
    declared = tables.BY_NAME[name]
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in declared.columns])


def to_arrow(batch: RowBatch) -> dict[str, pa.Table]:
    """The batch's tables that have rows; columns that a row lacks are NULL."""
    names = [name for name in tables.BY_NAME if batch.rows.get(name) or batch.blocks.get(name)]
    return {name: _table(name, batch) for name in names}


def _table(name: str, batch: RowBatch) -> pa.Table:
    wanted = schema(name)
    parts = [_block(wanted, columns) for columns in batch.blocks.get(name, ())]
    rows = batch.rows.get(name)
    if rows:
        columns = {field.name: [row.get(field.name) for row in rows] for field in wanted}
        parts.append(_block(wanted, columns))
    return pa.concat_tables(parts)


def _block(wanted: pa.Schema, columns: dict[str, list[object]]) -> pa.Table:
    length = len(next(iter(columns.values())))
    return pa.table(
        [
            pa.array(columns[field.name], type=field.type)
            if field.name in columns
            else pa.nulls(length, type=field.type)
            for field in wanted
        ],
        schema=wanted,
    )
