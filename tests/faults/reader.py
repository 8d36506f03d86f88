"""An analyst who opens the database again and again, and checks that each snapshot is whole."""

from __future__ import annotations

import sys
from pathlib import Path

from oomdb import databases

#: What holds in every snapshot, whatever was read until then.
WHOLE = """
SELECT
  (SELECT COUNT(*) FROM events) AS events,
  (SELECT COUNT(DISTINCT event_id) FROM sightings) AS seen,
  (SELECT COUNT(*) FROM facts.event_places) AS kept,
  (SELECT SUM(event_count) FROM sources) AS counted,
  (SELECT COUNT(*) FROM (SELECT DISTINCT source_id, event_id FROM sightings)) AS sighted,
  (SELECT COUNT(*) FROM victims) AS victims
"""
_LEAST_READS = 4


def main(database: str, enough: str) -> None:
    """Read until there are so many events, some times at least; prints the last count of them."""
    reads, last = 0, 0
    while last < int(enough) or reads < _LEAST_READS:
        with databases.open_for_reading(Path(database)) as reader:
            [row] = reader.query(WHOLE).to_pylist()
        events = row["events"]
        assert row["seen"] == row["kept"] == row["victims"] == events, row
        assert row["counted"] == row["sighted"], row
        assert events >= last, (events, last)
        reads, last = reads + 1, events
    print(last)


if __name__ == "__main__":
    main(*sys.argv[1:])
