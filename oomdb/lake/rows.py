"""Rows to a file whose name and bytes follow from them alone, and back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from oomdb.errors import DamagedDatabaseError
from oomdb.lake.manifest import file_name
from oomdb.rows.columns import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pyarrow as pa

    from oomdb.lake.files import Files

#: Rows that a reader can skip at once.
_GROUP_ROWS = 100_000


def write_rows(files: Files, table: str, place: str, parts: Sequence[pa.Table]) -> str | None:
    """Write the rows of a table that belong in a place, in whatever order they come.

    The SHA-256 of the file comes back; None when there are no rows and so no file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = schema(table)
    whole = pa.concat_tables([_cast(part, wanted) for part in parts] or [wanted.empty_table()])
    if not whole.num_rows:
        return None
    whole = whole.sort_by([(name, "ascending") for name in wanted.names])
    sink = pa.BufferOutputStream()
    pq.write_table(whole, sink, compression="zstd", row_group_size=_GROUP_ROWS, store_schema=False)
    content = sink.getvalue().to_pybytes()
    sha256 = hashlib.sha256(content).hexdigest()
    files.write(file_name(table, place, sha256), content)
    return sha256


def _cast(part: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The part with all columns of the table, in order; those that it lacks are NULL."""
    import pyarrow as pa

    columns = [
        part.column(field.name).cast(field.type)
        if field.name in part.column_names
        else pa.nulls(part.num_rows, field.type)
        for field in wanted
    ]
    return pa.table(columns, schema=wanted)


def read_rows(
    files: Files, table: str, names: Sequence[str], event_ids: Collection[str]
) -> list[pa.Table]:
    """The rows of these events in files of a table; DamagedDatabaseError for a broken one."""
    if not names or not event_ids:
        return []
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(event_ids), pa.string())
    chosen = pc.field("event_id").isin(wanted)
    try:
        return [files.dataset(names, schema(table)).to_table(filter=chosen)]
    except (pa.ArrowException, OSError) as error:
        raise DamagedDatabaseError(f"a file of rows cannot be read: {error}") from error
