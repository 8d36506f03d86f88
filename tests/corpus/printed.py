"""The judge's own reading of a raw log: which lines are a report's, and of which shape.

It shares nothing with oomdb's parser. It is made for logs that are whole (serial
consoles, syslog, dmesg): it knows shapes well enough to say where a number belongs,
and what it does not know it lists as foreign instead of guessing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What carriers put before the kernel's text, tried in this order, each at most once.
_PREFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        r"<\d{1,3}>",
        r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)? (?:\S+ )?kernel: ?",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d) (?:\S+ )?kernel: ?",
        r"(?:kern  :\w+ *: )",
        r"\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ?",
        r" {12,}(?=[a-z]\w*[ :])",
        r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] ",
    )
)

_CALLER = re.compile(rb"\[ *\d+\.\d{6}\]\[ *([TC]\d+)\]")

_ZONE = r"(?:Node \d+ )?[A-Z][A-Za-z0-9]*"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("preface", r"\S+: \d+ callbacks suppressed"),
        ("header", r".* invoked oom-killer: "),
        ("other_opener", r".*: page allocation (?:failure|stalls)"),
        ("other_opener", r".*vmalloc(?: error|: allocation failure|: vmalloc)"),
        ("other_opener", r"sysrq: (?:SysRq : )?Show Memory"),
        ("summary", r"oom-kill:constraint="),
        ("cpuset", r".{1,64} cpuset=.* mems_allowed="),
        ("cpu", r"CPU: \d+ (?:UID: \d+ )?PID: \d+ |Pid: \d+, comm: |CPU: \d+ (?:Not t|T)ainted"),
        ("hardware", r"Hardware name: "),
        ("workqueue", r"Workqueue: "),
        ("trace_head", r"(?:Call [Tt]race|Backtrace):"),
        ("cgroup_task", r"Task in "),
        ("cgroup_limit", r" killed as a result of limit of |Memory limit reached of cgroup "),
        ("cgroup_usage", r"(?:memory|memory\+swap|swap|kmem|tcpmem): usage "),
        ("cgroup_stats", r"Memory cgroup stats for .*?: ?(?:[a-z_]+:\d+KB|[a-z_]+ \d+) "),
        ("cgroup_head", r"Memory cgroup stats for "),
        ("protection", r"Memory cgroup min protection "),
        ("memory_head", r"Mem-[Ii]nfo:"),
        ("node", r"Node \d+ active_anon:"),
        ("zone", rf"{_ZONE} free:\d"),
        ("reserve", r"lowmem_reserve\[\]:"),
        ("buddy", rf"{_ZONE}: (?:\d+\*\d+kB|empty)"),
        ("hugepages", r"(?:Node \d+ )?hugepages_total="),
        ("per_cpu_head", rf"{_ZONE} per-cpu:"),
        ("per_cpu", r"CPU +\d+: (?:[Hh]i:|[Hh]ot:|Cold:)"),
        (
            "trailer",
            r"\d+ (?:total pagecache pages|pages in swap cache|pages? (?:of )?"
            r"(?:RAM|HighMem|HIGHMEM|reserved|cma reserved|hwpoisoned|shared|non-shared))"
            r"|\d+ (?:reserved pages|pages cma reserved|pages shared|pages non-shared)"
            r"|\d+ (?:free pages|slab pages|pages (?:swap cached|in pagetable cache|slab|dirty"
            r"|writeback|mapped|pagetables))$"
            r"|Swap cache(?: stats)?: |(?:Free|Total) swap[ :]",
        ),
        ("slab_head", r"Unreclaimable slab info:|Name +Used +Total"),
        ("slab", r"\S+ +\d+KB +\d+KB *$"),
        ("profile_head", r"Memory allocations"),
        ("tasks_head", r"Tasks state |\[ *pid *\] "),
        ("task", r"\[ *\d+\] +\d+ +\d+ "),
        ("group", r"Tasks in .* are going to be killed due to memory\.oom\.group set"),
        ("chosen", r".*[Kk]ill process \d+ .* score -?\d+ or "),
        ("spared", r"Would have killed process \d+ |.*OOM victim \d+ .* is already exiting"),
        ("sharing", r"Kill process \d+ .* sharing same memory"),
        ("pinned", r"oom killer \d+ .* has mm pinned by \d+ "),
        ("killed", r"(?:(?:Memory cgroup out of|Out of) memory[^:]*: )?Killed process \d+"),
        ("reaper", r"oom_reaper: "),
        ("no_killable", r"Out of memory and no killable processes"),
        ("panic", r"Kernel panic - not syncing: "),
    )
)
_COUNTERS = re.compile(r" ?(?:[A-Za-z_]+:-?\d+,? *)+$")
_STAT = re.compile(r"[a-z][a-z0-9_.]* \d+ *$")
_SITE = re.compile(r" *[\d.]+ *(?:[KMGT]i?)?B? +\d+ \S")
_TRACE = re.compile(
    r" *\(?(?:\[<?[0-9a-fx]+>?\] *)*\(?\??\)? *[\w.$]+\+0x[0-9a-f]+/0x[0-9a-f]+"
    r"| </?[A-Z]+>| +\? 0x[0-9a-f]+|--- interrupt|(?:NIP|LR) "
    r"|(?:[A-Z][A-Z0-9]{1,3}|GPR\d\d|CFAR|REGS|EFLAGS|ORIG_RAX|Code|pc|lr|sp|x\d+|pstate) *: ?"
    r"|Last Breaking-Event|Kernel Offset: | *\[<[0-9a-f]+>\] |Rebooting in \d+ seconds"
    r"|---\[ end | *r\d+:|Exception stack\(|Process .* \(pid: |Stopper: |Sched_ext: |Tainted: \["
    r"| *(?:[0-9a-f]{4}: +)?(?:[0-9a-f]{8}(?:[0-9a-f]{8})?(?: +|$))+$"
)
_AFTER_KILL = frozenset(
    {"killed", "reaper", "group", "panic", "no_killable", "chosen", "sharing", "pinned"}
)


@dataclass(frozen=True)
class Line:
    """One line of a log: its number from 1, its shape, its text without the prefix."""

    number: int
    shape: str
    text: str


@dataclass
class PrintedReport:
    """The lines of one report, and those printed amid it that are none of its own."""

    lines: list[Line] = field(default_factory=list)
    foreign: list[Line] = field(default_factory=list)

    @property
    def first_line(self) -> int:
        """Number of the header's line."""
        return next((line.number for line in self.lines if line.shape != "preface"), 0)

    @property
    def killed_pids(self) -> list[int]:
        """Process ids of the kill lines in printed order, each once."""
        pids = [
            int(found.group(1))
            for line in self.lines
            if line.shape == "killed" and (found := re.search(r"illed process (\d+)", line.text))
        ]
        return list(dict.fromkeys(pids))

    @property
    def has_summary(self) -> bool:
        """Whether the line that names the constraint was printed."""
        return any(line.shape == "summary" for line in self.lines)


