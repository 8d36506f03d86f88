"""Tokens to reports: the only state machine.

A report only ever advances through the sections of `oomdb.grammar.Section`, and no
block stands in it twice. A token goes to the newest open report that can take it, so
two reports printed at once come apart; a token that none can take begins a report
whose head is lost. Lines that nothing takes belong to a report when they stand
between two of its lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oomdb.grammar import Section

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from oomdb.reports.tokens import Token

#: Reports that stay open for late lines, such as oom_reaper's.
MOST_OPEN = 16
#: A report that took none of this many lines of its host has ended.
IDLE_LINES = 2000
#: Lines that no kind takes, kept until it is known whether they lie inside a report.
MOST_PENDING = 400
#: Lines between one that stands before a report and its header.
MOST_PREFACE = 100
#: A quotation in prose counts as a report when it holds this many of its sections.
QUOTED_SECTIONS = 3

_ONCE = frozenset(
    {
        "oom_header",
        "cpuset",
        "mem_info",
        "cpu_line",
        "pid_line",
        "oom_summary",
        "oom_summary_cut",
        "kill_chosen",
        "task_header",
        "pages_ram",
        "pages_reserved",
        "total_swap",
        "no_killable",
        "slab_header",
        "profile_header",
        "group_kill",
        "group_kill_cut",
    }
)
_GROUP_KILL = frozenset({"group_kill", "group_kill_cut"})
#: Lines about victims, which may come after one was killed.
_KILLS = frozenset({"killed", "killed_sharing_mm", "mm_pinned"})
#: Lines that name the task that asked for memory, and the group that holds the name.
_NAMES_INVOKER = {"cpuset": "invoker_comm", "cpu_line": "comm", "pid_line": "comm"}
_STRONG = frozenset({Section.HEADER, Section.TASKS, Section.SUMMARY, Section.KILL, Section.OUTCOME})


@dataclass
class Report:
    """The tokens of one report, in order, and what the cutting tells about it.

    `kind` is the `events.kind` that its first line announces; `headless` tells that
    this line is lost. Tokens that no kind took are among `tokens`.
    """

    kind: str
    headless: bool
    tokens: list[Token] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    section: Section = Section.PREFACE
    sections: set[Section] = field(default_factory=set)
    victim_pids: set[str] = field(default_factory=set)
    group: bool = False
    panicked: bool = False
    caller: str | None = None
    invoker: str | None = None
    last_seen: int = 0
    _seen: set[tuple[str, ...]] = field(default_factory=set)
    _printed: set[tuple[float | None, str | None, str]] = field(default_factory=set)
    _pending: list[Token] = field(default_factory=list)

    def takes(self, token: Token, clock: int) -> bool:
        """Whether the token can be the next one of this report."""
        assert token.understood is not None
        kind, match = token.understood.kind, token.understood.match
        section = kind.section
        if section is Section.AFTERMATH:
            return match["pid"] in self.victim_pids
        if clock - self.last_seen > IDLE_LINES or self._other_caller(token):
            return False
        if self.panicked:
            return section is Section.TRACE
        if section >= Section.TASKS and not self._may_kill:
            return False
        if self.victim_pids or kind.name in _KILLS:
            return self._takes_kill(kind.name, match)
        follows = section >= self.section or self._takes_cpuset(kind.name, match)
        return follows and _identity(token) not in self._seen

    def _takes_kill(self, name: str, match: re.Match[str]) -> bool:
        """Whether a line may come next that tells of a kill, or that comes after one."""
        if name == "killed":
            return not self.victim_pids or self.group
        if name == "mm_pinned":
            return match["pid"] in self.victim_pids
        return bool(self.victim_pids) and (name == "killed_sharing_mm" or name in _GROUP_KILL)

    def _takes_cpuset(self, name: str, match: re.Match[str]) -> bool:
        """Whether the line follows this report's header, with frames of others between them."""
        if name != "cpuset" or self.section > Section.TRACE:
            return False
        return match["invoker_comm"] is None or match["invoker_comm"] == self.invoker

    def holds(self, token: Token) -> bool:
        """Whether this very line, with its stamp, is in the report already."""
        return token.first.uptime_s is not None and _printed(token) in self._printed

    def repeats(self, token: Token) -> bool:
        """Whether the log holds the line twice, once in this report.

        One stamp may stand on many lines, of which only rows of the table name themselves;
        the others are known by nothing between them.
        """
        assert token.understood is not None
        if token.understood.kind.section is Section.TRACE or not self.holds(token):
            return False
        return token.understood.kind.name == "task" or self.tokens[-1].text == token.text

    def is_copied_by(self, other: Report) -> bool:
        """Whether this report has no outcome and all its lines are in the other one too."""
        return (
            not self.victim_pids
            and not self.panicked
            and self._printed < other._printed
            and all(stamp is not None for stamp, _, _ in self._printed)
        )

    @property
    def _may_kill(self) -> bool:
        return self.kind == "oom_kill" or (self.kind == "memory_dump" and self.headless)

    def _other_caller(self, token: Token) -> bool:
        caller = token.first.caller
        return caller is not None and self.caller is not None and caller != self.caller

    def add(self, token: Token, clock: int) -> None:
        """Take the token; lines that waited since the last one lie inside the report."""
        assert token.understood is not None
        kind, match = token.understood.kind, token.understood.match
        if kind.section is not Section.AFTERMATH:
            self.tokens.extend(self._pending)
            self.section = max(self.section, kind.section)
            if kind.opens and kind.section is Section.HEADER:
                self.invoker = match.groupdict().get("invoker_comm")
            self.caller = self.caller or token.first.caller
        self._pending.clear()
        self.tokens.append(token)
        self.sections.add(kind.section)
        self.damage |= token.mends | kind.mends
        self.last_seen = clock
        self._seen.add(_identity(token))
        self._printed.add(_printed(token))
        if kind.name in ("killed", "reaped", "not_reaped", "killed_sharing_mm"):
            self.victim_pids.add(match["pid"])
        if kind.name in _GROUP_KILL:
            if self.group:
                self.damage.add("duplicated")
            self.group = True
        self.panicked = self.panicked or kind.name == "panic"

    def wait(self, token: Token) -> None:
        """Keep a line that no kind took until the next one tells where it belongs."""
        if not self.victim_pids and not self.panicked and len(self._pending) < MOST_PENDING:
            self._pending.append(token)

    @property
    def whole_enough(self) -> bool:
        """Whether a headless report holds more than stray lines."""
        if not self.headless:
            return True
        if self.sections & _STRONG or Section.AFTERMATH in self.sections:
            return True
        return len(self.sections) >= QUOTED_SECTIONS or Section.CGROUP in self.sections

    @property
    def is_kill_quoted(self) -> bool:
        """Whether it holds the lines of one kill, its choice and its end, with a stamp."""
        return self.sections >= {Section.SUMMARY, Section.KILL} and any(
            token.first.prefixed for token in self.tokens if token.understood is not None
        )

    @property
    def is_quoted_report(self) -> bool:
        """Whether what a document quotes of a report is more than a bit of one."""
        tells_outcome = self.sections & {Section.SUMMARY, Section.KILL, Section.OUTCOME}
        table_and_outcome = Section.TASKS in self.sections and bool(tells_outcome)
        return len(self.sections) >= QUOTED_SECTIONS or table_and_outcome


