"""A log's bytes to its reports, host by host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.carriers.names import NAMES
from oomdb.carriers.reader import CarrierReader
from oomdb.dating import Timeline
from oomdb.grammar import Section
from oomdb.reports.cut import Cutter
from oomdb.reports.repair import Joiner
from oomdb.reports.scan import lines_near_hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.carriers.names import Names
    from oomdb.reports.cut import Report


@dataclass(frozen=True, slots=True)
class Located:
    """A report, the host whose log it stood in (None when no line tells), and where."""

    report: Report
    host: str | None

    @property
    def lines(self) -> list[KernelLine]:
        """The physical lines of the report, each once, in the order of their printing."""
        by_offset = {line.first_byte: line for token in self.report.tokens for line in token.lines}
        return list(by_offset.values())


class _Stream:
    """One host's lines on their way through joiner and cutter."""

    def __init__(self, host: str | None) -> None:
        self.host = host
        self._joiner = Joiner()
        self._cutter = Cutter()

    def feed(self, line: KernelLine) -> Iterator[Located]:
        for token in self._joiner.feed(line):
            for report in self._cutter.feed(token):
                yield Located(report, self.host)

    @property
    def busy(self) -> bool:
        return self._cutter.busy

    @property
    def open(self) -> bool:
        """Whether the next line may go on with a report."""
        held = self._joiner.held_section
        return self._cutter.busy if held is None else held < Section.KILL

    def flush(self) -> Iterator[Located]:
        for token in self._joiner.flush():
            for report in self._cutter.feed(token):
                yield Located(report, self.host)
        for report in self._cutter.flush():
            yield Located(report, self.host)


class _Hosts:
    """The streams of all hosts in one log; a line without a host goes with the one before."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._streams: dict[str | None, _Stream] = {}
        self._current: str | None = None

    def feed(self, line: KernelLine) -> Iterator[Located]:
        self._timeline.see(line)
        if line.prefixed:
            self._adopt(line.host)
            self._current = line.host
        stream = self._streams.get(self._current)
        if stream is None:
            stream = self._streams[self._current] = _Stream(self._current)
        yield from stream.feed(line)

    def _adopt(self, host: str | None) -> None:
        """Let the first line that names a host go on with the report that stands before it."""
        nameless = self._streams.get(None)
        if host is None or nameless is None or len(self._streams) > 1 or not nameless.open:
            return
        nameless.host = host
        self._streams = {host: nameless}

    def flush(self) -> Iterator[Located]:
        for stream in self._streams.values():
            yield from stream.flush()
        self._streams.clear()

    def busy(self) -> bool:
        """Whether a report of any host still waits for lines of its body."""
        return any(stream.busy for stream in self._streams.values())


def in_blocks(
    blocks: Iterable[bytes], timeline: Timeline | None = None, names: Names = NAMES
) -> Iterator[Located]:
    """The reports of a log that comes in blocks of any size, in the order in which they end.

    `timeline` learns from every line that is read; `names` are those of JSON's fields.
    """
    carrier, hosts = CarrierReader(names), _Hosts(timeline or Timeline())
    for raw in lines_near_hits(blocks, lambda: carrier.waits or hosts.busy()):
        if raw is None:
            yield from _end(carrier, hosts)
            continue
        for line in carrier.feed(raw):
            yield from hosts.feed(line)
    yield from _end(carrier, hosts)


def _end(carrier: CarrierReader, hosts: _Hosts) -> Iterator[Located]:
    for line in carrier.flush():
        yield from hosts.feed(line)
    yield from hosts.flush()
