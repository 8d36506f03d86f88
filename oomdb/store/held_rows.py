"""The rows of events that a writer holds back until what is kept of them can be written too."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc

from oomdb import tables
from oomdb.rows.columns import schema
from oomdb.store.deriving import derive, derive_changed
from oomdb.store.event_rows import EventRows
from oomdb.store.slices import HELD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import duckdb

    from oomdb.store.connection import Connection

#: Events whose rows are held back, and rows of one table. They bound the memory.
_MOST_EVENTS = 2000
_MOST_ROWS = 400_000


class HeldRows(EventRows):
    """Writes rows of events together with what is kept of the views about them.

    Until then the rows of a report's lines are held back: so the columns beside a table are
    written with its rows, once. `events` itself is written at once.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._held: dict[str, list[pa.Table]] = {}
        self._event_ids: set[str] = set()

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows of `events`, or hold back those of a table of events."""
        if name == tables.EVENTS.name:
            super().insert(name, rows)
            self._event_ids.update(map(str, rows.column("event_id").to_pylist()))
        else:
            self._held.setdefault(name, []).append(rows)

    def delete(self, event_ids: Collection[str]) -> None:
        """Take out all rows of events but their sightings."""
        super().delete(event_ids)
        gone = self._event_ids.intersection(event_ids)
        if gone:
            self._event_ids -= gone
            ids = pa.array(sorted(gone), pa.string())
            self._held = {
                name: [_without(rows, ids) for rows in parts] for name, parts in self._held.items()
            }

    def clear(self) -> None:
        """Take out all rows of all events but their sightings."""
        super().clear()
        self._held.clear()
        self._event_ids.clear()

    def note_changed(self, event_ids: Collection[str]) -> None:
        """Note events whose rows or sightings changed; derive what is kept of many such."""
        super().note_changed(event_ids)
        if len(self._event_ids) >= _MOST_EVENTS or self._most_rows() >= _MOST_ROWS:
            database = cast("duckdb.DuckDBPyConnection", self._connection)
            with self._registered():
                derive_changed(database, frozenset(self._held))

    def _most_rows(self) -> int:
        return max((sum(map(len, parts)) for parts in self._held.values()), default=0)

    def derive(self) -> None:
        """Write what is held back, and bring what is kept up to date with the tables."""
        database = cast("duckdb.DuckDBPyConnection", self._connection)
        database.begin()
        with self._registered():
            derive(database, frozenset(self._held))
        database.commit()

    @contextmanager
    def _registered(self) -> Iterator[None]:
        """The rows that are held back as tables for statements, after which they are let go."""
        database = cast("duckdb.DuckDBPyConnection", self._connection)
        held = {name: _whole(name, parts) for name, parts in self._held.items()}
        held["events"] = pa.table({"event_id": pa.array(sorted(self._event_ids), pa.string())})
        for name, rows in held.items():
            database.register(HELD + name, rows)
        try:
            yield
        finally:
            for name in held:
                database.unregister(HELD + name)
        self._held.clear()
        self._event_ids.clear()


def _without(rows: pa.Table, event_ids: pa.Array[pa.StringScalar]) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows.column("event_id").cast(pa.string()), event_ids)))


def _whole(name: str, parts: list[pa.Table]) -> pa.Table:
    """The rows with every column of the table."""
    rows = pa.concat_tables(parts, promote_options="default")
    for field in schema(name):
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(len(rows), field.type))
    return rows
