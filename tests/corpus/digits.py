"""Digit accounting: every number of a clean report's text is held against the tables.

What it proves. Lines are grouped by shape, and where a line has a row of its own
(a process, a zone, a node, a victim) by that row. In each group the numbers of the
text, counted with repetition, must be found among the values of the columns that
the shape feeds, counted with repetition: a number that was dropped, rounded, read
into the wrong row or cut short is missing. For groups marked exact the columns must
hold nothing else either: a number that was never printed is invented.

What it does not prove. That two numbers of the same line did not change places
(`reread` does that for the lines that have keys or a header); that a number is in
the right column of a group that shares one pool (trace, cgroup counters, slabs);
that a sign was lost in the middle of a word. `0x10` counts as 16, leading zeros do
not count, and digits inside words (`DMA32`, `R08`) count like any others. Lines of
no known shape are not accounted for: `PrintedReport.foreign` lists them, and every
one of them that holds a digit should be looked at once.

`lost_numbers` is the weaker check for damaged logs and look-alikes: in the lines that
oomdb itself kept as an event's evidence, each number of two digits or more must occur
somewhere in the event's rows, `unparsed_lines` included. It finds text that was taken
and then dropped; it does not see a number that happens to stand elsewhere too.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.corpus.printed import strip_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.corpus.found import Event, Row
    from tests.corpus.printed import Line, PrintedReport

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:(?<=[=:\s(,])|^)-\d+|\d+")

#: Digits that carry no information, by shape: removed from the text before counting.
#: name, shape, pattern, why.
NO_INFORMATION: tuple[tuple[str, str, re.Pattern[str], str], ...] = (
    (
        "reboot delay",
        "trace",
        re.compile(r"Rebooting in \d+ seconds\.*"),
        "panic= of the command line, printed after the report",
    ),
    (
        "kernel offset",
        "trace",
        re.compile(r"Kernel Offset: .*"),
        "where this boot put the kernel; printed by panic(), not by the report",
    ),
    (
        "free swap, again",
        "trailer",
        re.compile(r"Free swap: .*"),
        "what `Free swap  =` says just above (i386 up to 2.6.28)",
    ),
    (
        "end of trace",
        "trace",
        re.compile(r"---\[ end .*"),
        "a random mark that closes an oops or a panic",
    ),
)


def numbers(text: str) -> Counter[int]:
    """The numbers of `text`, hexadecimal or decimal, with how often each occurs."""
    return Counter(
        int(token, 16) if token[:2] in ("0x", "0X") else int(token)
        for token in _NUMBER.findall(text)
    )


#: Stamps and callers in mid-line, where a carrier's prefix was not recognized.
_STAMP = re.compile(
    r"\d+\.\d{6}|\d\d:\d\d:\d\d(?:[.,]\d+)?|\d{4}-\d\d-\d\d|\[ *[TC]\d+\]|#012|\\x0a"
)


def lost_numbers(event: Event) -> list[tuple[str, int]]:
    """Text and number of each kept line whose number stands in none of the event's rows."""
    ids = ("event_id", "host_id", "source_id")
    stored = values([event.row], *_other_columns(event.row, *ids))
    for rows in event.tables.values():
        for row in rows:
            stored += values([row], *_other_columns(row, *ids))
    lost: list[tuple[str, int]] = []
    for line in event.evidence.split("\n"):
        text = strip_prefix(line.replace(event.hostname or "\0", " "))
        found = numbers(_STAMP.sub(" ", text))
        lost += [(text, one) for one in found if abs(one) >= 10 and one not in stored]
    return lost


@dataclass(frozen=True)
class Mismatch:
    """A number of one group that the tables lack (`missing`) or made up (`invented`)."""

    group: str
    problem: str
    number: int
    times: int
    lines: tuple[int, ...]

    def __str__(self) -> str:
        where = ",".join(str(line) for line in self.lines[:4])
        times = f" {self.times} times" if self.times > 1 else ""
        return f"{self.group}: {self.number} {self.problem}{times} (line {where})"


