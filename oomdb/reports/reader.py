"""A log's bytes to its reports, host by host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.carriers.line import Lines
from oomdb.carriers.names import NAMES
from oomdb.carriers.reader import CarrierReader
from oomdb.dating import Timeline
from oomdb.reports.hosts import Hosts, Located
from oomdb.reports.noise import Noise
from oomdb.reports.runs import Runs
from oomdb.reports.scan import windows_near_hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oomdb.carriers.names import Names
    from oomdb.reports.scan import Window

__all__ = ["Located", "in_blocks"]

#: Beyond the reach of a window it is asked so often whether the lines are wanted.
ASKED_BYTES = 4096


def in_blocks(
    blocks: Iterable[bytes], timeline: Timeline | None = None, names: Names = NAMES
) -> Iterator[Located]:
    """The reports of a log that comes in blocks of any size, in the order in which they end.

    `timeline` learns from every line that is read; `names` are those of JSON's fields.
    """
    log = _Log(CarrierReader(names), Hosts(timeline or Timeline()))
    for window in windows_near_hits(blocks, lambda: log.wanted):
        if not window.follows:
            yield from log.end()
        yield from log.read(window)
    yield from log.end()


class _Log:
    """Reads the windows of one log: regular lines in runs, the others one by one."""

    def __init__(self, carrier: CarrierReader, hosts: Hosts) -> None:
        self._carrier = carrier
        self._hosts = hosts
        self._runs = Runs(carrier, hosts)
        self._noise = Noise(carrier, hosts)

    def read(self, window: Window) -> Iterator[Located]:
        """The reports that end in a window; what lies beyond its reach is read as long as wanted.

        That is asked at the first line of each range of `ASKED_BYTES`, so that it depends on
        nothing but the log.
        """
        text, line_no, at = str(window.text, "latin-1"), window.line_no, 0
        while at < len(text):
            start = window.first_byte + at
            beyond = (start // ASKED_BYTES + 1) * ASKED_BYTES
            asked = window.reach if start < window.reach else beyond
            end = text.find("\n", max(asked - window.first_byte - 1, at)) + 1 or len(text)
            lines = Lines(text[at:end], line_no, start)
            yield from self._read(lines)
            line_no += lines.text.count("\n")
            at = end
            self._hosts.end_byte = window.first_byte + end
            if window.reach <= self._hosts.end_byte < window.last_byte and not self.wanted:
                window.last_byte = self._hosts.end_byte
                return

    @property
    def wanted(self) -> bool:
        """Whether what comes next is needed, though no literal stands near."""
        return self._carrier.waits or self._hosts.is_busy

    def _read(self, lines: Lines) -> Iterator[Located]:
        at, line_no = 0, lines.line_no
        while at < len(lines.text):
            run = self._runs.take(lines, at, line_no) or self._noise.take(lines, at, line_no)
            if run is not None:
                at, line_no = run.end, run.line_no
                yield from run.found
                continue
            raw = lines.line_at(at, line_no)
            for line in self._carrier.feed(raw):
                yield from self._hosts.feed(line)
            at, line_no = raw.last_byte - lines.first_byte, line_no + 1

    def end(self) -> Iterator[Located]:
        """The reports that are open where the log ends or is left out."""
        for line in self._carrier.flush():
            yield from self._hosts.feed(line)
        yield from self._hosts.flush()
