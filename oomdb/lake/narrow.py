"""Rows of a lake without the columns that an ingest does not decide by, and these again.

Of events and sightings the catalog has what tells copies, hosts and times apart. The evidence
and what else a report tells stay in the lake's files until a place that has them is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.errors import DamagedDatabaseError
from oomdb.lake.rows import read_rows
from oomdb.rows.columns import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from oomdb.lake.files import Files
    from oomdb.lake.manifest import Manifest

#: The column of the catalog's events and sightings that says where the lake has the row; NULL
#: for a row that was written since the catalog was loaded.
HOME = "lake_place"

#: The columns of events by which an ingest decides, or which it derives from all copies.
_DECIDED = frozenset(
    {
        *("event_id", "copy_digest", "damage", "host_id", "printed_hostname", "occurred_at"),
        *("occurred_epoch_s", "time_basis", "printed_time", "uptime_s"),
    }
)
#: What names a row in a file, whatever has changed of it since.
_KEYS = {
    tables.EVENTS: ("event_id",),
    tables.SIGHTINGS: ("copy_digest", "source_id", "first_byte"),
}
#: In the order in which they are loaded.
NARROW = tuple(_KEYS)


def loaded(table: tables.Table) -> list[str]:
    """The columns that the catalog has of a table."""
    if table is tables.EVENTS:
        return [c.name for c in table.columns if c.name in _DECIDED or c.required]
    return [c.name for c in table.columns if (table.name, c.name) != ("sightings", "evidence")]


def filled(files: Files, manifest: Manifest, table: tables.Table, rows: pa.Table) -> pa.Table:
    """Rows of the catalog, which end with their home, with all columns of the table.

    DamagedDatabaseError where the lake's files have not what they had.
    """
    homes = {str(home) for home in rows.column(HOME).unique().to_pylist() if home is not None}
    if not homes:
        return rows.drop_columns([HOME])
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = _KEYS[table]
    at_home = rows.filter(pc.is_valid(rows.column(HOME)))
    wanted = {str(value) for value in at_home.column(keys[0]).to_pylist()}
    known = pa.concat_tables(
        [
            schema(table.name).empty_table(),
            *read_rows(files, table.name, manifest.of(table.name, homes), wanted, keys[0]),
        ]
    )
    position = {key: number for number, key in enumerate(_keys_of(known, keys))}
    at = [
        position.get(key) if home is not None else -1
        for home, key in zip(rows.column(HOME).to_pylist(), _keys_of(rows, keys), strict=True)
    ]
    if None in at:
        raise DamagedDatabaseError(f"a file of {table.name} lacks rows that it had")
    taken = known.take(pa.array([number if number != -1 else None for number in at], pa.int64()))
    return completed(rows.drop_columns([HOME]), taken, loaded(table))


def completed(rows: pa.Table, others: pa.Table, own: Sequence[str]) -> pa.Table:
    """Rows with what they lack from others in the same order, but for their own columns."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [
        column
        if name in own
        else pc.coalesce(column.combine_chunks(), others.column(name).combine_chunks())
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return pa.table(columns, names=rows.column_names)


def _keys_of(rows: pa.Table, keys: Sequence[str]) -> list[tuple[object, ...]]:
    return list(zip(*(rows.column(name).to_pylist() for name in keys), strict=True))
