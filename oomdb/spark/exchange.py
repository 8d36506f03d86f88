"""The one exchange: leaves go from those who read them to those who write their place."""

from __future__ import annotations

import pickle
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from oomdb.errors import OomdbError
from oomdb.lake.files import files_of
from oomdb.lake.rows import write_rows
from oomdb.lake.writing import kept_rows, rows_by_place
from oomdb.rows.columns import LEAVES
from oomdb.store.arrow import stamped

#: Tasks that write; more than this are no use to any cluster.
_MOST_TASKS = 10_000

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import duckdb
    from pyspark import RDD
    from pyspark.sql import SparkSession

    from oomdb.lake.changes import Changes
    from oomdb.lake.manifest import Manifest
    from oomdb.spark.executor import Reading, RowKey
    from oomdb.store.places import Lake

    #: Where the leaves of a report are: the row, and the report's number in it.
    Key = tuple[RowKey, int]
    #: For a row that was read: for each place the numbers of reports, and the events they are.
    Chosen = dict[RowKey, dict[str, dict[int, str]]]


class Sent(NamedTuple):
    """What goes to the writer of a place.

    It is rows of a table as Arrow has them, or, without a table, what is taken over of the
    files before, and how many events the other rows are of.
    """

    table: str | None
    body: bytes
    event_count: int = 0


class Written(NamedTuple):
    """A place that was written: the SHA-256 of its files by table, and its new events."""

    place: str
    files: dict[str, str | None]
    event_count: int


def write(
    begin: Callable[[], SparkSession],
    read: RDD[Reading] | None,
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
    context = begin().sparkContext
    chosen, event_count = _chosen(catalog, leaves)
    rows = [
        (place, Sent(None, pickle.dumps(changed.kept.get(place, {}))))
        for place in changed.leaf_places
    ]
    rows += _from_catalog(catalog, changed)
    sent = context.parallelize(rows)
    if read is not None and chosen:
        told_all = context.broadcast(chosen)
        sent = sent.union(read.flatMap(lambda row: _scattered(row, told_all.value)))
    tasks = min(len(changed.leaf_places), _MOST_TASKS)
    writing = partial(_write_place, lake=lake, before=before)
    written = sent.groupByKey(tasks).map(writing).collect()
    if sum(place.event_count for place in written) != event_count:
        raise OomdbError(
            f"a log was changed while it was read; {lake} is as it was, run the command again"
        )
    for each in written:
        for name, sha256 in each.files.items():
            told[name][each.place] = sha256
    return told


def _chosen(catalog: duckdb.DuckDBPyConnection, leaves: dict[str, Key]) -> tuple[Chosen, int]:
    """The leaves that were read and are wanted, and of how many events they are.

    What the catalog has of them is taken out of it: that was read again from their evidence,
    so it is the same.
    """
    found = catalog.execute(
        "SELECT e.event_id, e.copy_digest, p.place FROM events AS e"
        " JOIN temp.placed AS p ON p.event_id = e.event_id WHERE p.home IS NULL"
    ).fetchall()
    chosen: Chosen = defaultdict(dict)
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
    return dict(chosen), len(event_ids)


def _from_catalog(
    catalog: duckdb.DuckDBPyConnection, changed: Changes
) -> Iterator[tuple[str, Sent]]:
    """What the driver itself has of the leaves, by place."""
    for table in LEAVES:
        for place, rows in rows_by_place(catalog, table.name, changed.leaf_places):
            yield place, Sent(table.name, _as_bytes(rows))


def _scattered(row: Reading, chosen: Chosen) -> Iterator[tuple[str, Sent]]:
    """The leaves of the chosen reports of a row, by the place that they go to."""
    places = chosen.get(row.key)
    if places is None or row.leaves is None:
        return
    tables: dict[str, pa.Table] = pickle.loads(row.leaves)
    for place, event_ids in places.items():
        yield place, Sent(None, pickle.dumps({}), len(event_ids))
        for name, rows in stamped(tables, event_ids).items():
            yield place, Sent(name, _as_bytes(rows))


def _write_place(sent: tuple[str, Iterable[Sent]], lake: Lake, before: Manifest) -> Written:
    """Write all leaves of a place; a twin of this task writes the same files."""
    files = files_of(lake)
    place, rows = sent
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    kept: dict[str, list[str]] = {}
    event_count = 0
    for row in rows:
        event_count += row.event_count
        if row.table is None:
            kept |= pickle.loads(row.body)
        else:
            parts[row.table].append(_from_bytes(row.body))
    written = {}
    for table in LEAVES:
        known = kept_rows(files, before, table.name, kept)
        written[table.name] = write_rows(
            files, table.name, place, [*parts[table.name], *known], before.going
        )
    return Written(place, written, event_count)


def _as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _from_bytes(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()
