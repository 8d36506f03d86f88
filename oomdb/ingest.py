"""The conductor: files in, rows in the store, a summary out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oomdb.carriers.names import NAMES
from oomdb.dating import Evidence
from oomdb.incidents import copies, identity
from oomdb.known import Seen
from oomdb.sources import files
from oomdb.sources.containers import Hosts
from oomdb.sources.limits import Limits
from oomdb.store.database import Store

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence
    from datetime import tzinfo
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


@dataclass(frozen=True, slots=True)
class Options:
    """How logs are read.

    `host` is the machine of lines that name none, `host_from_path` takes it from a path
    instead, by its group `host` or its first one. `zone` is the time zone of stamps that
    print none. None where the logs themselves shall tell. `json_fields` are names of fields
    in JSON that come before those that are known, each as `FACT=NAME`.
    """

    host: str | None = None
    host_from_path: re.Pattern[str] | None = None
    zone: tzinfo | None = None
    json_fields: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def digest(self) -> str:
        """Stands for the options; logs that were read with others are read again."""
        json_fields = self.json_fields or None
        return identity.digest("options", self.host, self.host_from_path, self.zone, json_fields)


def ingest(
    paths: Sequence[Path],
    database: Path,
    options: Options | None = None,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Summary:
    """Read every log at or below `paths` into the database and publish it.

    Files that were read before, with the same content, are not read again. Raises
    UsageError for a path that does not exist or a field that is none, and OomdbError when
    the database cannot be written; what cannot be read is set aside and named in the summary.
    """
    found = files.discover(paths, skip=[database])
    first = next(found, None)
    with Store.open_for_ingest(database) as store:
        run = _Run(store, options or Options())
        while first is not None:
            if progress is not None:
                progress(run.summary.files, run.summary.bytes, first.name)
            run.read(first)
            first = next(found, None)
        return run.finish()


class _Run:
    """One ingest into an open store."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._names = NAMES.preferring(options.json_fields)
        self._seen = Seen(store, options.digest)
        self.summary = Summary()

    def read(self, source: Source) -> None:
        """Read the logs of one file; what cannot be read is set aside."""
        summary = self.summary
        if source.problem is not None:
            summary.set_aside.append((source.name, source.problem))
            return
        now = self._seen.input_of(source)
        hosts = Hosts(self._options.host, self._options.host_from_path)
        if now is not None and self._seen.is_unchanged(now):
            summary.files += 1
            summary.known_files += 1
            summary.bytes += now.size_bytes
            summary.known_events += self._seen.event_count(now.path)
            return
        set_aside = len(summary.set_aside)
        try:
            with files.opened(source, self._options.limits, hosts) as streams:
                for stream in streams:
                    self._read_stream(stream)
        except OSError as error:
            summary.set_aside.append((source.name, error.strerror or str(error)))
        if now is not None and len(summary.set_aside) == set_aside:
            self._seen.note(now)

    def _read_stream(self, stream: Stream) -> None:
        """Read one log and add its reports in one transaction."""
        options, summary = self._options, self.summary
        if stream.problem is not None:
            summary.set_aside.append((stream.name, stream.problem))
            return
        self._seen.watch(stream)
        found = copies.in_blocks(stream.blocks(), lambda: _beside(stream, options), self._names)
        summary.files += 1
        summary.bytes += stream.size_bytes
        if stream.problem is not None:
            summary.set_aside.append((stream.name, stream.problem))
        reading = identity.digest(options.digest, stream.path_host, stream.modified_s)
        same, replaced = self._seen.match(stream, reading)
        if same is not None:
            summary.known_files += 1
            summary.known_events += same.event_count
            return
        row = _source_row(stream, found, reading)
        added = self._store.add_source(row, found, replaces=[known.source_id for known in replaced])
        self._seen.added(str(row["source_id"]), stream)
        summary.known_files += any(known.sha256 == stream.sha256 for known in replaced)
        summary.known_events += len(added.known_event_ids)
        _count(added.new_event_ids, found, summary)

    def finish(self) -> Summary:
        """What the run did, after its last file."""
        self._seen.save()
        self.summary.hosts = self._store.host_count()
        return self.summary


def _beside(stream: Stream, options: Options) -> tuple[str | None, Evidence]:
    """The host of lines that name none, and what is known of the log beside its lines.

    Looked up only for a log that holds a report: it may take a pass over an archive.
    """
    machine = stream.machine
    evidence = Evidence(
        name=stream.name,
        zone=options.zone,
        machine_zone=machine.zone if machine is not None else None,
        collected_s=machine.collected_s if machine is not None else None,
        boot_s=machine.boot_s if machine is not None else None,
        modified_s=stream.modified_s,
    )
    return stream.host, evidence


def _source_row(stream: Stream, found: Sequence[Found], reading: str) -> dict[str, object]:
    """The row of `sources`, but for what the store counts."""
    carriers = Counter(str(one.sighting["copy_carrier"]) for one in found)
    return {
        "source_id": identity.source_id(stream.name, stream.sha256),
        "path": stream.name,
        "sha256": stream.sha256,
        "size_bytes": stream.size_bytes,
        "head_digest": stream.head_digest,
        "carrier": carriers.most_common(1)[0][0] if carriers else None,
        "unparsed_line_count": sum(len(_unparsed(one)) for one in found),
        "reading": reading,
        "problem": stream.problem,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }


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
