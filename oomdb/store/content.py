"""What a database holds, as readers and writers ask for it."""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from oomdb.errors import OomdbError
from oomdb.store.trouble import told_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa

    from oomdb import tables
    from oomdb.incidents.copies import Found
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place

#: The property of a copy without names and evidence, to which nothing can be added.
REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Known:
    """A source that is in the database; fields as in `sources`."""

    source_id: str
    path: str
    sha256: str
    size_bytes: int
    head_digest: str | None
    reading: str | None
    event_count: int


@dataclass(frozen=True, slots=True)
class Input:
    """A file as it was when it was read; fields as in `inputs`."""

    machine: str
    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    options: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A report of a source: one sighting of an event."""

    source_id: str
    found: Found


class New(NamedTuple):
    """An event that was not there before: the digest of its best copy, its kind and damage."""

    copy_digest: str
    kind: str
    damage: str | None


class Added(NamedTuple):
    """What the sources hold that a writer has added.

    `events` is the sum of the numbers of events that each of them holds, `new` those events
    that were not there before.
    """

    events: int
    new: list[New]


class Content:
    """A connection to a database, and what an ingest asks of it before and after."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def inputs(self, machine: str, paths: Sequence[str]) -> dict[str, Input]:
        """Those of these files that a machine has read to their ends, by path."""
        if not paths:
            return {}
        result = self.connection.execute(
            "SELECT machine, path, size_bytes, mtime_ns, inode, device, options FROM inputs"
            f" WHERE machine = ? AND path {_one_of(paths)}",
            [machine, *paths],
        )
        found = (Input(*row) for row in result.fetchall())
        return {one.path: one for one in found}

    def read_elsewhere(self, machine: str, paths: Sequence[str]) -> set[str]:
        """Those of these paths of which another machine has read a file."""
        if not paths:
            return set()
        result = self.connection.execute(
            f"SELECT DISTINCT path FROM inputs WHERE machine <> ? AND path {_one_of(paths)}",
            [machine, *paths],
        )
        return {path for (path,) in result.fetchall()}

    def event_counts(self, paths: Sequence[str]) -> dict[str, int]:
        """How many events these files hold that hold any, by path, archives as a whole.

        Of the versions of a log that have one path the one that was read last counts.
        """
        if not paths:
            return {}
        file = "SPLIT_PART(path, '!/', 1)"
        result = self.connection.execute(
            "SELECT file, SUM(event_count) FROM ("
            f"SELECT {file} AS file, event_count, ROW_NUMBER() OVER"
            " (PARTITION BY path ORDER BY ingested_at DESC, source_id) AS version_no"
            f" FROM sources WHERE {file} {_one_of(paths)}) AS versions"
            " WHERE version_no = 1 AND event_count > 0 GROUP BY file",
            list(paths),
        )
        return {row[0]: int(row[1]) for row in result.fetchall()}

    def ends(self) -> tuple[Sequence[int], Sequence[int]]:
        """Marks of the heads of all sources, ascending, and the size of each [bytes].

        One that is too short for a head is marked by its path.
        """
        result = self.connection.execute(
            "SELECT MARK_OF(COALESCE(head_digest, path)) AS mark, size_bytes FROM sources"
            " ORDER BY mark, size_bytes"
        )
        ends = result.to_arrow_table()
        return _integers(ends.column("mark")), _integers(ends.column("size_bytes"))

    @property
    def is_redacted(self) -> bool:
        """Whether it is a copy for strangers, without names and evidence."""
        sql = f"SELECT COUNT(*) FROM properties WHERE name = '{REDACTED}'"
        return self._number(sql) > 0

    def has_rows(self, table: tables.Table) -> bool:
        """Whether a table has any."""
        return self._number(f"SELECT COUNT(*) FROM (SELECT 1 FROM {table.name} LIMIT 1) AS one") > 0

    def host_count(self) -> int:
        """How many machines the events name."""
        return self._number("SELECT COUNT(DISTINCT host_id) FROM events WHERE host_id IS NOT NULL")

    def event_count(self) -> int:
        """How many events there are."""
        return self._number("SELECT COUNT(*) FROM events")

    def sources(self) -> list[dict[str, object]]:
        """The rows of all sources, in a fixed order."""
        result = self.connection.execute("SELECT * FROM sources ORDER BY source_id")
        return result.to_arrow_table().to_pylist()

    def sightings_of(self, source_ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """The sightings of each of the sources that has any, in the order of its lines."""
        if not source_ids:
            return {}
        result = self.connection.execute(
            f"SELECT * FROM sightings WHERE source_id {_one_of(source_ids)}"
            " ORDER BY source_id, first_byte, copy_digest",
            list(source_ids),
        )
        found: dict[str, list[dict[str, object]]] = {}
        for row in result.to_arrow_table().to_pylist():
            found.setdefault(row["source_id"], []).append(row)
        return found

    def _number(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        assert row is not None
        return int(row[0])


def _one_of(values: Sequence[str]) -> str:
    """The rest of a condition whose parameters are these values, at least one."""
    return f"IN ({', '.join('?' * len(values))})"


def _integers(column: pa.ChunkedArray[pa.Int64Scalar]) -> array[int]:
    """A column of whole numbers, none of them NULL, without NumPy, which may be absent."""
    found = array("q")
    for chunk in column.chunks:
        data = chunk.buffers()[1]
        if data is not None:
            width = found.itemsize
            first, last = chunk.offset * width, (chunk.offset + len(chunk)) * width
            found.frombytes(memoryview(data)[first:last])
    return found


class Reader(Content):
    """A read-only connection to one snapshot of the database."""

    def __init__(self, connection: Connection, place: Place) -> None:
        super().__init__(connection)
        self.place = place

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The result of one statement as an Arrow table; duckdb.Error when it is wrong."""
        return self.connection.execute(sql, parameters).to_arrow_table()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


@contextmanager
def reading(connection: duckdb.DuckDBPyConnection, place: Place) -> Iterator[Reader]:
    """A reader of what DuckDB has opened, which is closed at the end of the block.

    OomdbError for what DuckDB raises meanwhile.
    """
    reader = Reader(connection, place)
    try:
        with told_by(lambda reason: OomdbError(f"cannot read {place}: {reason}")):
            connection.execute("SET TimeZone = 'UTC'")
            yield reader
    finally:
        reader.close()
