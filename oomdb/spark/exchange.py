"""The one exchange: rows and evidence go from those who read them to who writes their place."""

from __future__ import annotations

import pickle
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from oomdb import tables
from oomdb.errors import OomdbError
from oomdb.lake.files import files_of
from oomdb.lake.narrow import HOME, NARROW, completed, filled, loaded
from oomdb.lake.rows import write_rows
from oomdb.lake.writing import kept_rows, rows_by_place
from oomdb.rows.columns import LEAVES, schema
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
    from oomdb.spark.executor import Beside, Reading, RowKey
    from oomdb.store.places import Lake
    from oomdb.tables import Table

    #: Where the leaves of a report are: the row, and the report's number in it.
    Key = tuple[RowKey, int]
    #: For a row that was read: for each place the numbers of reports, and what they are there.
    Chosen = dict[RowKey, dict[str, dict[int, "Wanted"]]]


class Wanted(NamedTuple):
    """A copy whose evidence belongs in a place, and the event there whose rows it gives, if any."""

    digest: str
    event_id: str | None


class Sent(NamedTuple):
    """What goes to the writer of a place: rows of a table as Arrow has them.

    They are whole, or what the driver `decided`, or what is to stand `beside` that by the digests
    of copies. Without a table it is what of the leaves is taken over of the files before.
    """

    table: str | None
    body: bytes
    is_decided: bool = False
    is_beside: bool = False


class Written(NamedTuple):
    """A place that was written: the SHA-256 of its files by table, and how many events were sent.

    `is_whole` unless evidence was not sent that should have been.
    """

    place: str
    files: dict[str, str | None]
    event_count: int
    is_whole: bool


def write(
    begin: Callable[[], SparkSession],
    read: RDD[Reading] | None,
    leaves: dict[str, Key],
    catalog: duckdb.DuckDBPyConnection,
    lake: Lake,
    before: Manifest,
    changed: Changes,
) -> dict[str, dict[str, str | None]]:
    """Write the places that changed; the SHA-256 of each file by table and place.

    `read` holds the rows of fresh copies, `leaves` tells where in it; the catalog has those
    of events that were read again from their evidence.
    """
    told: dict[str, dict[str, str | None]] = {
        **{table.name: dict.fromkeys(changed.leaf_places) for table in LEAVES},
        **{table.name: dict.fromkeys(changed.places) for table in NARROW},
    }
    if not changed.places:
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
    tasks = min(len(changed.places), _MOST_TASKS)
    writing = partial(_write_place, lake=lake, before=before)
    written = sent.groupByKey(tasks).map(writing).collect()
    sent_count = sum(place.event_count for place in written)
    if sent_count != event_count or not all(place.is_whole for place in written):
        raise OomdbError(
            f"a log was changed while it was read; {lake} is as it was, run the command again"
        )
    for each in written:
        for name, sha256 in each.files.items():
            told[name][each.place] = sha256
    return told


def _chosen(catalog: duckdb.DuckDBPyConnection, leaves: dict[str, Key]) -> tuple[Chosen, int]:
    """The rows that were read and are wanted, and of how many events they are.

    What the catalog has of them is taken out of it: that was read again from their evidence,
    so it is the same.
    """
    found = catalog.execute(
        f"SELECT s.copy_digest, p.place, NULL FROM sightings AS s"
        " JOIN temp.placed AS p ON p.event_id = s.event_id"
        f" WHERE s.{HOME} IS NULL AND s.evidence IS NULL"
        " UNION ALL SELECT e.copy_digest, p.place, e.event_id FROM events AS e"
        " JOIN temp.placed AS p ON p.event_id = e.event_id WHERE p.home IS NULL"
    ).fetchall()
    chosen: Chosen = defaultdict(dict)
    event_ids = []
    for digest, place, event_id in found:
        key = leaves.get(digest)
        if key is not None:
            row, number = key
            there = chosen[row].setdefault(place, {})
            if event_id is not None or number not in there:
                there[number] = Wanted(digest, event_id)
            event_ids += [event_id] if event_id is not None else []
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
    """What the driver itself has of the rows, by place."""
    for table in NARROW:
        for place, rows in rows_by_place(catalog, table.name, changed.places, HOME):
            yield place, Sent(table.name, _as_bytes(rows), is_decided=True)
    for table in LEAVES:
        for place, rows in rows_by_place(catalog, table.name, changed.leaf_places):
            yield place, Sent(table.name, _as_bytes(rows))


def _scattered(row: Reading, chosen: Chosen) -> Iterator[tuple[str, Sent]]:
    """What is wanted of the reports of a row, by the place that it goes to."""
    places = chosen.get(row.key)
    if places is None or row.leaves is None:
        return
    leaves: dict[str, pa.Table]
    beside: dict[int, Beside]
    leaves, beside = pickle.loads(row.leaves)
    for place, wanted in places.items():
        event_ids = {no: one.event_id for no, one in wanted.items() if one.event_id is not None}
        for name, rows in stamped(leaves, event_ids).items():
            yield place, Sent(name, _as_bytes(rows))
        evidence: list[dict[str, object]] = [
            {"copy_digest": one.digest, "evidence": beside[no].evidence}
            for no, one in wanted.items()
        ]
        events = [{**beside[no].event, "copy_digest": wanted[no].digest} for no in event_ids]
        for table, found in ((tables.SIGHTINGS, evidence), (tables.EVENTS, events)):
            rows = pa.Table.from_pylist(found, schema(table.name))
            yield place, Sent(table.name, _as_bytes(rows), is_beside=True)


def _write_place(sent: tuple[str, Iterable[Sent]], lake: Lake, before: Manifest) -> Written:
    """Write all rows of a place; a twin of this task writes the same files."""
    files = files_of(lake)
    place, all_sent = sent
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    decided: dict[str, list[pa.Table]] = defaultdict(list)
    beside: dict[str, list[pa.Table]] = defaultdict(list)
    kept: dict[str, list[str]] | None = None
    for each in all_sent:
        if each.table is None:
            kept = pickle.loads(each.body)
            continue
        to = decided if each.is_decided else beside if each.is_beside else parts
        to[each.table].append(_from_bytes(each.body))
    is_whole = True
    for table in NARROW:
        rows = []
        if decided[table.name]:
            rows = [filled(files, before, table, pa.concat_tables(decided[table.name]))]
            rows = [_put_beside(table, rows[0], beside[table.name])]
            if table is tables.SIGHTINGS:
                is_whole = rows[0].column("evidence").null_count == 0
        parts[table.name] = rows
    written = {}
    for table in (*NARROW, *(LEAVES if kept is not None else ())):
        rows = parts[table.name]
        if table in LEAVES:
            rows = rows + kept_rows(files, before, table.name, kept or {})
        written[table.name] = write_rows(files, table.name, place, rows, before.going)
    event_count = sum(rows.num_rows for rows in beside[tables.EVENTS.name])
    return Written(place, written, event_count, is_whole)


def _put_beside(table: Table, rows: pa.Table, beside: list[pa.Table]) -> pa.Table:
    """Rows as the driver decided them with what others have read, by the digests of copies."""
    others = pa.concat_tables([schema(table.name).empty_table(), *beside])
    position = {digest: no for no, digest in enumerate(others.column("copy_digest").to_pylist())}
    at = [position.get(digest) for digest in rows.column("copy_digest").to_pylist()]
    return completed(rows, others.take(pa.array(at, pa.int64())), loaded(table))


def _as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _from_bytes(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()