def values(rows: Iterable[Row], *columns: str) -> Counter[int]:
    """The numbers in `columns` of `rows`; text columns give the numbers of their text."""
    found: Counter[int] = Counter()
    for row in rows:
        for column in columns:
            value = row.get(column)
            if value is None or isinstance(value, (bytes, bool)):
                continue
            found += numbers(str(value))
    return found


def _other_columns(row: Row, *excluded: str) -> list[str]:
    return [name for name in row if name not in excluded]


#: A zone's key: its node (0 where none is printed) and its name.
ZoneKey = tuple[int, str]
_ZONE_KEY = re.compile(r"(?:Node (\d+) )?([A-Z][A-Za-z0-9]*)")


def zone_key(text: str) -> ZoneKey:
    """The zone that a zone, buddy or per-cpu line is about."""
    found = _ZONE_KEY.match(text)
    if found is None:
        raise ValueError(f"no zone in {text[:40]!r}")
    return int(found.group(1) or 0), found.group(2)


def _of_zone(rows: Sequence[Row], key: ZoneKey) -> list[Row]:
    return [row for row in rows if (row.get("node"), row.get("zone")) == key]


def _name(text: str, key: ZoneKey) -> Counter[int]:
    """The numbers of the zone's own name, where the line prints it."""
    name = text.split(":")[0] if ":" in text else text
    prefix = f"Node {key[0]} {key[1]}" if name.startswith("Node ") else key[1]
    return numbers(prefix)


Supply = Counter[int]
_SINGLE: dict[str, tuple[str, ...]] = {
    "preface": ("suppressed_callbacks",),
    "other_opener": (
        "invoker_comm",
        "failure_message",
        "alloc_order",
        "gfp_mask",
        "gfp_names",
        "nodemask",
        "cpuset",
        "mems_allowed",
    ),
    "header": (
        "invoker_comm",
        "gfp_mask",
        "gfp_names",
        "alloc_order",
        "invoker_oom_adj",
        "invoker_oom_score_adj",
        "nodemask",
    ),
    "cpuset": ("invoker_comm", "cpuset", "mems_allowed"),
    "cpu": (
        "invoker_cpu",
        "invoker_uid",
        "invoker_pid",
        "invoker_comm",
        "taint",
        "kernel_release",
        "kernel_build",
    ),
    "hardware": ("hardware_name",),
    "workqueue": ("workqueue",),
    "cgroup_task": ("task_memcg", "oom_memcg"),
    "cgroup_limit": ("oom_memcg",),
    "protection": ("memory_min_kb", "memory_low_kb"),
    "chosen": ("kill_message", "chosen_pid", "chosen_comm", "chosen_score"),
    "spared": ("kill_message", "chosen_pid", "chosen_comm"),
    "group": ("oom_group_memcg",),
    "panic": ("panic_message",),
}
_TRACE_SHAPES = frozenset({"trace", "trace_head"})
_CGROUP_SHAPES = frozenset({"cgroup_usage", "cgroup_stat", "cgroup_values"})
_STATS = re.compile(r"(?P<head>Memory cgroup stats for .*?:) ?(?P<values>[a-z_]+[: ]\d.*)")
_COUNTER_SHAPES = frozenset({"counters", "trailer"})


def account(report: PrintedReport, event: Event) -> list[Mismatch]:
    """What of `report` is not in `event`'s rows, and the reverse; empty when all is."""
    ledger = _Ledger()
    lines = [piece for line in report.lines for piece in _pieces(line)]
    seen: set[str] = set()
    trace: list[Line] = []
    for line in lines:
        if line.shape in _SINGLE and line.shape not in seen:
            seen.add(line.shape)
            ledger.check(line.shape, [line], values([event.row], *_SINGLE[line.shape]))
        elif line.shape in _TRACE_SHAPES or line.shape in _SINGLE:
            trace.append(line)
    ledger.check("trace", trace, _trace_supply(event))
    _account_zones(ledger, lines, event)
    _account_rows(ledger, lines, event)
    _account_pools(ledger, lines, event)
    _account_kills(ledger, lines, event)
    return ledger.mismatches


