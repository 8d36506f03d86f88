"""What was read, and the kernel's own lines that were kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError
from oomdb.incidents.kept import decompress

if TYPE_CHECKING:
    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection

_SHORT = f"""
SELECT path, carrier, event_count AS events, unparsed_line_count AS unparsed,
  {reading.second_text("ingested_at")} AS read_at, problem"""

_COLUMNS = """
SELECT source_id, path, sha256, size_bytes, carrier, event_count, unparsed_line_count,
  problem, ingested_at"""

_SHORT_ENTRY = f"""
SELECT entry_no AS entry, {reading.second_text("happened_at")} AS happened_at, action,
  actor, machine, (
    SELECT COUNT(*) FROM custody_sources WHERE custody_sources.entry_no = custody.entry_no
  ) AS changes, SUBSTR(entry_sha256, 1, 12) AS hash"""


def source_rows(connection: Connection, *, short: bool = False) -> Rows:
    """Every source by its path; `short` gives what fits a screen."""
    columns = _SHORT if short else _COLUMNS
    return reading.rows(connection, columns + " FROM sources ORDER BY path, sha256")


def custody_rows(connection: Connection, *, short: bool = False) -> Rows:
    """Every entry of custody, the first first; `short` gives what fits a screen."""
    columns = _SHORT_ENTRY if short else "SELECT *"
    return reading.rows(connection, columns + " FROM custody ORDER BY entry_no")


def evidence_of(connection: Connection, event_id: str) -> bytes:
    """The lines of the copy that the event's rows come from, as they stood in its log.

    OomdbError when none were kept.
    """
    found = reading.records(
        connection,
        "SELECT sightings.evidence FROM events JOIN sightings"
        " ON sightings.event_id = events.event_id AND sightings.copy_digest = events.copy_digest"
        " WHERE events.event_id = ? LIMIT 1",
        [event_id],
    )
    if not found or found[0]["evidence"] is None:
        raise OomdbError(f"no evidence was kept of event {event_id}")
    return decompress(found[0]["evidence"])
