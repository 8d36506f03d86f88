"""The conductor: files in, rows in the store, a summary out."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oomdb.dating import Evidence
from oomdb.incidents import copies, identity
from oomdb.sources import files
from oomdb.store.database import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from oomdb.incidents.copies import Found
    from oomdb.sources.files import Source
    from oomdb.sources.stream import Stream


@dataclass
class Summary:
    """What one ingest did.

    `set_aside` names each source that could not be read, with the reason;
    `unknown_keys` counts printed keys and columns that no table has a column for;
    `damaged_events` counts new events whose `damage` is set.
    """

    files: int = 0
    known_files: int = 0
    bytes: int = 0
    hosts: int = 0
    new_events: int = 0
    known_events: int = 0
    unparsed_lines: int = 0
    damaged_events: int = 0
    events_by_kind: dict[str, int] = field(default_factory=dict)
    unknown_keys: dict[str, int] = field(default_factory=dict)
    set_aside: list[tuple[str, str]] = field(default_factory=list)


def ingest(
    paths: Sequence[Path],
    database: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Summary:
    """Read every log at or below `paths` into the database and publish it.

    Files that were read before, with the same content, are not read again. Raises
    UsageError for a path that does not exist and OomdbError when the database cannot
    be written; what cannot be read is set aside and named in the summary.
    """
    summary = Summary()
    found = files.discover(paths, skip=[database])
    first = next(found, None)
    with Store.open_for_ingest(database) as store:
        while first is not None:
            if progress is not None:
                progress(summary.files, summary.bytes, first.name)
            _ingest_source(first, store, summary)
            first = next(found, None)
        summary.hosts = store.host_count()
    return summary


def _ingest_source(source: Source, store: Store, summary: Summary) -> None:
    """Read the logs of one file and add the reports of each in one transaction."""
    if source.problem is not None:
        summary.set_aside.append((source.name, source.problem))
        return
    try:
        with files.opened(source) as streams:
            for stream in streams:
                if stream.problem is not None:
                    summary.set_aside.append((stream.name, stream.problem))
                else:
                    _ingest_stream(stream, store, summary)
    except OSError as error:
        summary.set_aside.append((source.name, error.strerror or str(error)))


def _ingest_stream(stream: Stream, store: Store, summary: Summary) -> None:
    """Read one log and add its reports."""
    evidence = Evidence(name=stream.name, modified_s=stream.modified_s)
    found = copies.in_blocks(stream.blocks(), stream.host, evidence)
    summary.files += 1
    summary.bytes += stream.size_bytes
    if stream.problem is not None:
        summary.set_aside.append((stream.name, stream.problem))
    row: dict[str, object] = {
        "source_id": identity.source_id(stream.name, stream.sha256),
        "path": stream.name,
        "sha256": stream.sha256,
        "size_bytes": stream.size_bytes,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }
    known = _known(row, store)
    if known is not None:
        summary.known_files += 1
        summary.known_events += known
        return
    carriers = Counter(str(one.sighting["carrier"]) for one in found)
    row["carrier"] = carriers.most_common(1)[0][0] if carriers else None
    row["unparsed_line_count"] = sum(len(_unparsed(one)) for one in found)
    added = store.add_source(row, found)
    summary.known_events += len(added.known_event_ids)
    _count(added.new_event_ids, found, summary)


def _known(row: dict[str, object], store: Store) -> int | None:
    """How many events a content that was read before shows; None for a new one.

    Under its old path, or under a new one that it was moved to, nothing is added. A
    second copy beside the first is one more place where its events were seen.
    """
    paths = store.same_content(str(row["sha256"]))
    if not paths:
        return None
    for source_id, path in paths.items():
        if path == row["path"] or not os.path.lexists(path.partition("!/")[0]):
            return store.event_count(source_id)
    return store.add_copy(row, of=next(iter(paths)))


def _unparsed(found: Found) -> list[dict[str, object]]:
    return found.rows.rows.get("unparsed_lines", [])


def _count(new: frozenset[str], found: list[Found], summary: Summary) -> None:
    """Add to the summary what the new events are like."""
    summary.new_events += len(new)
    fresh = {one.event.get("event_id"): one for one in found}
    for event_id in new:
        one = fresh[event_id]
        summary.damaged_events += one.event["damage"] is not None
        summary.unparsed_lines += len(_unparsed(one))
        kind = str(one.event["kind"])
        summary.events_by_kind[kind] = summary.events_by_kind.get(kind, 0) + 1
        for row in one.rows.rows.get("extra_fields", ()):
            if row["reason"] == "unknown_key":
                key = str(row["name"])
                summary.unknown_keys[key] = summary.unknown_keys.get(key, 0) + 1
