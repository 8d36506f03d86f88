"""Reading the kept evidence again: all rows as this oomdb derives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.incidents import copies
from oomdb.store.database import Seen, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Sources and reports that are written at a time.
_BATCH_SOURCES = 2000
_BATCH_REPORTS = 1000


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
        for sources in _batches(store.sources()):
            if progress is not None:
                progress(done.sources, 0, str(sources[0]["path"]))
            sightings = store.sightings_of([str(source["source_id"]) for source in sources])
            seen = []
            for source in sources:
                source_id = str(source["source_id"])
                for sighting in sightings.get(source_id, ()):
                    read = copies.again(sighting)
                    done.without_report += not read
                    seen += [Seen(source_id, found) for found in read]
            store.forget([str(source["source_id"]) for source in sources])
            assigned = store.add(seen)
            events: dict[str, set[str]] = {}
            for one in seen:
                event_id = assigned.event_of[one.found.copy.digest]
                events.setdefault(one.source_id, set()).add(event_id)
            counts = [len(events.get(str(source["source_id"]), ())) for source in sources]
            store.add_sources(
                [
                    {**source, "event_count": count}
                    for source, count in zip(sources, counts, strict=True)
                ]
            )
            done.sources += len(sources)
        done.events = store.event_count()
    return done


def _batches(sources: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """The sources in lists of about so many reports."""
    batch: list[dict[str, object]] = []
    reports = 0
    for source in sources:
        batch.append(source)
        reports += int(str(source["event_count"]))
        if reports >= _BATCH_REPORTS or len(batch) >= _BATCH_SOURCES:
            yield batch
            batch, reports = [], 0
    if batch:
        yield batch