def strip_prefix(text: str) -> str:
    """`text` without what its carrier put before the kernel's own."""
    for prefix in _PREFIXES:
        found = prefix.match(text)
        if found:
            text = text[found.end() :]
    return text


def raw_lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Each line of a log with its number; bytes that are no UTF-8 survive as surrogates."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        text = line.rstrip(b"\r").decode("utf-8", "surrogateescape")
        yield number, strip_prefix(text)


def by_caller(content: bytes) -> list[list[tuple[int, str]]]:
    """The lines of a log apart by the caller ids of their stamps; one list when it has none."""
    callers = [
        found.group(1) if (found := _CALLER.match(line)) else b"" for line in content.split(b"\n")
    ]
    apart: dict[bytes, list[tuple[int, str]]] = {}
    for caller, line in zip(callers, raw_lines(content), strict=True):
        apart.setdefault(caller, []).append(line)
    return list(apart.values())


def cut(lines: Iterable[tuple[int, str]], *, look_alikes: bool = False) -> list[PrintedReport]:
    """The reports of a log that prints its lines in order, one report at a time.

    With `look_alikes`, failed allocations and memory dumps too, which kill nothing.
    """
    openers = {"header", "other_opener"} if look_alikes else {"header"}
    reports: list[PrintedReport] = []
    section = "outside"
    preface: list[Line] = []
    for number, text in lines:
        shape = _shape(text, section)
        line = Line(number, shape, text)
        if shape == "preface":
            preface = [line]
        elif shape in openers:
            reports.append(PrintedReport([*preface, line]))
            preface = []
            section = "trace"
        elif shape == "other_opener":
            section = "other" if section != "outside" else section
        elif not reports or section == "outside":
            continue
        elif section in ("done", "other"):
            if shape in _AFTER_KILL:
                reports[-1].lines.append(line)
            section = "trace" if shape == "panic" else section
        elif shape == "foreign":
            reports[-1].foreign.append(line)
        else:
            reports[-1].lines.append(line)
            section = _section_after(shape, section)
    return reports


def _shape(text: str, section: str) -> str:
    for name, pattern in _SHAPES:
        if pattern.match(text):
            return name
    if section == "trace" and _TRACE.match(text):
        return "trace"
    if section == "cgroup" and _STAT.match(text):
        return "cgroup_stat"
    if section in ("memory", "trace", "cgroup") and _COUNTERS.match(text):
        return "counters"
    if section == "profile" and _SITE.match(text):
        return "site"
    return "foreign"


_SECTION_AFTER = {
    "cpu": "trace",
    "trace_head": "trace",
    "panic": "trace",
    "cgroup_head": "cgroup",
    "cgroup_stats": "cgroup",
    "spared": "done",
    "memory_head": "memory",
    "profile_head": "profile",
    "killed": "done",
}


def _section_after(shape: str, section: str) -> str:
    return _SECTION_AFTER.get(shape, section)
