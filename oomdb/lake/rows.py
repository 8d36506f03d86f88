"""Rows to a file whose name and bytes follow from them alone, and back."""

from __future__ import annotations

import hashlib
from itertools import count
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


def write_rows(
    files: Files,
    table: str,
    place: str,
    parts: Sequence[pa.Table],
    avoided: Collection[str] = (),
) -> str | None:
    """Write the rows of a table that belong in a place, in whatever order they come.

    The SHA-256 of the file comes back; None when there are no rows and so no file. Names that
    are `avoided` may be those of files that another removes now: the file gets another.
    """
    import pyarrow as pa

    wanted = schema(table)
    whole = pa.concat_tables([_cast(part, wanted) for part in parts] or [wanted.empty_table()])
    if not whole.num_rows:
        return None
    whole = whole.sort_by([(name, "ascending") for name in wanted.names])
    for attempt in count():
        content = _as_parquet(whole, attempt)
        sha256 = hashlib.sha256(content).hexdigest()
        name = file_name(table, place, sha256)
        if name not in avoided:
            break
    files.write(name, content)
    return sha256


def _as_parquet(rows: pa.Table, attempt: int) -> bytes:
    """The rows as a file has them; of each attempt it has other bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, rows.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(rows, row_group_size=_GROUP_ROWS)
        if attempt:
            writer.add_key_value_metadata({"attempt": str(attempt)})
    return sink.getvalue().to_pybytes()


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
    files: Files,
    table: str,
    names: Sequence[str],
    wanted: Collection[str],
    column: str = "event_id",
) -> list[pa.Table]:
    """The rows of these events, or with these values in another column, in files of a table.

    DamagedDatabaseError for a broken file.
    """
    if not names or not wanted:
        return []
    import pyarrow as pa
    import pyarrow.compute as pc

    chosen = pc.field(column).isin(pa.array(sorted(wanted), pa.string()))
    try:
        return [files.dataset(names, schema(table)).to_table(filter=chosen)]
    except (pa.ArrowException, OSError) as error:
        raise DamagedDatabaseError(f"a file of rows cannot be read: {error}") from error
