"""The conductor: files in, rows in the store, a summary out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import zstandard

from oomdb import identity, reports, sources
from oomdb.arrow import to_arrow
from oomdb.batch import RowBatch
from oomdb.rows import rows_of
from oomdb.store import Store

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from oomdb.reports import Located
    from oomdb.sources import Source

#: Called with the number of files and bytes read so far, and the file at hand.
Progress = "Callable[[int, int, str], None]"


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


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The rows of one source, and per event what the summary counts."""

    row: dict[str, object]
    batch: RowBatch
    damaged: frozenset[str]
    kinds: dict[str, str]
    unparsed: Counter[str]
    unknown: Counter[str]


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
    hosts: set[str] = set()
    found = sources.discover(paths, skip=[database])
    first = next(found, None)
    with Store.open_for_ingest(database) as store:
        while first is not None:
            if progress is not None:
                progress(summary.files, summary.bytes, first.name)
            _ingest_source(first, store, summary, hosts)
            first = next(found, None)
    summary.hosts = len(hosts)
    return summary


def _ingest_source(source: Source, store: Store, summary: Summary, hosts: set[str]) -> None:
    """Read one source and add its rows in one transaction."""
    if source.problem is not None:
        summary.set_aside.append((source.name, source.problem))
        return
    try:
        with sources.content(source) as data:
            digest = sources.sha256(data)
            source_id = identity.source_id(str(source.path.resolve()), digest)
            summary.files += 1
            summary.bytes += len(data)
            known = store.event_count(source_id)
            if known is not None:
                summary.known_files += 1
                summary.known_events += known
                return
            parsed = parse(data, source_id)
            size_bytes = len(data)
    except OSError as error:
        summary.set_aside.append((source.name, error.strerror or str(error)))
        return
    row = {
        **parsed.row,
        "source_id": source_id,
        "path": source.name if source.path.is_absolute() else _absolute(source),
        "sha256": digest,
        "size_bytes": size_bytes,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }
    added = store.add_source(row, to_arrow(parsed.batch))
    hosts.update(str(host["hostname"]) for host in parsed.batch.rows.get("hosts", ()))
    _count(parsed, added.new_event_ids, added.known_event_ids, summary)


def _absolute(source: Source) -> str:
    return sources.Source(source.path.absolute()).name


def _count(parsed: _Parsed, new: frozenset[str], known: frozenset[str], summary: Summary) -> None:
    summary.new_events += len(new)
    summary.known_events += len(known)
    summary.damaged_events += len(new & parsed.damaged)
    summary.unparsed_lines += sum(parsed.unparsed[event] for event in new)
    for event in new:
        kind = parsed.kinds[event]
        summary.events_by_kind[kind] = summary.events_by_kind.get(kind, 0) + 1
    for key, count in parsed.unknown.items():
        summary.unknown_keys[key] = summary.unknown_keys.get(key, 0) + count


def parse(data: mmap.mmap | bytes, source_id: str) -> _Parsed:
    """The rows of one log: every table but `sources`, whose row lacks path and digest."""
    batch = RowBatch()
    damaged: set[str] = set()
    kinds: dict[str, str] = {}
    unparsed: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    carriers: Counter[str] = Counter()
    for located in reports.in_bytes(data):
        event_id, rows = rows_of(located.report, located.host)
        event = rows.rows["events"][0]
        if event["damage"] is not None:
            damaged.add(event_id)
        rows.add("sightings", **_sighting(located, event_id, source_id, event["damage"]))
        carriers[located.lines[0].carrier] += 1
        if event_id in kinds:
            batch.rows.setdefault("sightings", []).extend(rows.rows["sightings"])
            continue
        kinds[event_id] = str(event["kind"])
        unparsed[event_id] = len(rows.rows.get("unparsed_lines", ()))
        unknown.update(
            str(row["name"])
            for row in rows.rows.get("extra_fields", ())
            if row["reason"] == "unknown_key"
        )
        batch.extend(rows)
    row: dict[str, object] = {
        "carrier": carriers.most_common(1)[0][0] if carriers else None,
        "event_count": len(kinds),
        "unparsed_line_count": sum(unparsed.values()),
    }
    return _Parsed(row, batch, frozenset(damaged), kinds, unparsed, unknown)


def _sighting(located: Located, event_id: str, source_id: str, damage: object) -> dict[str, object]:
    """Where the event was seen, with its own lines as evidence."""
    lines = located.lines
    evidence = "\n".join(line.raw for line in lines)
    return {
        "event_id": event_id,
        "source_id": source_id,
        "first_line": lines[0].line_no,
        "last_line": lines[-1].line_no,
        "first_byte": lines[0].first_byte,
        "last_byte": lines[-1].last_byte,
        "carrier": lines[0].carrier,
        "damage": damage,
        "evidence": zstandard.compress(evidence.encode("latin-1")),
    }
