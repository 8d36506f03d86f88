"""One file to the logs in it, and each log to its reports; knows nothing of the database."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from oomdb.carriers.names import NAMES
from oomdb.dating import Evidence, Timeline
from oomdb.incidents import copies, identity
from oomdb.incidents.drafts import Draft
from oomdb.parts import Part, Place, drafts_of, read_part, timeline_of
from oomdb.sources import files
from oomdb.sources.containers import Hosts
from oomdb.sources.limits import Limits
from oomdb.spool import Spool

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from oomdb.incidents.copies import Found
    from oomdb.sources.files import Source
    from oomdb.sources.stream import Stream


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

    @property
    def described(self) -> dict[str, object]:
        """Those that the user gave, by their names on the command line, as JSON has them."""
        pattern, zone = self.host_from_path, self.zone
        given: dict[str, object] = {
            "host": self.host,
            "host_from_path": pattern.pattern if pattern is not None else None,
            "timezone": str(zone) if zone is not None else None,
            "json_field": list(self.json_fields) or None,
            "limit": self.limits.changed() or None,
        }
        return {name: value for name, value in given.items() if value is not None}


class Marks:
    """The sizes at which logs end that are known, by their first bytes, short ones by their path.

    A log that has grown or moved is known again by its SHA-256 at one of these sizes.
    Held in two arrays, 16 bytes for each, as every worker has them: `marks` are those of heads
    or paths (`identity.mark_of`), ascending, and `sizes` the size to each.
    """

    def __init__(self, marks: Iterable[int] = (), sizes: Iterable[int] = ()) -> None:
        self._marks = array("q", marks)
        self._sizes = array("q", sizes)

    def sizes(self, path: str, head_digest: str | None) -> set[int]:
        """Where a log of that path, or with that head, may have ended before [bytes]."""
        found: set[int] = set()
        for text in (path, head_digest):
            mark = identity.mark_of(text) if text is not None and self._marks else None
            at = bisect_left(self._marks, mark) if mark is not None else 0
            while mark is not None and at < len(self._marks) and self._marks[at] == mark:
                found.add(self._sizes[at])
                at += 1
        return found


@dataclass(slots=True)
class Log:
    """One log as it was read: what names it again, and its reports.

    The fields are those of `sources.stream.Stream` after its end. `reading` stands for how
    it was read. One with a `problem` and no `reading` could not be read at all.
    """

    name: str
    problem: str | None = None
    reading: str | None = None
    size_bytes: int = 0
    sha256: str = ""
    head_digest: str | None = None
    sha256_at: dict[int, str] = field(default_factory=dict)
    found: Spool[list[Found]] = field(default_factory=Spool)
    report_count: int = 0
    report_bytes: int = 0

    def add(self, groups: Iterable[list[Found]]) -> None:
        """Put its reports to it."""
        for group in groups:
            self.found.add(group)
            self.report_count += len(group)
            self.report_bytes += sum(one.size_bytes for one in group)

    @property
    def source_id(self) -> str:
        """The id of the log among the sources."""
        return identity.source_id(self.name, self.sha256)


class LogReader:
    """Reads files one after the other; `marks` are the logs that were read before.

    With `threads` a large log takes the time of another core too.
    """

    def __init__(self, options: Options, marks: Marks, *, threads: bool = False) -> None:
        self._options = options
        self._threads = threads
        self._marks = marks
        self._names = NAMES.preferring(options.json_fields)

    def read(self, source: Source) -> Iterator[Log]:
        """The logs in a file, in order, and what had to be set aside."""
        if source.problem is not None:
            yield Log(source.name, source.problem)
            return
        hosts = Hosts(self._options.host, self._options.host_from_path)
        before: dict[str, list[int]] = {}
        try:
            limits, threads = self._options.limits, self._threads
            with files.opened(source, limits, hosts, threads=threads) as streams:
                for stream in streams:
                    log = self._read_stream(stream, before.get(stream.name, []))
                    # An archive may hold a member again that has grown.
                    before.setdefault(log.name, []).append(log.size_bytes)
                    yield log
        except OSError as error:
            yield Log(source.name, error.strerror or str(error))

    def _read_stream(self, stream: Stream, sizes: list[int]) -> Log:
        if stream.problem is not None:
            return Log(stream.name, stream.problem)
        stream.marks_of = lambda head: [*self._marks.sizes(stream.name, head), *sizes]
        timeline, read = Timeline(), Spool[list[Draft]]()
        for group in copies.drafted(stream.blocks(), timeline, self._names):
            read.add(group)
        log = self._log(stream)
        log.add(copies.dated(read, timeline, lambda: self._beside(stream), self._names))
        return log

    def _log(self, stream: Stream) -> Log:
        """The log that a stream was, after its end, without its reports."""
        return Log(
            name=stream.name,
            problem=stream.problem,
            reading=identity.digest(self._options.digest, stream.path_host, stream.modified_s),
            size_bytes=stream.size_bytes,
            sha256=stream.sha256,
            head_digest=stream.head_digest,
            sha256_at=stream.sha256_at,
        )

    # A long log in parts

    def read_part(self, source: Source, place: Place) -> Part:
        """One part of a long log, for `put_together`."""
        return read_part(source, place, self._names)

    def read_whole(self, source: Source) -> Log:
        """What names a long log again, without its reports."""
        try:
            with self._opened(source) as stream:
                stream.marks_of = lambda head: self._marks.sizes(stream.name, head)
                for _ in stream.blocks():
                    pass
                return self._log(stream)
        except OSError as error:
            return Log(source.name, error.strerror or str(error))

    def put_together(self, source: Source, whole: Log, parts: list[Part]) -> Log:
        """The log with the reports of its parts; without any when it cannot be read any more."""
        try:
            if whole.reading is not None:
                timeline, groups = timeline_of(parts), drafts_of(parts)
                with self._opened(source) as stream:
                    beside = partial(self._beside, stream)
                    whole.add(copies.dated(groups, timeline, beside, self._names))
        except OSError as error:
            whole = Log(source.name, error.strerror or str(error))
        for part in parts:
            part.drafts.close()
            whole.problem = whole.problem or part.problem
        return whole

    @contextmanager
    def _opened(self, source: Source) -> Iterator[Stream]:
        """The one log of a plain file."""
        hosts = Hosts(self._options.host, self._options.host_from_path)
        with files.opened(source, self._options.limits, hosts, threads=False) as streams:
            stream = next(streams, None)
            if stream is None:
                raise OSError("the file was changed while it was read")
            yield stream

    def _beside(self, stream: Stream) -> tuple[str | None, Evidence]:
        """The host of lines that name none, and what is known of the log beside its lines.

        Looked up only for a log that holds a report: it may take a pass over an archive.
        """
        machine = stream.machine
        evidence = Evidence(
            name=stream.name,
            zone=self._options.zone,
            machine_zone=machine.zone if machine is not None else None,
            collected_s=machine.collected_s if machine is not None else None,
            boot_s=machine.boot_s if machine is not None else None,
            modified_s=stream.modified_s,
        )
        return stream.host, evidence
