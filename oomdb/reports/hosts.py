"""The lines of a log, host by host, on their way to reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from oomdb.grammar import Section
from oomdb.reports.cut import Cutter
from oomdb.reports.repair import Joiner
from oomdb.reports.tokens import LineToken, TaskRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oomdb.carriers.line import KernelLine, Lines
    from oomdb.dating import Timeline
    from oomdb.reports.cut import Report


class Place(NamedTuple):
    """Where a report stands in its log: line numbers from 1, and offsets.

    `first` is the line that begins it; `evidence` are all its lines, one character per byte.
    """

    first: KernelLine
    evidence: str
    first_line: int
    last_line: int
    first_byte: int
    last_byte: int


@dataclass(frozen=True, slots=True)
class Located:
    """A report, the host whose log it stood in (None when no line tells), and where."""

    report: Report
    host: str | None

    @property
    def place(self) -> Place:
        """Where the report stands, with its evidence: each physical line once, as printed."""
        by_offset: dict[int, KernelLine | LineToken | TaskRows] = {}
        for part in self.report.parts:
            if isinstance(part, LineToken | TaskRows):
                by_offset[part.first_byte] = part
            else:
                by_offset.update((line.first_byte, line) for line in part.lines)
        lines = list(by_offset.values())
        first = lines[0]
        return Place(
            first=first.first if isinstance(first, LineToken | TaskRows) else first,
            evidence="\n".join([line.raw for line in lines]),
            first_line=min([line.line_no for line in lines]),
            last_line=max([line.last_line for line in lines]),
            first_byte=min([line.first_byte for line in lines]),
            last_byte=max([line.last_byte for line in lines]),
        )

    @property
    def lines(self) -> list[KernelLine]:
        """The physical lines of the report, each once, in the order of their printing."""
        by_offset = {line.first_byte: line for token in self.report.tokens for line in token.lines}
        return list(by_offset.values())


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: where the next line begins, its number, and finished reports."""

    end: int
    line_no: int
    found: list[Located]


class Stream:
    """One host's lines on their way through joiner and cutter."""

    def __init__(self, host: str | None) -> None:
        self.host = host
        self.joiner = Joiner()
        self.cutter = Cutter()

    def feed(self, line: KernelLine) -> Iterator[Located]:
        """Reports that are finished now that `line` is known."""
        for token in self.joiner.feed(line):
            for report in self.cutter.feed(token):
                yield Located(report, self.host)

    def feed_run(self, tokens: list[LineToken]) -> list[Located]:
        """The same for regular lines, when the joiner is steady."""
        return self._located(self.cutter.feed_run(self.joiner.feed_run(tokens)))

    def feed_rows(self, rows: TaskRows) -> list[Located]:
        """The same for rows that follow a row which is held."""
        held = self.joiner.pass_row()
        found = [] if held is None else self._located(self.cutter.feed_run([held]))
        if held is None or not self.cutter.feed_rows(rows):
            found += self.feed_run(rows.tokens())
        return found

    def pass_by(self, count: int) -> list[Located]:
        """The same for so many lines of other programs."""
        found: list[Located] = []
        passed, rest = self.joiner.pass_by(count)
        for token in passed:
            found += self._located(self.cutter.feed(token))
        self.cutter.pass_by(rest)
        return found

    def _located(self, reports: Iterable[Report]) -> list[Located]:
        return [Located(report, self.host) for report in reports]

    @property
    def open(self) -> bool:
        """Whether the next line may go on with a report."""
        held = self.joiner.held_section
        return self.cutter.is_busy() if held is None else held < Section.KILL

    def flush(self) -> Iterator[Located]:
        """The reports that are still open when the stream ends."""
        for token in self.joiner.flush():
            for report in self.cutter.feed(token):
                yield Located(report, self.host)
        for report in self.cutter.flush():
            yield Located(report, self.host)


class Hosts:
    """The streams of all hosts in one log; a line without a host goes with the one before.

    `end_byte` is the offset up to which the log was read.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._streams: dict[str | None, Stream] = {}
        self._current: str | None = None
        self._busy: Stream | None = None
        self.end_byte = 0

    def feed(self, line: KernelLine) -> Iterator[Located]:
        """Reports that are finished now that `line` is known."""
        self._timeline.see(line)
        return self.stream_of(line).feed(line)

    def see(self, line: KernelLine) -> None:
        """Learn from a line about the log's times, and note them on it."""
        self._timeline.see(line)

    def known(self, host: str | None) -> Stream | None:
        """The stream to which lines of that host go from now on.

        None before its first line, and while that might go on with a report of no host.
        """
        stream = self._streams.get(host)
        return stream if host is None or self.may_pass_by else None

    def go_on(self, host: str | None) -> None:
        """Let lines without a host go with those of a known one from now on."""
        self._current = host

    @property
    def may_pass_by(self) -> bool:
        """Whether no line that names a host might go on with a report of none."""
        return None not in self._streams or len(self._streams) > 1

    def see_stamps(
        self, stamps: Sequence[str], hosts: Sequence[str], day: int, lines: Lines
    ) -> None:
        """Learn about the log's times from lines of other programs."""
        self._timeline.see_stamps(stamps, hosts, day, lines)

    def pass_by(self, hosts: Sequence[str]) -> list[Located]:
        """Reports that are finished now that a line of another program came of each host."""
        found: list[Located] = []
        for host, count in Counter(hosts).items():
            stream = self._streams.get(host)
            if stream is None:
                stream = self._streams[host] = Stream(host)
            found += stream.pass_by(count)
        self._current = hosts[-1]
        return found

    def stream_of(self, line: KernelLine) -> Stream:
        """The stream that the line goes to."""
        if line.prefixed:
            self._adopt(line.host)
            self._current = line.host
        stream = self._streams.get(self._current)
        if stream is None:
            stream = self._streams[self._current] = Stream(self._current)
        return stream

    def _adopt(self, host: str | None) -> None:
        """Let the first line that names a host go on with the report that stands before it."""
        nameless = self._streams.get(None)
        if host is None or nameless is None or len(self._streams) > 1 or not nameless.open:
            return
        nameless.host = host
        self._streams = {host: nameless}

    def flush(self) -> Iterator[Located]:
        """The reports of all hosts that are still open."""
        for stream in self._streams.values():
            yield from stream.flush()
        self._streams.clear()
        self._busy = None

    @property
    def is_busy(self) -> bool:
        """Whether a report of any host still waits for lines of its body."""
        end = self.end_byte
        if self._busy is None or not self._busy.cutter.is_busy(end):
            streams = self._streams.values()
            self._busy = next((each for each in streams if each.cutter.is_busy(end)), None)
        return self._busy is not None
