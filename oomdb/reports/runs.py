"""Regular lines of a report, taken in runs, and rows of its process table as one block.

Nearly all lines of a report stand behind the same prefix as the line before, are
understood whole and are no pieces of anything. Such lines need none of the care that
broken ones need: they are read here straight from the text. Whatever is in any way
different ends the run and is read line by line; both ways give the same reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from oomdb.carriers import prefix
from oomdb.grammar import Section
from oomdb.lines import BY_NAME, FOLLOWED, classify
from oomdb.reports.hosts import Run
from oomdb.reports.mend import has_inner_line, without_notes
from oomdb.reports.reach import Reach, consecutive
from oomdb.reports.tokens import LineToken, Rows, TaskRows, row_text

if TYPE_CHECKING:
    from oomdb.carriers.line import KernelLine, Lines
    from oomdb.carriers.reader import CarrierReader
    from oomdb.grammar import LineKind, Understood
    from oomdb.reports.hosts import Hosts, Located, Stream

#: Texts that are remembered with what they are: frames and headers come again and again.
MOST_KNOWN = 8192
#: Rows that are looked for at once.
MOST_ROWS_BYTES = 64 << 10
LEAST_ROWS_BYTES = 1 << 10
#: Prefixes that are remembered.
MOST_TAILS = 1024
#: Fewer rows are taken one by one.
_FEWEST_ROWS = 3
#: A row of the process table has at least so many numbers behind the pid.
_FEWEST_NUMBERS = 5
#: What may be an escaped or encoded character, or tell the time of the boot.
_IRREGULAR = ("\\", "#012", "=3D", "system clock")
#: A piece that a line of reserves may be waiting for.
_NUMBERS = re.compile(r"\s*\d+(?: \d+)*\s*")
#: A task's name of which nothing can be taken for something else.
_NAME = r"[!\"$-,./:;>-Z^-z|~][ -\"$-;>-Z^-z|~]{0,14}"
_TASK, _TASK_HEADER = BY_NAME["task"], BY_NAME["task_header"]


@dataclass(frozen=True)
class _Form:
    """A prefix: the stamp of a syslog daemon if any, what follows it, and the kernel's stamp.

    The first stamp is `date`, for which the log's time is looked at anew whenever it
    changes, and `clock`; `tail` begins with its zone.
    """

    date: str
    clock: str
    tail: str

    @cached_property
    def line(self) -> re.Pattern[str]:
        """A line of this form."""
        return re.compile(rf"{self.before_text}([^\n]*+)\n", re.ASCII | re.MULTILINE)

    def row(self, width: int) -> re.Pattern[str]:
        """A line of this form with a row of a table of so many numbers."""
        return _row_of(self, width)

    @property
    def before_text(self) -> str:
        """The pattern of what stands before the kernel's text."""
        return (
            rf"^({self.date})({self.clock})({self.tail})"
            r"\[ *+(\d{1,9}+\.\d{6})\](?:\[ *+([TC]\d++)\])? "
        )


@lru_cache
def _row_of(form: _Form, width: int) -> re.Pattern[str]:
    numbers = r" ++-?\d++" * width
    return re.compile(
        rf"{form.before_text}\[ *+(\d++)\]({numbers})( {_NAME})\n", re.ASCII | re.MULTILINE
    )


