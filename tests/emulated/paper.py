"""What a report is printed on: its lines, and beside them the rows that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

#: What a task may call itself to mislead whoever reads the log.
HOSTILE_NAMES = (
    "a)",
    "(",
    "] total-vm:0kB",
    ") score 0 or sa",
    ") total-vm:1kB,",
    "x: y",
    "a,pid=1,uid=0",
    "a,task=b",
    "Killed process ",
    "Tainted: G",
    "Not tainted 1.2",
    "Node 0 DMA: 1",
    "order=0, oom_sc",
    "[   12]     0",
    "(1.5G)",
    "free:1kB min:2k",
    "12345",
    "-1 0 7",
    "0 0 0 0 0 0 0 0",
    "  ",
    " a",
    "a ",
    "",
    "Caf\xc3\xa9",
    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81",
    "\xff\xfe\x80",
    "a\x01b\x7fc",
    "tab\there",
    "<4>[ 1.000000] ",
    "[ 12.345678] x",
    "kernel: x",
    "> quoted",
    "100% &amp; done",
    "#033[31m",
    "\\x1b",
    "`rm -rf`",
    "a:b:c:d",
    "Call Trace:",
    "Mem-Info:",
    "Code: 00 11 22",
    "CPU: 0 PID: 1 C",
    "Out of memory: ",
    "oom_reaper: x",
)
#: Names that break a line: only where every line of a record has its stamp is it known.
BROKEN_NAMES = ("a\nb", "\n", "a\n", "\nb", "a\n\nb", "x\nKilled proce", "a\n[ 12] 0 0 0")
HOSTILE_PATHS = (
    "/",
    "/a,task=b,pid=1,uid=0",
    "/a,task_memcg=/b",
    "/x=y,oom_memcg=/z",
    "/with blank/and (brackets)",
    "/system.slice/system-web\\x2dapp.slice",
    "/a: usage 1kB, limit 2kB, failcnt 3",
    "/a:b",
    "/caf\xc3\xa9",
)
_NAMES = ("java", "mysqld", "Web Content", "tmux: server", "(sd-pam)", "kworker/u16:3", "nginx")
_PATHS = ("/docker/d9e6a1", "/system.slice/a.service", "/kubepods.slice/kubepods-pod1.slice/cri-1")


@dataclass
class Paper:
    """Lines as the kernel prints them, one character a byte, and the rows they hold.

    `event` is the row of `events`. Each line tells by `records` how many lines before it belong
    to the same printk: they share its stamp.
    """

    draw: Draw
    lines: list[str] = field(default_factory=list)
    joined: set[int] = field(default_factory=set)
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    event: dict[str, object] = field(default_factory=dict)
    damage: set[str] = field(default_factory=set)

    def line(self, text: str, **event: object) -> None:
        """Print a line that holds these values of the event."""
        self.record([text])
        self.event.update(event)

    def record(self, lines: list[str]) -> None:
        """Print several lines by one printk."""
        parts = [part for line in lines for part in line.split("\n")]
        self.joined.update(range(len(self.lines) + 1, len(self.lines) + len(parts)))
        self.lines.extend(parts)

    def row(self, table: str, **values: object) -> None:
        """Note a row that the lines hold."""
        self.rows.setdefault(table, []).append(values)

    def unknown(self, scope: str, name: str, value: object, **place: object) -> None:
        """Note a value that has no column."""
        unit = None if scope == "processes" else "kB"
        self.row(
            "extra_fields",
            scope=scope,
            name=name,
            value=str(value),
            unit=unit,
            reason="unknown_key",
            **place,
        )


@dataclass
class Draw:
    """Random values of the kinds that a kernel prints."""

    random: Random
    hostile: bool = False
    broken: bool = False

    def number(self, most: int) -> int:
        """Zero, small or large, up to `most`."""
        kind = self.random.random()
        if kind < 0.2:
            return 0
        return self.random.randint(0, min(most, 99) if kind < 0.5 else most)

    def pages(self) -> int:
        return self.number(2**30)

    def kb(self) -> int:
        return self.number(2**34)

    def chance(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def comm(self) -> str:
        if self.broken and self.chance():
            return self.random.choice(BROKEN_NAMES)
        if self.hostile and self.chance(0.8):
            return self.random.choice(HOSTILE_NAMES)
        return self.random.choice(_NAMES)

    def path(self) -> str:
        if self.hostile and self.chance(0.7):
            return self.random.choice(HOSTILE_PATHS)
        return self.random.choice(_PATHS)

    def nodes(self) -> str:
        return self.random.choice(("0", "0-1", "0,2-3", "0-255", ""))

    def adj(self) -> int:
        return self.random.choice((0, 0, -1000, -999, -17, 1, 300, 1000))