def _printed(token: Token) -> tuple[float | None, str | None, str]:
    return token.first.uptime_s, token.first.caller, token.text


def _identity(token: Token) -> tuple[str, ...]:
    """What may stand only once in a report, or a value that never repeats."""
    assert token.understood is not None
    kind, match = token.understood.kind, token.understood.match
    if kind.name in ("zone", "buddy", "buddy_clipped", "node", "per_cpu_zone"):
        groups = match.groupdict()
        return (kind.name, groups.get("node") or "", groups.get("zone") or "")
    if kind.name == "memory_counters":
        return (kind.name, match["pairs"].split(":", 1)[0])
    if kind.name in _ONCE:
        return (kind.name,)
    return (kind.name, str(token.first.first_byte), token.text)


class Cutter:
    """Cuts the reports out of one host's tokens; finished ones come from `feed`."""

    def __init__(self) -> None:
        self._open: list[Report] = []
        self._prefaces: list[tuple[int, Token]] = []
        self._clock = 0
        self._latest: Report | None = None
        self._in_quotation = False
        self._bits: list[Report] = []

    def feed(self, token: Token) -> Iterator[Report]:
        """Reports that are finished now that `token` is known."""
        if token.understood is None and not token.text.strip():
            return
        self._clock += 1
        if token.understood is None:
            if token.text.lstrip().startswith(("```", "~~~")):
                yield from self._fence()
            elif not token.first.foreign:
                for report in self._open[-2:]:
                    report.wait(token)
            return
        if token.understood.kind.section is Section.PREFACE:
            self._prefaces.append((self._clock, token))
            return
        self._place(token)
        while len(self._open) > MOST_OPEN:
            yield from self._close(self._open.pop(0))

    def flush(self) -> Iterator[Report]:
        """The reports that are still open when the stream ends."""
        for report in self._open:
            yield from self._close(report)
        self._open.clear()
        if len(self._bits) == 1 and self._bits[0].is_kill_quoted:
            yield from self._close(self._bits[0])
        self._bits.clear()

    @property
    def busy(self) -> bool:
        """Whether an open report still waits for lines of its body."""
        return any(
            not report.victim_pids and self._clock - report.last_seen < IDLE_LINES
            for report in self._open
        )

    def _place(self, token: Token) -> None:
        assert token.understood is not None
        kind = token.understood.kind
        opens = bool(kind.opens) and kind.section is Section.HEADER
        for report in self._nearest_first(token):
            if report.repeats(token):
                report.damage.add("duplicated")
                report.last_seen = self._clock
                return
            if not opens and report.takes(token, self._clock):
                self._note_interleaved(report, token)
                report.add(token, self._clock)
                self._latest = report
                return
        copied = next((one for one in self._open if one.holds(token)), None)
        if copied is not None and not opens:
            copied.damage.add("duplicated")
            copied.last_seen = self._clock
            return
        if kind.section < Section.HEADER or kind.section is Section.TRACE:
            return
        if "spliced" in token.mends:
            return
        headless = kind.section is not Section.HEADER or not kind.opens
        report = Report(kind.opens or _kind_of_headless(kind.section), headless)
        for clock, preface in self._prefaces:
            if not headless and self._clock - clock <= MOST_PREFACE:
                report.add(preface, clock)
        self._prefaces.clear()
        report.add(token, self._clock)
        self._latest = report
        self._open.append(report)

    def _note_interleaved(self, report: Report, token: Token) -> None:
        """Lines go by turns to two reports: nothing but a caller's id tells them apart."""
        other = self._latest
        if (
            other is not report
            and other in self._open
            and token.first.caller is None
            and token.understood is not None
            and token.understood.kind.section is not Section.AFTERMATH
        ):
            report.damage.add("interleaved")
            other.damage.add("interleaved")

    def _nearest_first(self, token: Token) -> list[Report]:
        """The open reports: first those whose invoker the line names, then the newest."""
        newest_first = self._open[::-1]
        assert token.understood is not None
        group = _NAMES_INVOKER.get(token.understood.kind.name)
        if group is None:
            return newest_first
        comm = token.understood.match[group]
        return sorted(newest_first, key=lambda report: report.invoker != comm)

    def _fence(self) -> Iterator[Report]:
        """A code fence ends what was quoted; bits of a report explain, they do not report.

        A document that explains a report shows several; one that shows nothing but the
        kernel's lines of one kill reports it.
        """
        for report in self._open:
            if not self._in_quotation or report.is_quoted_report:
                yield from self._close(report)
            else:
                self._bits.append(report)
        self._open.clear()
        self._in_quotation = not self._in_quotation

    def _close(self, report: Report) -> Iterator[Report]:
        copied = [other for other in self._open if report.is_copied_by(other)]
        for other in copied:
            other.damage.add("duplicated")
        if report.whole_enough and not copied:
            yield report


def _kind_of_headless(section: Section) -> str:
    return "memory_dump" if Section.MEMORY <= section <= Section.PROFILE else "oom_kill"
