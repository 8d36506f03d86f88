"""The conductor: files in, rows in the store, a summary out."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from oomdb import databases
from oomdb.carriers.names import NAMES
from oomdb.databases import mark
from oomdb.errors import OvertakenError
from oomdb.incidents import copies
from oomdb.known import MOST_ASKED, Inputs, matches
from oomdb.logs import Marks, Options
from oomdb.processes import collecting_seldom
from oomdb.sources import files
from oomdb.store.content import Seen
from oomdb.store.custody import Act, evidence_digest
from oomdb.store.places import Lake
from oomdb.workers import default_jobs, expect, read_files

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from oomdb.logs import Log
    from oomdb.sources.files import Source
    from oomdb.store.content import Content, Input
    from oomdb.store.places import Place
    from oomdb.store.writer import Store

__all__ = ["Options", "Summary", "ingest"]

#: Files that are looked at before the database is opened to be written: two tell whether workers
#: are worth it.
_FIRST = 2
#: Logs that are written at a time, while workers read on.
_BATCH_LOGS = 2000


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
    database: Place,
    options: Options | None = None,
    *,
    jobs: int | None = None,
    wait_s: float = 0,
    progress: Callable[[int, int, str], None] | None = None,
    elsewhere: Elsewhere | None = None,
) -> Summary:
    """Read every log at or below `paths` into the database or lake and publish it.

    Files that were read before, with the same content, are not read again; when there is
    nothing else, nothing is written. `jobs` processes read, one for each processor unless
    told; another process that writes the database is waited for `wait_s` seconds at most, and
    where it wrote a lake first, all is done again so long. `elsewhere` has files read by other
    machines.
    Raises UsageError for a path that does not exist or a field that is none, and
    OomdbError when the database cannot be written; what cannot be read is set aside and
    named in the summary.
    """
    options = options or Options()
    NAMES.preferring(options.json_fields)
    end_s = time.monotonic() + wait_s
    while True:
        try:
            return _ingest(
                _Run(options, progress), paths, database, options, jobs, wait_s, elsewhere
            )
        except OvertakenError:
            # What came through a pipe is gone, and so is what a cluster has read.
            is_there = all(path.is_file() or path.is_dir() for path in paths)
            wait_s = end_s - time.monotonic()
            if not is_there or elsewhere is not None or wait_s <= 0:
                raise


def _ingest(
    run: _Run,
    paths: Sequence[Path],
    database: Place,
    options: Options,
    jobs: int | None,
    wait_s: float,
    elsewhere: Elsewhere | None,
) -> Summary:
    """Do it once."""
    own = [database] if isinstance(database, Path) else []
    lake = database.folder if isinstance(database, Lake) else None
    found = files.discover(paths, skip=own, skip_below=lake)
    found = chain([first] if (first := next(found, None)) is not None else [], found)
    to_read = run.to_read(found)
    if mark(database) is None:
        first_to_read = list(islice(to_read, _FIRST))
    else:
        with databases.open_for_reading(database) as reader:
            run.ask(reader)
            first_to_read = list(islice(to_read, _FIRST))
            if not first_to_read:
                run.summary.hosts = reader.host_count()
                return run.summary
    jobs = jobs or default_jobs()
    if elsewhere is None:
        expect(first_to_read, jobs)
    opened = databases.open_for_ingest if elsewhere is None else elsewhere.open_for_ingest
    with (
        collecting_seldom(),
        opened(database, _act(paths, options), wait_s=wait_s) as store,
    ):
        run.ask(store)
        ahead = chain(first_to_read, to_read)
        read_all = read_files if elsewhere is None else elsewhere.read_files
        read = read_all(ahead, options, Marks(*store.ends()), jobs)
        with closing(read):
            for source, logs in read:
                run.take(source, logs)
                if run.is_full(store):
                    run.write(store)
                    store.publish()
        run.write(store)
        run.count(store)
    run.summary.hosts = store.hosts
    return run.summary


class Elsewhere(Protocol):
    """Reads logs and writes what they hold by means of other machines."""

    def open_for_ingest(
        self, database: Place, act: Act, *, wait_s: float
    ) -> AbstractContextManager[Store]:
        """The same as `databases.open_for_ingest`."""

    def read_files(
        self, sources: Iterator[Source], options: Options, marks: Marks, jobs: int
    ) -> Generator[tuple[Source, list[Log]]]:
        """The same as `workers.read_files`."""


def _act(paths: Sequence[Path], options: Options) -> Act:
    """What custody says of an ingest."""
    return Act("ingest", {"paths": list(map(files.full_name, paths)), **options.described})


class _Run:
    """One ingest: what it has read and not yet written, and what it says at its end."""

    def __init__(self, options: Options, progress: Callable[[int, int, str], None] | None) -> None:
        self._options = options
        self._progress = progress
        self._inputs = Inputs(options.digest)
        self._content: Content | None = None
        self._read: list[tuple[Input | None, list[Log]]] = []
        self._waiting_logs = self._waiting_reports = self._waiting_bytes = 0
        self._strange: dict[str, _Strange] = {}
        self.summary = Summary()

    def ask(self, content: Content) -> None:
        """Ask it from now on what was read before."""
        self._content = content

    def to_read(self, sources: Iterator[Source]) -> Iterator[Source]:
        """The files that need to be opened; the others are counted here."""
        while few := list(islice(sources, MOST_ASKED)):
            if self._content is not None:
                self._inputs.ask(self._content, (source.full_name for source in few))
            yield from filter(self._is_to_read, few)

    def _is_to_read(self, source: Source) -> bool:
        """Whether a file needs to be opened; counted here when not."""
        summary = self.summary
        if source.problem is not None:
            summary.set_aside.append((source.name, source.problem))
            return False
        now = self._inputs.of(source)
        if now is None or not self._inputs.is_unchanged(now):
            return True
        summary.files += 1
        summary.known_files += 1
        summary.bytes += now.size_bytes
        summary.known_events += self._inputs.event_count(now.path)
        return False

    def take(self, source: Source, logs: list[Log]) -> None:
        """Keep what a file held until it is written."""
        summary = self.summary
        for log in logs:
            summary.files += log.reading is not None
            summary.bytes += log.size_bytes
            if log.problem is not None:
                summary.set_aside.append((log.name, log.problem))
            self._waiting_logs += 1
            self._waiting_reports += log.report_count
            self._waiting_bytes += log.report_bytes
        is_whole = all(log.problem is None for log in logs)
        self._read.append((self._inputs.of(source) if is_whole else None, logs))
        if self._progress is not None:
            self._progress(summary.files, summary.bytes, source.name)

    def is_full(self, store: Store) -> bool:
        """Whether it is time to write."""
        is_batch = store.is_batch(self._waiting_reports, self._waiting_bytes)
        return is_batch or self._waiting_logs >= _BATCH_LOGS

    def write(self, store: Store) -> None:
        """Add what was read to the store."""
        logs = [log for _, logs in self._read for log in logs if log.reading is not None]
        known = store.sources_like([(log.name, log.head_digest, log.sha256) for log in logs])
        self._inputs.ask_of_sources(store, known)
        found = matches(logs, known, self._inputs)
        store.forget([known.source_id for match in found for known in match.replaced])
        batch = _Batch(store, self._strange)
        for match in found:
            if match.same is not None:
                self.summary.known_files += 1
                self.summary.known_events += match.same.event_count
            if match.same is not None or match.is_replaced:
                match.log.found.close()
                continue
            log = match.log
            self.summary.known_files += any(one.sha256 == log.sha256 for one in match.replaced)
            self._inputs.fresh.add(log.source_id)
            batch.add(log)
        batch.end()
        store.note_inputs([now for now, _ in self._read if now is not None])
        self._read.clear()
        self._waiting_logs = self._waiting_reports = self._waiting_bytes = 0

    def count(self, store: Store) -> None:
        """Add to the summary what the logs that were written come to, all of them together."""
        summary, added = self.summary, store.added()
        summary.new_events += len(added.new)
        summary.known_events += added.events - len(added.new)
        for new in added.new:
            kinds, keys = summary.events_by_kind, summary.unknown_keys
            kinds[new.kind] = kinds.get(new.kind, 0) + 1
            summary.damaged_events += new.damage is not None
            strange = self._strange.get(new.copy_digest, _NOTHING)
            summary.unparsed_lines += strange.unparsed_lines
            for key in strange.unknown_keys:
                keys[key] = keys.get(key, 0) + 1


class _Strange(NamedTuple):
    """What was not understood of a report: its number of lines, and keys."""

    unparsed_lines: int
    unknown_keys: tuple[str, ...]


_NOTHING = _Strange(0, ())


@dataclass
class _Source:
    """What a log that is being written has brought."""

    row: dict[str, object]
    carriers: Counter[str] = field(default_factory=Counter)
    unparsed_line_count: int = 0
    kept: list[str] = field(default_factory=list)


class _Batch:
    """Logs on their way into the store, so many reports at a time."""

    def __init__(self, store: Store, strange: dict[str, _Strange]) -> None:
        self._store = store
        self._strange = strange
        self._sources: dict[str, _Source] = {}
        self._waiting: list[Seen] = []
        self._waiting_bytes = 0

    def add(self, log: Log) -> None:
        """Write the reports of a log, or keep the last of them for later."""
        source = self._sources[log.source_id] = _Source(_row(log))
        for group in log.found:
            source.carriers.update(str(one.sighting["copy_carrier"]) for one in group)
            source.unparsed_line_count += sum(one.unparsed_line_count for one in group)
            source.kept += [copies.kept_line(one.sighting) for one in group]
            for one in group:
                if one.unparsed_line_count or one.unknown_keys:
                    strange = _Strange(one.unparsed_line_count, one.unknown_keys)
                    self._strange[one.copy.digest] = strange
            self._waiting += [Seen(log.source_id, one) for one in group]
            self._waiting_bytes += sum(one.size_bytes for one in group)
            if self._store.is_batch(len(self._waiting), self._waiting_bytes):
                self._write()

    def end(self) -> None:
        """Write what is left, and the sources themselves."""
        self._write()
        rows = []
        for source in self._sources.values():
            carrier = source.carriers.most_common(1)[0][0] if source.carriers else None
            source.row["carrier"] = carrier
            source.row["unparsed_line_count"] = source.unparsed_line_count
            source.row["evidence_digest"] = evidence_digest(source.kept)
            rows.append(source.row)
        self._store.add_sources(rows)

    def _write(self) -> None:
        self._store.add(self._waiting)
        self._waiting, self._waiting_bytes = [], 0


def _row(log: Log) -> dict[str, object]:
    """The log's row of `sources`, but for what its reports tell."""
    return {
        "source_id": log.source_id,
        "path": log.name,
        "sha256": log.sha256,
        "size_bytes": log.size_bytes,
        "head_digest": log.head_digest,
        "reading": log.reading,
        "problem": log.problem,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }
