"""The leaves of many reports as Arrow tables, whose rows name their report by its number."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb.rows.columns import LEAVES, leaf_schema, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.rows.batch import RowBatch

#: The first column of every table: the report's place in the sequence, from 0.
REPORT_NO = pa.field("report_no", pa.int32())


def pack(batches: Sequence[RowBatch]) -> None:
    """Put the leaves of these, but those that have a pack, into tables that they share.

    They are pickled sooner and hold less memory then.
    """
    loose = [batch for batch in batches if batch.pack is None]
    tables = leaf_tables(loose)
    for number, batch in enumerate(loose):
        batch.pack, batch.number = tables, number
        batch.leaves, batch.processes = {}, None


def leaf_tables(batches: Sequence[RowBatch]) -> dict[str, pa.Table]:
    """The tables that have rows, of batches without a pack, in the order of `oomdb.tables`.

    A column that is NULL in all rows is left out.
    """
    found = {}
    for table in LEAVES:
        counts = [batch.count(table.name) for batch in batches]
        if any(counts):
            found[table.name] = _numbered(_leaf(table.name, batches), counts)
    return found


def _numbered(table: pa.Table, counts: Sequence[int]) -> pa.Table:
    numbers = chain.from_iterable(map(repeat, range(len(counts)), counts))
    return table.add_column(0, REPORT_NO, pa.array(numbers, REPORT_NO.type))


def _leaf(name: str, batches: Sequence[RowBatch]) -> pa.Table:
    """The rows of one table without columns that are NULL in all of them."""
    if name == "processes":
        parts = [batch.processes for batch in batches if batch.processes is not None]
        if all(part.schema.equals(parts[0].schema) for part in parts):
            return pa.Table.from_batches(parts).combine_chunks()
        forms = [pa.Table.from_batches([part]) for part in parts]
        table = pa.concat_tables(forms, promote_options="default").combine_chunks()
        return table.select([column for column in names(name) if column in table.column_names])
    wanted = leaf_schema(name)
    rows = chain.from_iterable(batch.leaves.get(name, ()) for batch in batches)
    arrays = {
        field.name: pa.array(column, field.type)
        for field, column in zip(wanted, zip(*rows, strict=True), strict=True)
    }
    return pa.table(
        {key: values for key, values in arrays.items() if values.null_count < len(values)}
    )
