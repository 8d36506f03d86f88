"""The rows of events in the tables, as a writer adds them and takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.store.insertion import among, insert, registered

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from oomdb.store.connection import Connection

#: The temporary table with the ids of events whose rows or sightings were written.
CHANGED = "changed_events"


class EventRows:
    """Writes rows of events straight into their tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows of `events` or of a table of events."""
        insert(self._connection, name, rows)

    def delete(self, event_ids: Collection[str]) -> None:
        """Take out all rows of events but their sightings."""
        if not event_ids:
            return
        with registered(self._connection, "gone_events", event_id=sorted(event_ids)):
            are_gone = among(self._connection, "gone_events", "event_id")
            for table in (tables.EVENTS, *tables.EVENT_TABLES):
                if table is not tables.SIGHTINGS:
                    self._connection.execute(f"DELETE FROM {table.name} WHERE event_id {are_gone}")

    def clear(self) -> None:
        """Take out all rows of all events but their sightings."""
        for table in (tables.EVENTS, *tables.EVENT_TABLES):
            if table is not tables.SIGHTINGS:
                self._connection.execute(f"DELETE FROM {table.name}")

    def note_changed(self, event_ids: Collection[str]) -> None:
        """Note events whose rows or sightings were written or taken away."""
        create_changed(self._connection)
        with registered(self._connection, "noted_events", event_id=list(event_ids)):
            self._connection.execute(
                f"INSERT INTO temp.{CHANGED} SELECT event_id FROM noted_events"
            )


def create_changed(connection: Connection) -> None:
    """Make the temporary table for changed events, unless it is there."""
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {CHANGED} (event_id VARCHAR)")