def _pieces(line: Line) -> list[Line]:
    """Statistics on one line are a path and values, which stand in different columns."""
    found = _STATS.match(line.text) if line.shape == "cgroup_stats" else None
    if found is None:
        return [line]
    return [
        replace(line, shape="cgroup_head", text=found["head"]),
        replace(line, shape="cgroup_values", text=found["values"]),
    ]


class _Ledger:
    def __init__(self) -> None:
        self.mismatches: list[Mismatch] = []

    def check(
        self, group: str, lines: Sequence[Line], supply: Supply, *, exact: bool = False
    ) -> None:
        """Hold the numbers of `lines` against `supply`; `exact` forbids a surplus too."""
        demand: Counter[int] = Counter()
        for line in lines:
            demand += numbers(_informative(line))
        for number, times in (demand - supply).items():
            where = tuple(line.number for line in lines if number in numbers(line.text))
            self.mismatches.append(Mismatch(group, "missing", number, times, where))
        if exact:
            where = tuple(line.number for line in lines)
            for number, times in (supply - demand).items():
                self.mismatches.append(Mismatch(group, "invented", number, times, where))


def _informative(line: Line) -> str:
    text = line.text
    for _, shape, pattern, _ in NO_INFORMATION:
        if shape == line.shape:
            text = pattern.sub("", text)
    return text


def _trace_supply(event: Event) -> Supply:
    return values(
        event.rows("stack_frames"),
        "symbol",
        "frame_offset",
        "module",
        "module_build_id",
        "address",
        "called_from",
        "source",
    ) + values(event.rows("trace_lines"), "text")


def _account_zones(ledger: _Ledger, lines: Sequence[Line], event: Event) -> None:
    current: ZoneKey | None = None
    for line in lines:
        if line.shape == "zone":
            current = zone_key(line.text)
            supply = _name(line.text, current)
            for table in ("zones", "watermarks"):
                for row in _of_zone(event.rows(table), current):
                    columns = _other_columns(
                        row, "event_id", "node", "zone", "zone_no", "node_basis"
                    )
                    supply += values([row], *columns)
            supply += values(
                [
                    row
                    for row in _of_zone(event.rows("extra_fields"), current)
                    if row.get("scope") in ("zones", "watermarks")
                ],
                "name",
                "value",
            )
            ledger.check("zone", [line], supply, exact=True)
        elif line.shape == "reserve" and current is not None:
            supply = values(_of_zone(event.rows("lowmem_reserves"), current), "reserve_pages")
            ledger.check("reserve", [line], supply, exact=True)
        elif line.shape == "buddy":
            key = zone_key(line.text)
            supply = (
                _name(line.text, key)
                + values(_of_zone(event.rows("buddy_orders"), key), "block_kb", "free_blocks")
                + values(_of_zone(event.rows("buddy_totals"), key), "total_kb")
            )
            ledger.check("buddy", [line], supply, exact=True)


def _account_rows(ledger: _Ledger, lines: Sequence[Line], event: Event) -> None:
    """Shapes with one row a line, in printed order."""
    for shape, table, excluded in (
        ("task", "processes", ("event_id", "row_no")),
        ("node", "nodes", ("event_id",)),
        ("hugepages", "hugepages", ("event_id",)),
        ("site", "allocation_sites", ("event_id", "position")),
    ):
        printed = [line for line in lines if line.shape == shape]
        rows = event.rows(table)
        if len(printed) != len(rows) or shape == "hugepages":
            supply = Counter[int]()
            for row in rows:
                supply += values([row], *_row_columns(row, excluded))
            ledger.check(shape, printed, supply, exact=True)
            continue
        for line, row in zip(printed, rows, strict=True):
            supply = values([row], *_row_columns(row, excluded))
            supply += _extra(event, table, row)
            ledger.check(shape, [line], supply, exact=True)


