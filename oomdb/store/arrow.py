"""Rows to Arrow tables, with the columns and types of `oomdb.tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb.rows.columns import schema
from oomdb.rows.leaves import leaf_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oomdb.rows.batch import RowBatch


def to_arrow(batches: Sequence[RowBatch], event_ids: Sequence[str]) -> dict[str, pa.Table]:
    """The tables that have rows, those of events too, where each report makes the event named."""
    events = [
        {**batch.event, "event_id": event_id}
        for batch, event_id in zip(batches, event_ids, strict=True)
    ]
    if not events:
        return {}
    return {
        "events": pa.Table.from_pylist(events, schema("events")),
        **stamped(leaf_tables(batches), event_ids),
    }


def stamped(leaves: Mapping[str, pa.Table], event_ids: Sequence[str | None]) -> dict[str, pa.Table]:
    """Leaf tables with the events' ids in the place of the reports' numbers.

    `event_ids` holds one for each report; rows of a report without one are left out.
    """
    ids = pa.array(event_ids, pa.string())
    found = {}
    for name, table in leaves.items():
        numbers = table.column("report_no").combine_chunks()
        if ids.null_count:
            is_kept = ids.is_valid().take(numbers)
            table, numbers = table.filter(is_kept), numbers.filter(is_kept)
        column = pa.DictionaryArray.from_arrays(numbers, ids)
        if table.num_rows:
            found[name] = table.set_column(0, "event_id", column)
    return found
