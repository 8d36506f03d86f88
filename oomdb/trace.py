"""What the lines of a part of a log tell about the log's times, to be put together later.

A long log is read in parts, each by itself. The year of a stamp, whether a clock was put
back and when a machine booted follow from all lines before it; of a part only those lines
are kept that tell something which the lines round them do not.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from oomdb.carriers.line import KernelLine
from oomdb.clock import moment
from oomdb.dating import RETURN_S, RTC, TURN_S, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oomdb.carriers.line import Lines

_MONTH_S = TURN_S / 6
#: A step back of the kernel's clock that is none of a boot.
_UPTIME_BACK_S = 0.5


class Trace(Timeline):
    """The timeline of one part, from `first_byte` up to, not including, `last_byte`.

    Lines of other parts that are read with it are not kept.
    """

    def __init__(self, first_byte: int, last_byte: int) -> None:
        super().__init__()
        self.range = range(first_byte, last_byte)
        self._kept: dict[int, KernelLine] = {}
        self._waiting: dict[tuple[str | None, str], KernelLine] = {}
        self._seconds: dict[tuple[str | None, str], float] = {}
        self._kept_seconds: dict[tuple[str | None, str], float] = {}

    def see(self, line: KernelLine) -> None:
        """Learn from a line as a timeline does, and keep it where it tells more."""
        super().see(line)
        if line.first_byte in self.range:
            self._keep(_bare(line))

    def see_stamps(
        self, stamps: Sequence[str], hosts: Sequence[str], day: int, lines: Lines
    ) -> None:
        """The same of lines that tell nothing but their stamps."""
        super().see_stamps(stamps, hosts, day, lines)
        at = lines.first_byte
        for text, stamp, host in zip(lines.text.split("\n"), stamps, hosts, strict=False):
            if at in self.range:
                self._keep(KernelLine("", 0, at, 0, "", "syslog", host=host, stamp=stamp))
            at += len(text) + 1

    def _keep(self, bare: KernelLine) -> None:
        """Keep a line where it tells more than those round it."""
        told = _told(bare)
        if bare.text or not all(self._goes_on(*each) for each in told):
            for waiting in self._waiting.values():
                self._kept[waiting.first_byte] = waiting
            self._waiting.clear()
            self._kept[bare.first_byte] = bare
            self._kept_seconds = self._seconds | dict(told)
        for key, seconds in told:
            self._seconds[key] = seconds
            self._waiting[key] = bare

    def _goes_on(self, key: tuple[str | None, str], seconds: float) -> bool:
        """Whether one clock's time is as one expects after what it showed before."""
        before = self._seconds.get(key)
        if before is None:
            return False
        if key[1].startswith("log"):
            # Lines may stand between those that are kept, but never months.
            return abs(seconds - self._kept_seconds[key]) <= _MONTH_S
        return before - seconds <= (_UPTIME_BACK_S if key[1] == "uptime" else RETURN_S.start - 1)

    def lines(self, firsts: Iterable[KernelLine]) -> list[KernelLine]:
        """The lines that were kept and the first ones of reports, in their order."""
        ours = {line.first_byte: _bare(line) for line in firsts if line.first_byte in self.range}
        waiting = {line.first_byte: line for line in self._waiting.values()}
        return sorted((waiting | self._kept | ours).values(), key=attrgetter("first_byte"))


def _bare(line: KernelLine) -> KernelLine:
    """The line without its text, unless that is what tells."""
    text = line.text if "system clock" in line.text and RTC.search(line.text) else ""
    return KernelLine(
        text,
        line.line_no,
        line.first_byte,
        line.last_byte,
        "",
        line.carrier,
        host=line.host,
        stamp=line.stamp,
        uptime_s=line.uptime_s,
    )


def _told(line: KernelLine) -> list[tuple[tuple[str | None, str], float]]:
    """The clocks that the line shows: its host's, the log's, and the kernel's."""
    read = moment(line.stamp)
    told = []
    if read is not None:
        told = [
            ((line.host, f"host {read.has_year} {read.has_zone}"), read.seconds),
            ((None, f"log {read.has_year}"), read.seconds),
        ]
    if line.uptime_s is not None:
        told.append(((line.host, "uptime"), line.uptime_s))
    return told