_KERNEL = r" [\w.-]++ kernel: "
_SYSLOG = _Form(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", "", _KERNEL)
_ISO = _Form(
    r"\d{4}-\d\d-\d\d",
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?",
    rf"(?:Z|[+-]\d\d:\d\d){_KERNEL}",
)
_DMESG = _Form("", "", "")
_BY_FIRST = {
    "[": _DMESG,
    **dict.fromkeys("0123456789", _ISO),
    **dict.fromkeys("ADFJMNOS", _SYSLOG),
}


@lru_cache(MOST_KNOWN)
def _regular(text: str, previous: str | None) -> Understood | None:
    """What the text is when nothing but its kind matters; None for any other.

    `previous` is the kind of the line before, where that may change what this one is.
    """
    if not text.isprintable() or text.endswith("}") or any(each in text for each in _IRREGULAR):
        return None
    if prefix.MORE_PREFIX.match(text) or _NUMBERS.fullmatch(text):
        return None
    if "] " in text and prefix.EMBEDDED.search(text):
        return None
    understood = classify(text, previous)
    if understood is None:
        return None
    kind = understood.kind
    if kind.mends or "cut" in kind.regex.groupindex:
        return None
    if kind is _TASK and without_notes(text) != text:
        return None
    if kind.follows and has_inner_line(text):
        return None
    return understood


def _template(form: _Form, tail: str, stamp: str) -> KernelLine | None:
    """A line behind this prefix; None when it is not read as the form tells."""
    line = prefix.split(f"{stamp}{tail}[    1.000000] x", 0, 0, 0)
    told = (line.text, line.uptime_s, line.stamp or "", line.foreign)
    return line if told == ("x", 1.0, stamp + _zone(tail), False) else None


def _zone(tail: str) -> str:
    return tail.partition(" ")[0]


class Runs:
    """Takes runs of regular lines out of the windows of one log."""

    def __init__(self, carrier: CarrierReader, hosts: Hosts) -> None:
        self._carrier = carrier
        self._hosts = hosts
        self._reach = Reach(LEAST_ROWS_BYTES, MOST_ROWS_BYTES)
        self._templates: dict[str, KernelLine | None] = {}

    def take(self, lines: Lines, at: int, line_no: int) -> Run | None:
        """The regular lines from `at` on, whose first has that number; None without any."""
        form = _BY_FIRST.get(lines.text[at])
        if form is None or not self._carrier.is_between:
            return None
        found = form.line.match(lines.text, at)
        if found is None:
            return None
        date, clock, tail, _, caller, text = found.groups()
        template = self._template(form, tail, date + clock)
        stream = self._hosts.known(template.host) if template is not None else None
        if template is None or stream is None or not stream.joiner.is_steady(caller):
            return None
        understood = _regular(text, _followed(stream.joiner.held_kind))
        if understood is None:
            return None
        self._hosts.go_on(template.host)
        reading = _Reading(lines, form, tail, caller, template, stream, self._hosts, self._reach)
        run = reading.read(found, understood, line_no)
        self._carrier.pass_by(reading.last.raw, reading.last.stamp)
        return run

    def _template(self, form: _Form, tail: str, stamp: str) -> KernelLine | None:
        if tail not in self._templates:
            if len(self._templates) >= MOST_TAILS:
                self._templates.clear()
            self._templates[tail] = _template(form, tail, stamp)
        return self._templates[tail]


def _followed(kind: LineKind | None) -> str | None:
    """The kind of the line before, where that may change what the next one is."""
    return kind.name if kind is not None and kind.name in FOLLOWED else None


class _Reading:
    """Reads one run: lines of one host and caller, whose stamps go up."""

    last: LineToken

    def __init__(
        self,
        lines: Lines,
        form: _Form,
        tail: str,
        caller: str | None,
        template: KernelLine,
        stream: Stream,
        hosts: Hosts,
        reach: Reach,
    ) -> None:
        self._lines = lines
        self._form = form
        self._tail = tail
        self._zone = _zone(tail)
        self._caller = caller
        self._template = template
        self._stream = stream
        self._hosts = hosts
        self._reach = reach
        self._date = ""
        self._uptime_s = 0.0
        self._stamp: str | None = None
        self._seen = template
        self._tokens: list[LineToken] = []
        self._found: list[Located] = []

    def read(self, line: re.Match[str], understood: Understood, line_no: int) -> Run:
        """The lines from `line` on, which has that number and is understood."""
        text, match = self._lines.text, self._form.line.match
        at, end = line.span()
        date, clock, tail, uptime, caller, body = line.groups()
        while True:
            self._take(date, clock, uptime, body, understood, text[at : end - 1], line_no, at)
            line_no += 1
            kind = understood.kind
            if kind.section is Section.TASKS:
                end, line_no = self._take_rows(end, line_no)
            following = match(text, end)
            if following is None:
                break
            date, clock, tail, uptime, caller, body = following.groups()
            if tail != self._tail or caller != self._caller or float(uptime) < self._uptime_s:
                break
            known = _regular(body, kind.name if kind.name in FOLLOWED else None)
            if known is None:
                break
            understood = known
            at, end = end, following.end()
        self._pass_on()
        if self.last.first is not self._seen:
            self._hosts.see(self.last.first)
        return Run(end, line_no, self._found)

    def _take(
        self,
        date: str,
        clock: str,
        uptime: str,
        text: str,
        understood: Understood,
        raw: str,
        line_no: int,
        at: int,
    ) -> None:
        """Take one line."""
        if clock or date != self._date:
            self._stamp = f"{date}{clock}{self._zone}" or None
        self._uptime_s = float(uptime)
        token = LineToken(
            text,
            understood,
            self._uptime_s,
            self._caller,
            self._seen,
            self._stamp,
            raw,
            line_no,
            self._lines.first_byte + at,
        )
        if date != self._date or self._seen is self._template:
            self._see(token, date)
        self.last = token
        self._tokens.append(token)

    def _pass_on(self) -> None:
        """Let the lines that were taken go on to the reports."""
        if self._tokens:
            self._found += self._stream.feed_run(self._tokens)
            self._tokens = []

    def _see(self, token: LineToken, date: str) -> None:
        """Let the log's time go on to a line, whose day or second is another."""
        if self._date:
            self._hosts.see(self.last.first)
        self._date = date
        token.seen = self._template
        self._seen = token.seen = token.first
        self._hosts.see(self._seen)

    def _take_rows(self, at: int, line_no: int) -> tuple[int, int]:
        """Take the rows that follow one in the text; where the next line begins, its number."""
        joiner = self._stream.joiner
        if self.last.kind is _TASK_HEADER:
            joiner.note_columns(self.last)
        width = joiner.columns
        if self.last.kind is not _TASK or width < _FEWEST_NUMBERS:
            return at, line_no
        rows = self._rows(at, width)
        count = len(rows.pids) if rows is not None else 0
        if rows is None or count < _FEWEST_ROWS:
            return at, line_no
        self._pass_on()
        raws = self._lines.text[at : at + MOST_ROWS_BYTES].split("\n", count)[:count]
        raw = "\n".join(raws[:-1])
        first_byte = self._lines.first_byte + at
        block = Rows(*(column[:-1] for column in rows))
        self._found += self._stream.feed_rows(
            TaskRows(block, self._caller, self._seen, raw, line_no, first_byte)
        )
        at, line_no = at + len(raw) + 1, line_no + count - 1
        text = row_text(raws[-1])
        understood = classify(text)
        assert understood is not None
        clock, stamp = rows.clocks[-1], rows.stamps[-1]
        self._take(self._date, clock, stamp, text, understood, raws[-1], line_no, at)
        return at + len(raws[-1]) + 1, line_no + 1

    def _rows(self, at: int, width: int) -> Rows | None:
        """The columns of the regular rows from `at` on; None for none, or when one is doubtful."""
        text = self._lines.text
        limit = min(at + self._reach.bytes, len(text))
        outcome = text.find("ill", at, limit)
        end = text.rfind("\n", at, outcome if outcome >= 0 else limit) + 1
        if end <= at:
            return None
        found = consecutive(self._form.row(width), text, at, end)
        rows = self._regular_rows(found) if len(found) >= _FEWEST_ROWS else None
        self._reach.adapt(
            end - at, len(rows.pids) if rows is not None else 0, text.count("\n", at, end)
        )
        return rows

    def _regular_rows(self, found: list[tuple[str, ...]]) -> Rows | None:
        """The columns of rows up to the first that is not of this run; None for too few."""
        dates, clocks, tails, stamps, callers, pids, numbers, comms = zip(*found, strict=True)
        count = min(
            _same(dates, self._date),
            _same(tails, self._tail),
            _same(callers, self._caller or ""),
            _first_repeated(pids),
            _going_up(stamps, self._uptime_s),
            _without_units(comms),
        )
        if count < _FEWEST_ROWS:
            return None
        columns = dates, clocks, stamps, pids, numbers, comms
        return Rows(*(column[:count] for column in columns))


def _first_repeated(column: tuple[str, ...]) -> int:
    """How many of the values come before one that was there already."""
    if len(set(column)) == len(column):
        return len(column)
    known: set[str] = set()
    for value in column:
        if value in known:
            break
        known.add(value)
    return len(known)


def _going_up(stamps: tuple[str, ...], after_s: float) -> int:
    """How many of the kernel's stamps come before one that is lower, or of another width."""
    first = stamps[0]
    if float(first) < after_s:
        return 0
    if len(set(map(len, stamps))) == 1 and list(stamps) == sorted(stamps):
        return len(stamps)
    before = first
    for number, stamp in enumerate(stamps):
        if stamp < before or len(stamp) != len(first):
            return number
        before = stamp
    return len(stamps)


def _without_units(comms: tuple[str, ...]) -> int:
    """How many names come before one in which a note could be seen."""
    if "kB" not in "".join(comms):
        return len(comms)
    among = (number for number, comm in enumerate(comms) if "kB" in comm)
    return next(among, len(comms))


def _same(column: tuple[str, ...], value: str) -> int:
    """How many of the values are this one before another comes."""
    if column.count(value) == len(column):
        return len(column)
    return next(number for number, other in enumerate(column) if other != value)
