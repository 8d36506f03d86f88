"""The rows of one report on their way to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from oomdb.rows.columns import names, picker

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = tuple[object, ...]


@dataclass
class RowBatch:
    """The rows of one report: of `events` one dict, of its leaves each a tuple.

    A tuple holds every column of its table but the event's id, in order; None is NULL. The
    process table has the columns that were printed in `processes`, None where the report
    holds no row of it. When all rows are made, `pack` may take the leaves' place: tables of
    many reports as `leaf_tables` makes them, of which this one has `number`.
    """

    event: dict[str, object] = field(default_factory=dict)
    leaves: dict[str, list[Row]] = field(default_factory=dict)
    processes: pa.RecordBatch | None = None
    pack: dict[str, pa.Table] | None = None
    number: int = 0

    def __getstate__(self) -> tuple[object, ...]:
        """Its state for pickling; a slice of an Arrow table would take the whole table along."""
        block = self.processes.serialize().to_pybytes() if self.processes is not None else None
        schema = self.processes.schema if self.processes is not None else None
        return self.event, self.leaves, schema, block, self.pack, self.number

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.event, self.leaves, schema, block, self.pack, self.number = state
        self.processes = pa.ipc.read_record_batch(block, schema) if block is not None else None

    def add(self, table: str, **values: object) -> None:
        """Add one row to a leaf; columns that are not given are NULL."""
        self.leaves.setdefault(table, []).append(tuple(map(values.get, names(table))))

    def add_all(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows that have every column to a leaf."""
        self.leaves.setdefault(table, []).extend(rows)

    def pick(self, table: str, *columns: str) -> list[Row]:
        """Two or more columns of all rows of a leaf, `processes` aside, while there is no pack."""
        return list(map(picker(table, *columns), self.leaves.get(table, ())))

    def of(self, table: str) -> list[dict[str, object]]:
        """The rows of a table by the names of their columns, without the event's id."""
        if table == "events":
            return [self.event]
        columns = names(table)
        if self.pack is not None or table == "processes":
            known = self._packed(table) if self.pack is not None else self.processes
            rows = known.to_pylist() if known is not None else []
            return [{column: row.get(column) for column in columns} for row in rows]
        return [dict(zip(columns, row, strict=True)) for row in self.leaves.get(table, ())]

    def _packed(self, table: str) -> pa.Table | None:
        known = self.pack.get(table) if self.pack is not None else None
        if known is None:
            return None
        return known.filter(pc.equal(known.column("report_no"), pa.scalar(self.number, pa.int32())))

    def count(self, table: str) -> int:
        """How many rows a leaf has, while there is no pack."""
        if table == "processes":
            return self.processes.num_rows if self.processes is not None else 0
        return len(self.leaves.get(table, ()))
