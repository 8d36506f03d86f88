"""The one exchange: leaves go from those who read them to those who write their place."""

from __future__ import annotations

import pickle
from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from oomdb.errors import OomdbError
from oomdb.lake.files import files_of
from oomdb.lake.rows import write_rows
from oomdb.lake.writing import kept_rows, rows_by_place
from oomdb.rows.columns import LEAVES
from oomdb.store.arrow import stamped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import duckdb
    from pyspark.sql import DataFrame, SparkSession

    from oomdb.lake import Lake
    from oomdb.lake.changes import Changes
    from oomdb.lake.manifest import Manifest

    #: A row of what was read that holds leaves: its piece, its number there and its stamp.
    ReadRow = tuple[int, int, bytes]
    #: Where the leaves of a report are: the row, and the report's number in it.
    Key = tuple[ReadRow, int]
    #: A row of `_SENT`.
    Sent = tuple[str, str | None, int, bytes]

#: What goes to the writer of a place: rows of a table as Arrow, or, without a table, what it
#: takes over of the files before.
_SENT = "place string, table_name string, events bigint, body binary"
_WRITTEN = "place string, table_name string, sha256 string, events bigint"


def write(
    begin: Callable[[], SparkSession],
    read: DataFrame | None,
    leaves: dict[str, Key],
    catalog: duckdb.DuckDBPyConnection,
    lake: Lake,
    before: Manifest,
    changed: Changes,
) -> dict[str, dict[str, str | None]]:
    """Write the leaves of the places that changed; the SHA-256 of each file by table and place.

    `read` holds the leaves of fresh copies, `leaves` tells where in it; the catalog has those
    of events that were read again from their evidence.
    """
    told: dict[str, dict[str, str | None]] = {
        table.name: dict.fromkeys(changed.leaf_places) for table in LEAVES
    }
    if not changed.leaf_places:
        return told
    spark = begin()
    chosen, event_count = _chosen(catalog, leaves)
    rows: list[Sent] = [
        (place, None, 0, pickle.dumps(changed.kept.get(place, {}))) for place in changed.leaf_places
    ]
    rows += _from_catalog(catalog, changed)
    sent = spark.createDataFrame(rows, _SENT)
    if read is not None and chosen:
        wanted = spark.createDataFrame(
            [(*key, pickle.dumps(places)) for key, places in chosen.items()],
            "piece_no bigint, row_no bigint, stamp binary, chosen binary",
        )
        by = ["piece_no", "row_no", "stamp"]
        fresh = read.select(*by, "leaves").join(wanted, by)
        sent = sent.union(fresh.select("chosen", "leaves").mapInArrow(_scatter, _SENT))

    # pyspark asks the annotations of a plain function for what it takes.
    def writing(sent: pa.Table) -> pa.Table:
        return _write_place(sent, lake, before)

    written = sent.groupBy("place").applyInArrow(writing, _WRITTEN).collect()
    if sum(row.events for row in written) != event_count:
        raise OomdbError(
            f"a log was changed while it was read; {lake} is as it was, run the command again"
        )
    for row in written:
        if row.table_name is not None:
            told[row.table_name][row.place] = row.sha256
    return told


def _chosen(
    catalog: duckdb.DuckDBPyConnection, leaves: dict[str, Key]
) -> tuple[dict[ReadRow, dict[str, dict[int, str]]], int]:
    """By row of what was read: for each place the numbers of reports, and the events they are.

    With the number of those events. What the catalog has of them is taken out of it: that
    was read again from their evidence, so it is the same.
    """
    found = catalog.execute(
        "SELECT e.event_id, e.copy_digest, p.place FROM events AS e"
        " JOIN temp.placed AS p ON p.event_id = e.event_id WHERE p.home IS NULL"
    ).fetchall()
    chosen: dict[ReadRow, dict[str, dict[int, str]]] = defaultdict(dict)
    event_ids = []
    for event_id, digest, place in found:
        key = leaves.get(digest)
        if key is not None:
            row, number = key
            chosen[row].setdefault(place, {})[number] = event_id
            event_ids.append(event_id)
    catalog.register("read_elsewhere", pa.table({"event_id": pa.array(event_ids, pa.string())}))
    for table in LEAVES:
        catalog.execute(
            f"DELETE FROM {table.name} WHERE event_id IN (SELECT event_id FROM read_elsewhere)"
        )
    catalog.unregister("read_elsewhere")
    return chosen, len(event_ids)


def _from_catalog(catalog: duckdb.DuckDBPyConnection, changed: Changes) -> Iterator[Sent]:
    """What the driver itself has of the leaves."""
    for table in LEAVES:
        for place, rows in rows_by_place(catalog, table.name, changed.leaf_places):
            yield place, table.name, 0, _as_bytes(rows)


def _scatter(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The chosen reports' leaves by the place that they go to."""
    for batch in batches:
        for chosen, leaves in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            tables: dict[str, pa.Table] = pickle.loads(leaves)
            places: dict[str, dict[int, str]] = pickle.loads(chosen)
            for place, event_ids in places.items():
                rows: list[Sent] = [(place, None, len(event_ids), pickle.dumps({}))]
                found = stamped(tables, event_ids)
                rows += [(place, name, 0, _as_bytes(table)) for name, table in found.items()]
                yield _batch(rows)


def _batch(rows: Iterable[Sent]) -> pa.RecordBatch:
    places, names, counts, bodies = zip(*rows, strict=True)
    return pa.record_batch(
        {
            "place": pa.array(places, pa.string()),
            "table_name": pa.array(names, pa.string()),
            "events": pa.array(counts, pa.int64()),
            "body": pa.array(bodies, pa.binary()),
        }
    )


def _write_place(sent: pa.Table, lake: Lake, before: Manifest) -> pa.Table:
    """Write all leaves of a place; a twin of this task writes the same files."""
    files = files_of(lake)
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    kept: dict[str, list[str]] = {}
    event_count = 0
    place = str(sent.column("place")[0])
    for row in sent.select(["table_name", "events", "body"]).to_pylist():
        if row["table_name"] is None:
            kept |= pickle.loads(row["body"])
            event_count += row["events"]
        else:
            parts[row["table_name"]].append(_from_bytes(row["body"]))
    names: list[str | None] = [None]
    digests: list[str | None] = [None]
    for table in LEAVES:
        rows = [*parts[table.name], *kept_rows(files, before, table.name, kept)]
        names.append(table.name)
        digests.append(write_rows(files, table.name, place, rows))
    return pa.table(
        {
            "place": pa.array([place] * len(names), pa.string()),
            "table_name": pa.array(names, pa.string()),
            "sha256": pa.array(digests, pa.string()),
            "events": pa.array([event_count] + [0] * len(LEAVES), pa.int64()),
        }
    )


def _as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _from_bytes(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()
