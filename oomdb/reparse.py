"""Reading the kept evidence again: all rows as this oomdb derives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.incidents import copies
from oomdb.store.database import Addition, Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Reparsed:
    """What reading again did: sources gone through, events before and after.

    `without_report` counts sightings whose evidence is no report any more.
    """

    sources: int = 0
    events_before: int = 0
    events: int = 0
    without_report: int = 0


def reparse(database: Path, *, progress: Callable[[int, int, str], None] | None = None) -> Reparsed:
    """Derive every row of every event from the kept evidence anew, and publish the result.

    The logs themselves are not needed. OomdbError when there is no database or it
    cannot be written; then it is as it was.
    """
    with Store.open_for_ingest(database, must_exist=True) as store:
        done = Reparsed(events_before=store.event_count())
        store.clear_derived()
        for source in store.sources():
            if progress is not None:
                progress(done.sources, 0, str(source["path"]))
            found = []
            for sighting in store.sightings_of(str(source["source_id"])):
                read = copies.again(sighting)
                done.without_report += not read
                found += read
            store.add([Addition(source, found)], gone=[str(source["source_id"])])
            done.sources += 1
        done.events = store.event_count()
    return done
