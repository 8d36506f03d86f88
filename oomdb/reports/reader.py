"""A log's bytes to its reports, host by host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb.carriers import prefix
from oomdb.reports.cut import Cutter
from oomdb.reports.repair import Joiner
from oomdb.reports.scan import windows

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Iterator

    from oomdb.carriers.line import KernelLine
    from oomdb.reports.cut import Report


@dataclass(frozen=True, slots=True)
class Located:
    """A report, the host whose log it stood in (None when no line tells), and where."""

    report: Report
    host: str | None

    @property
    def lines(self) -> list[KernelLine]:
        """The physical lines of the report, each once, in order."""
        by_offset = {line.first_byte: line for token in self.report.tokens for line in token.lines}
        return [by_offset[offset] for offset in sorted(by_offset)]


class _Stream:
    """One host's lines on their way through joiner and cutter."""

    def __init__(self, host: str | None) -> None:
        self._host = host
        self._joiner = Joiner()
        self._cutter = Cutter()

    def feed(self, line: KernelLine) -> Iterator[Located]:
        for token in self._joiner.feed(line):
            for report in self._cutter.feed(token):
                yield Located(report, self._host)

    def flush(self) -> Iterator[Located]:
        for token in self._joiner.flush():
            for report in self._cutter.feed(token):
                yield Located(report, self._host)
        for report in self._cutter.flush():
            yield Located(report, self._host)


def in_lines(lines: Iterable[KernelLine]) -> Iterator[Located]:
    """The reports in a sequence of lines; a line without a host goes with the one before."""
    streams: dict[str | None, _Stream] = {}
    current: str | None = None
    for line in lines:
        if line.prefixed:
            current = line.host
        if current not in streams:
            streams[current] = _Stream(current)
        yield from streams[current].feed(line)
    for stream in streams.values():
        yield from stream.flush()


def in_bytes(buffer: bytes | mmap.mmap) -> Iterator[Located]:
    """The reports in a log, in the order in which they end."""
    line_no = 1
    counted = 0
    for start, end in windows(buffer):
        line_no += _newlines(buffer, counted, start)
        yield from in_lines(prefix.read(buffer[start:end], line_no, start))
        counted = start


def _newlines(buffer: bytes | mmap.mmap, start: int, end: int) -> int:
    """Newlines in a range, in blocks because an mmap cannot count."""
    block = 1 << 24
    return sum(
        buffer[offset : min(offset + block, end)].count(b"\n")
        for offset in range(start, end, block)
    )
