"""Lines of other programs between a kernel's, passed by in runs.

Most lines near a report are of daemons. They are none of its lines: what matters is that
time and the host's log went on. A line that could be anything else ends the run and is read
like any other; both ways give the same reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from oomdb.carriers import prefix
from oomdb.carriers.line import Lines
from oomdb.reports.hosts import Run
from oomdb.reports.reach import Reach, consecutive

if TYPE_CHECKING:
    from oomdb.carriers.reader import CarrierReader
    from oomdb.reports.hosts import Hosts

#: Lines that are looked for at once.
MOST_BYTES = 64 << 10
LEAST_BYTES = 1 << 10
#: Fewer lines are read one by one.
FEWEST_LINES = 2
#: Programs of hosts that are remembered.
MOST_PROGRAMS = 4096
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
#: A text that begins with nothing that may be a prefix, and holds no escaped character.
_TEXT = (
    r"(?![A-Z]\[|(?:kern|user|daemon) *:|(?:\w+\|)?kernel)"
    r"[A-Za-z\d(/\"'*_+][^\n\\\x00-\x08\x0a-\x1f\x7f]*+(?<!\})\n"
)
_TAIL = rf" ([\w.-]++) ([\w./@-]++)(?:(\[)\d++\])?: {_TEXT}"
#: A kernel's stamp within a line.
_STAMP = re.compile(r"\[ *\d+\.\d{6}\]")
#: Signs of an encoding.
_ENCODED = ("=3D", "#012")


@dataclass(frozen=True)
class _Form:
    """The stamp of a syslog daemon: its pattern, one of them, and how long its day is."""

    stamp: str
    example: str
    day: int

    @cached_property
    def line(self) -> re.Pattern[str]:
        """A line with such a stamp: it, the host, the program and whether a number follows."""
        return re.compile(rf"^({self.stamp}){_TAIL}", re.ASCII | re.MULTILINE)


_SYSLOG = _Form(rf"[A-Z][a-z]{{2}} [ \d]\d {_CLOCK}", "Jun  4 00:00:00", 6)
_ISO = _Form(
    rf"\d{{4}}-\d\d-\d\dT{_CLOCK}(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:\d\d)",
    "2024-06-04T00:00:00+02:00",
    10,
)
_BY_FIRST = {**dict.fromkeys("0123456789", _ISO), **dict.fromkeys("ADFJMNOS", _SYSLOG)}


@lru_cache(MOST_PROGRAMS)
def _is_foreign(form: _Form, host: str, program: str, number: str) -> bool:
    """Whether a line with this prefix is of another program than the kernel."""
    ident = f"{program}[1]" if number else program
    line = prefix.split(f"{form.example} {host} {ident}: x", 0, 0, 0)
    told = (line.text, line.stamp, line.host, line.foreign, line.uptime_s, line.caller)
    return told == ("x", form.example, host, True, None, None)


class Noise:
    """Passes runs of other programs' lines by in the windows of one log."""

    def __init__(self, carrier: CarrierReader, hosts: Hosts) -> None:
        self._carrier = carrier
        self._hosts = hosts
        self._reach = Reach(LEAST_BYTES, MOST_BYTES)

    def take(self, text_lines: Lines, at: int, line_no: int) -> Run | None:
        """The run from `at` on, whose first line has that number; None when there is none."""
        text = text_lines.text
        form = _BY_FIRST.get(text[at])
        if form is None or not self._carrier.is_between or not form.line.match(text, at):
            return None
        if not self._hosts.may_pass_by:
            return None
        end = text.rfind("\n", at, at + self._reach.bytes) + 1
        if end <= at:
            return None
        lines = consecutive(form.line, text, at, end)
        among = text.count("\n", at, end)
        count = min(_foreign_lines(form, lines), _plain_lines(text, at, end))
        self._reach.adapt(end - at, count, among)
        if count < FEWEST_LINES:
            return None
        if count < among:
            end = _after_lines(text, at, count)
        stamps, hosts, *_ = zip(*lines[:count], strict=True)
        passed = Lines(text[at:end], line_no, text_lines.first_byte + at)
        self._hosts.see_stamps(stamps, hosts, form.day, passed)
        found = self._hosts.pass_by(hosts)
        last = text.rfind("\n", at, end - 1) + 1
        self._carrier.pass_by(text[max(at, last) : end - 1], stamps[-1])
        return Run(end, line_no + count, found)


def _foreign_lines(form: _Form, lines: list[tuple[str, ...]]) -> int:
    """How many lines come before one that may be the kernel's."""
    programs = {line[1:] for line in lines}
    own = {each for each in programs if not _is_foreign(form, *each)}
    if not own:
        return len(lines)
    return next(number for number, line in enumerate(lines) if line[1:] in own)


def _plain_lines(text: str, at: int, end: int) -> int:
    """How many lines come before one that holds a kernel's stamp or is encoded."""
    for sign in _ENCODED:
        place = text.find(sign, at, end)
        end = place if place >= 0 else end
    stamp = _STAMP.search(text, at, end)
    return text.count("\n", at, stamp.start() if stamp is not None else end)


def _after_lines(text: str, at: int, count: int) -> int:
    for _ in range(count):
        at = text.index("\n", at) + 1
    return at
