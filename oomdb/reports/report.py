"""One report on its way: what it took, and what it can take next."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from oomdb.grammar import Section
from oomdb.lines import KINDS
from oomdb.reports.printed import PrintedLines
from oomdb.reports.tokens import LineToken, TaskRows

if TYPE_CHECKING:
    import re

    from oomdb.carriers.line import KernelLine
    from oomdb.reports.tokens import Token

#: A report that took none of this many lines of its host has ended.
IDLE_LINES = 2000
#: Lines that no kind takes, kept until it is known whether they lie inside a report.
MOST_PENDING = 400
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
#: Lines that name the task that asked for memory, and the group that holds the name.
NAMES_INVOKER = {"cpuset": "invoker_comm", "cpu_line": "comm", "pid_line": "comm"}
#: Lines that may stand once in a report for each node, zone or first counter.
_ONCE_EACH = frozenset({"zone", "buddy", "buddy_clipped", "node", "per_cpu_zone"})
_NAMED = _ONCE | _ONCE_EACH | {"memory_counters"}
#: Kinds that tell more than that a report goes on: who asked, who was killed, what is lost.
_TELLING = frozenset(
    kind.name
    for kind in KINDS
    if kind.opens
    or kind.mends
    or kind.name in NAMES_INVOKER
    or kind.section is Section.PREFACE
    or kind.section >= Section.SUMMARY
)
_HEADER, _TRACE, _TASKS = Section.HEADER, Section.TRACE, Section.TASKS
_AFTERMATH = Section.AFTERMATH
_GROUP_KILL = frozenset({"group_kill", "group_kill_cut"})
#: Lines about victims, which may come after one was killed.
_KILLS = frozenset({"killed", "killed_sharing_mm", "mm_pinned"})
_STRONG = frozenset({Section.HEADER, Section.TASKS, Section.SUMMARY, Section.KILL, Section.OUTCOME})


@dataclass
class Report:
    """The tokens of one report, in order, and what the cutting tells about it.

    `kind` is the `events.kind` that its first line announces; `headless` tells that
    this line is lost. Tokens that no kind took are among `parts`, in which regular rows of
    the process table stand together.
    """

    kind: str
    headless: bool
    parts: list[Token | TaskRows] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    section: Section = Section.PREFACE
    sections: set[Section] = field(default_factory=set)
    victim_pids: set[str] = field(default_factory=set)
    group: bool = False
    panicked: bool = False
    caller: str | None = None
    invoker: str | None = None
    last_seen: int = 0
    last_byte: int = 0
    _seen: set[tuple[str, ...]] = field(default_factory=set)
    _printed: PrintedLines = field(init=False)
    _pending: list[Token] = field(default_factory=list)
    _tokens: tuple[int, list[Token]] = (0, [])

    def __post_init__(self) -> None:
        self._printed = PrintedLines(self.parts)

    @property
    def tokens(self) -> list[Token]:
        """Every token, the rows of the process table one by one."""
        if self._tokens[0] != len(self.parts):
            tokens: list[Token] = []
            for part in self.parts:
                tokens += part.tokens() if isinstance(part, TaskRows) else (part,)
            self._tokens = len(self.parts), tokens
        return self._tokens[1]

    @property
    def first(self) -> KernelLine:
        """Its first line, which carries the stamp."""
        return self.parts[0].first

    def takes(self, token: Token, clock: int) -> bool:
        """Whether the token can be the next one of this report."""
        assert token.understood is not None
        kind, match = token.understood.kind, token.understood.match
        section = kind.section
        if section is _AFTERMATH:
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
        return follows and (_is_unique(token) or _identity(token) not in self._seen)

    def takes_rows(self, rows: TaskRows, clock: int) -> bool:
        """Whether the rows are the next ones of the table that this report is printing."""
        return (
            self.section is _TASKS
            and clock - self.last_seen <= IDLE_LINES
            and (rows.caller is None or self.caller is None or rows.caller == self.caller)
            and self._may_kill
            and not (self.panicked or self.victim_pids)
            and not self._printed.may_hold(rows)
        )

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
        return self._printed.holds(token)

    def repeats(self, token: Token) -> bool:
        """Whether the log holds the line twice, once in this report.

        One stamp may stand on many lines, of which only rows of the table name themselves;
        the others are known by nothing between them.
        """
        assert token.understood is not None
        if token.understood.kind.section is _TRACE or not self.holds(token):
            return False
        if token.understood.kind.name == "task":
            return True
        last = self.parts[-1]
        return not isinstance(last, TaskRows) and last.text == token.text

    def is_copied_by(self, other: Report) -> bool:
        """Whether this report has no outcome and all its lines are in the other one too."""
        return (
            not self.victim_pids
            and not self.panicked
            and self._printed.all < other._printed.all
            and all(stamp is not None for stamp, _, _ in self._printed.all)
        )

    @property
    def _may_kill(self) -> bool:
        return self.kind == "oom_kill" or (self.kind == "memory_dump" and self.headless)

    def _other_caller(self, token: Token) -> bool:
        caller = token.caller
        return caller is not None and self.caller is not None and caller != self.caller

    def add(self, token: Token, clock: int) -> None:
        """Take the token; lines that waited since the last one lie inside the report."""
        assert token.understood is not None
        kind, match = token.understood.kind, token.understood.match
        section = kind.section
        if section is not _AFTERMATH:
            self.parts.extend(self._pending)
            self.section = max(self.section, section)
            if kind.opens and section is _HEADER:
                self.invoker = match.groupdict().get("invoker_comm")
            self.caller = self.caller or token.caller
        self._pending.clear()
        self.parts.append(token)
        self.sections.add(section)
        if token.mends or kind.mends:
            self.damage |= token.mends | kind.mends
        if not isinstance(token, LineToken) and token.first.doubtful:
            self.damage.add("user_facility")
        self._went_on(clock, token)
        if not _is_unique(token):
            self._seen.add(_identity(token))
        self._printed.add(token)
        if kind.name in ("killed", "reaped", "not_reaped", "killed_sharing_mm"):
            self.victim_pids.add(match["pid"])
        if kind.name in _GROUP_KILL:
            if self.group:
                self.damage.add("duplicated")
            self.group = True
        self.panicked = self.panicked or kind.name == "panic"

    def follow(self, tokens: list[Token], first: int, clock: int) -> int:
        """Take the plain tokens that come next, from the one numbered `first` on; how many.

        `clock` is that of the line before them. Whatever may not be of this report, or tells
        more than that it goes on, ends them.
        """
        if self.panicked or self.victim_pids or clock + 1 - self.last_seen > IDLE_LINES:
            return 0
        added: list[Token | TaskRows] = []
        for token in islice(tokens, first, None):
            if not isinstance(token, LineToken) or not self._is_plain(token):
                break
            assert token.understood is not None
            self.section = token.understood.kind.section
            self.sections.add(self.section)
            self.caller = self.caller or token.caller
            self._printed.add(token)
            added.append(token)
        if added:
            self.parts.extend(self._pending)
            self._pending.clear()
            self.parts.extend(added)
            self._went_on(clock + len(added), added[-1])
        return len(added)

    def _is_plain(self, token: LineToken) -> bool:
        """Whether the token is the next one and nothing has to be done but to take it.

        What may stand once is noted as taken.
        """
        assert token.understood is not None
        kind, caller, latest_s = token.understood.kind, token.caller, self._printed.latest_s
        if kind.name in _TELLING or kind.section < self.section or token.uptime_s < latest_s:
            return False
        if caller != self.caller and None not in (caller, self.caller):
            return False
        if kind.section >= _TASKS and not self._may_kill:
            return False
        if token.uptime_s == latest_s and self._printed.holds(token):
            return False
        if kind.name in _NAMED:
            identity = _identity(token)
            if identity in self._seen:
                return False
            self._seen.add(identity)
        return True

    def add_rows(self, rows: TaskRows, clock: int) -> None:
        """Take rows that `takes_rows` allows; the clock is that of the last one."""
        self.parts.extend(self._pending)
        self._pending.clear()
        self.parts.append(rows)
        self.caller = self.caller or rows.caller
        self._went_on(clock, rows)
        self._printed.add_rows(rows)

    def pass_repeated(self, token: Token, clock: int) -> None:
        """Go on after a line that the log holds twice."""
        self.damage.add("duplicated")
        self._went_on(clock, token)

    def _went_on(self, clock: int, part: Token | TaskRows) -> None:
        self.last_seen = clock
        self.last_byte = part.last_byte

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
            isinstance(part, TaskRows) or (part.understood is not None and part.first.prefixed)
            for part in self.parts
        )

    @property
    def is_quoted_report(self) -> bool:
        """Whether what a document quotes of a report is more than a bit of one."""
        tells_outcome = self.sections & {Section.SUMMARY, Section.KILL, Section.OUTCOME}
        table_and_outcome = Section.TASKS in self.sections and bool(tells_outcome)
        return len(self.sections) >= QUOTED_SECTIONS or table_and_outcome


def _is_unique(token: Token) -> bool:
    """Whether nothing in the log can be the same: its place is its own, and its kind repeats."""
    assert token.understood is not None
    return isinstance(token, LineToken) and token.understood.kind.name not in _NAMED


def _identity(token: Token) -> tuple[str, ...]:
    """What may stand only once in a report, or a value that never repeats."""
    assert token.understood is not None
    kind, match = token.understood.kind, token.understood.match
    if kind.name in _ONCE_EACH:
        groups = match.groupdict()
        return (kind.name, groups.get("node") or "", groups.get("zone") or "")
    if kind.name == "memory_counters":
        return (kind.name, match["pairs"].split(":", 1)[0])
    if kind.name in _ONCE:
        return (kind.name,)
    return (kind.name, str(token.first.first_byte), token.text)
