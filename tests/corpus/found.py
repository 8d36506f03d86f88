"""What oomdb stored for one log: ingest it into a database of its own and read it back."""

from __future__ import annotations

import signal
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oomdb import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Row = dict[str, Any]

#: Kinds of event that are a report of the OOM killer; the others are look-alikes.
REPORT_KINDS = frozenset({"oom_kill", "no_victim", "panic"})

_EVENT_TABLES = (
    "victims",
    "processes",
    "nodes",
    "zones",
    "watermarks",
    "lowmem_reserves",
    "buddy_orders",
    "buddy_totals",
    "memory_counters",
    "per_cpu_pages",
    "hugepages",
    "cgroup_counters",
    "slab_caches",
    "allocation_sites",
    "stack_frames",
    "trace_lines",
    "extra_fields",
    "unparsed_lines",
)
#: The views that the judge works out a second time.
AUDITED_VIEWS = ("zone_fallbacks", "score_audit")
_ORDER = {
    "zone_fallbacks": "fallback_no",
    "score_audit": "row_no",
    "victims": "victim_no",
    "processes": "row_no",
    "zones": "zone_no",
    "lowmem_reserves": "node, zone, class_index",
    "buddy_orders": "node, zone, alloc_order",
    "stack_frames": "trace_no, position",
    "trace_lines": "line_no",
    "unparsed_lines": "line_no",
    "allocation_sites": "position",
}


class TimedOutError(Exception):
    """A log took longer than its time limit."""


class SetAsideError(Exception):
    """The ingest named the log among those that it could not read."""


@dataclass
class Event:
    """One event of the database: its row, its rows in the other tables, its place."""

    row: Row
    tables: dict[str, list[Row]] = field(default_factory=dict)
    first_line: int = 0
    last_line: int = 0
    hostname: str | None = None
    evidence: str = ""

    def rows(self, table: str) -> list[Row]:
        """The event's rows of `table` or view, in printed order; empty when there are none."""
        return self.tables.get(table, [])

    @property
    def is_report(self) -> bool:
        """Whether the event counts as a report of the OOM killer."""
        return self.row.get("kind") in REPORT_KINDS


def _columns(table: str) -> str:
    """The columns of what the log holds: beside processes the database keeps facts of views."""
    declared = tables.BY_NAME.get(table)
    return ", ".join(column.name for column in declared.columns) if declared else "*"


def read_events(database: Path, views: Sequence[str] = ()) -> list[Event]:
    """Every event of `database` in the order of its first line, with its rows of `views`.

    Raises duckdb.Error when a table of the contract is missing.
    """
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return events_of(connection, views)


def events_of(connection: Any, views: Sequence[str] = ()) -> list[Event]:
    """Every event of an open database in the order of its first line, with its rows of `views`."""
    hosts = {row["host_id"]: row["hostname"] for row in _rows(connection, "SELECT * FROM hosts")}
    events: dict[str, Event] = {}
    for row in _rows(connection, "SELECT * FROM events"):
        events[row["event_id"]] = Event(row=row, hostname=hosts.get(row["host_id"]))
    for sighting in _rows(
        connection,
        "SELECT event_id, MIN(first_line) AS first_line, MAX(last_line) AS last_line"
        " FROM sightings GROUP BY event_id",
    ):
        event = events.get(sighting["event_id"])
        if event is not None:
            event.first_line = sighting["first_line"] or 0
            event.last_line = sighting["last_line"] or 0
    for sighting in _rows(connection, "SELECT event_id, evidence FROM sightings"):
        event = events.get(sighting["event_id"])
        if event is not None and sighting["evidence"]:
            event.evidence += evidence_text(sighting["evidence"]) + "\n"
    for table in (*_EVENT_TABLES, *views):
        order = _ORDER.get(table, "rowid")
        for row in _rows(connection, f"SELECT {_columns(table)} FROM {table} ORDER BY {order}"):
            event = events.get(row["event_id"])
            if event is not None:
                event.tables.setdefault(table, []).append(row)
    return sorted(events.values(), key=lambda event: (event.first_line, event.last_line))


def evidence_text(compressed: bytes) -> str:
    """The lines that oomdb kept as the event's own, as they stand in the log."""
    from oomdb.incidents.kept import decompress

    return decompress(compressed).decode("latin-1")


def _rows(connection: Any, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def ingest_one(log: Path, time_limit_s: int) -> list[Event]:
    """The events that oomdb finds in `log`, through a database made for it alone.

    Raises whatever the ingest raises, SetAsideError when it sets the log aside, and
    TimedOutError after `time_limit_s` seconds.
    """
    from oomdb.ingest import ingest

    with tempfile.TemporaryDirectory(prefix="oomdb-corpus-") as folder:
        database = Path(folder) / "corpus.duckdb"
        with time_limit(time_limit_s):
            summary = ingest([log], database)
        if summary.set_aside:
            raise SetAsideError(summary.set_aside)
        if not database.exists():
            return []
        return read_events(database, AUDITED_VIEWS)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimedOutError in the block when it takes more than `seconds`."""

    def stop(*_: object) -> None:
        raise TimedOutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def comm_bytes(row: Mapping[str, Any], name: str = "comm") -> bytes | None:
    """The bytes of a name: the column of bytes where it is filled, else the text's."""
    stored = row.get(f"{name}_bytes")
    if stored is not None:
        return bytes(stored)
    text = row.get(name)
    return None if text is None else str(text).encode("utf-8", "surrogateescape")