def _row_columns(row: Row, excluded: tuple[str, ...]) -> list[str]:
    """The columns that were printed: a size is stored as printed and as bytes."""
    if row.get("size_printed") is not None:
        excluded = (*excluded, "size_bytes")
    return _other_columns(row, *excluded)


def _extra(event: Event, table: str, row: Row) -> Supply:
    key = "row_no" if table == "processes" else "node"
    return values(
        [
            extra
            for extra in event.rows("extra_fields")
            if extra.get("scope") == table and extra.get(key) == row.get(key)
        ],
        "name",
        "value",
    )


def _account_pools(ledger: _Ledger, lines: Sequence[Line], event: Event) -> None:
    def of(shapes: Iterable[str]) -> list[Line]:
        return [line for line in lines if line.shape in shapes]

    counters = values(event.rows("memory_counters"), "pages") + values(
        [event.row],
        "ram_pages",
        "reserved_pages",
        "swap_free_kb",
        "swap_total_kb",
        "swap_cache_add",
        "swap_cache_delete",
        "swap_cache_find_success",
        "swap_cache_find_total",
        "swap_cache_race",
    )
    ledger.check("counters", of(_COUNTER_SHAPES), counters, exact=True)
    cgroup = values(event.rows("cgroup_counters"), "name", "value", "printed")
    ledger.check("cgroup", of(_CGROUP_SHAPES), cgroup, exact=True)
    paths = {row.get("cgroup") for row in event.rows("cgroup_counters")} - {None}
    supply = values([{"path": path} for path in paths], "path")
    ledger.check("cgroup_head", of(("cgroup_head",)), supply)
    slabs = values(event.rows("slab_caches"), "name", "used_kb", "total_kb")
    ledger.check("slab", of(("slab",)), slabs, exact=True)
    per_cpu = of(("per_cpu", "per_cpu_head"))
    rows = event.rows("per_cpu_pages")
    zones = {(row.get("node"), row.get("zone")) for row in rows}
    supply = values(rows, "cpu", "high_pages", "batch_pages", "used_pages")
    supply += values([{"node": node, "zone": zone} for node, zone in zones], "node", "zone")
    ledger.check("per_cpu", per_cpu, supply)


_VICTIM_COLUMNS = (
    "pid",
    "comm",
    "uid",
    "total_vm_kb",
    "anon_rss_kb",
    "file_rss_kb",
    "shmem_rss_kb",
    "pgtables_kb",
    "oom_score_adj",
)


def _account_kills(ledger: _Ledger, lines: Sequence[Line], event: Event) -> None:
    victims = event.rows("victims")
    for line in lines:
        if line.shape == "summary":
            supply = values(
                [event.row],
                "constraint_printed",
                "nodemask",
                "cpuset",
                "mems_allowed",
                "oom_memcg",
                "task_memcg",
                "chosen_pid",
                "chosen_comm",
                "chosen_uid",
            )
            ledger.check("summary", [line], supply)
        elif line.shape == "pinned":
            kept = [row for row in event.rows("trace_lines") if row.get("name") == "mm_pinned"]
            ledger.check("pinned", [line], values(kept, "text"), exact=True)
        elif line.shape in ("killed", "sharing", "reaper"):
            # A group kill prints its first victim twice: both lines have its one row.
            found = re.search(r"(?:process |pid:)(\d+)", line.text)
            pid: Any = int(found.group(1)) if found else None
            rows = [row for row in victims if row.get("pid") == pid]
            if line.shape == "killed":
                # Linux 5.0 to 5.3 print the victim's user id on the summary line alone.
                known = [name for name in _VICTIM_COLUMNS if name != "uid" or "UID" in line.text]
                ledger.check("killed", [line], values(rows[:1], *known), exact=True)
                continue
            if line.shape == "sharing":
                ledger.check("sharing", [line], values(rows[:1], "pid", "comm"), exact=True)
                continue
            columns = ("pid", "comm", "reaped_anon_rss_kb", "reaped_file_rss_kb")
            supply = values(rows[:1], *columns, "reaped_shmem_rss_kb")
            ledger.check("reaper", [line], supply, exact=True)
