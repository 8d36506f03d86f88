"""Rows to Arrow tables, with the columns and types of `oomdb.tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from oomdb.rows.columns import schema
from oomdb.rows.leaves import leaf_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oomdb.rows.batch import RowBatch


def to_arrow(batches: Sequence[RowBatch], event_ids: Sequence[str]) -> dict[str, pa.Table]:
    """The tables that have rows, those of events too, where each report makes the event named."""
    if not batches:
        return {}
    events = [
        {**batch.event, "event_id": event_id}
        for batch, event_id in zip(batches, event_ids, strict=True)
    ]
    parts: dict[str, list[pa.Table]] = {}
    for leaves, ids in _shared(batches, event_ids):
        for name, table in stamped(leaves, ids).items():
            parts.setdefault(name, []).append(table)
    found = {"events": pa.Table.from_pylist(events, schema("events"))}
    for name, tables in parts.items():
        found[name] = pa.concat_tables(tables, promote_options="default")
    return found


def _shared(
    batches: Sequence[RowBatch], event_ids: Sequence[str]
) -> Iterator[tuple[Mapping[str, pa.Table], dict[int, str]]]:
    """Leaves that reports share, with the events' ids by the numbers of the reports."""
    packs: dict[int, tuple[Mapping[str, pa.Table], dict[int, str]]] = {}
    loose: dict[str, RowBatch] = {}
    for batch, event_id in zip(batches, event_ids, strict=True):
        if batch.pack is None:
            loose[event_id] = batch
        else:
            packs.setdefault(id(batch.pack), (batch.pack, {}))[1][batch.number] = event_id
    yield from packs.values()
    yield leaf_tables(list(loose.values())), dict(enumerate(loose))


def stamped(leaves: Mapping[str, pa.Table], event_ids: dict[int, str]) -> dict[str, pa.Table]:
    """Leaves with their events' ids in the place of the numbers; other rows are left out."""
    most = max(event_ids, default=-1) + 1
    ids = pa.array([event_ids.get(number) for number in range(most)], pa.string())
    found = {}
    for name, table in leaves.items():
        numbers = table.column("report_no").combine_chunks()
        is_kept = pc.is_in(numbers, pa.array(event_ids, numbers.type))
        if not pc.all(is_kept).as_py():
            table, numbers = table.filter(is_kept), numbers.filter(is_kept)
        if table.num_rows:
            column = pa.DictionaryArray.from_arrays(numbers, ids)
            found[name] = table.set_column(0, "event_id", column)
    return found
