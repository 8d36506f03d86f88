"""Read a clean report's keyed lines a second time and hold each value against its column.

`digits` proves that no number got lost; this proves that each one stands in the right
column of the right row, for the lines that say so themselves: by key (zones, nodes,
counters, trailer, cgroup, kill), by printed header (processes) or by position
(reserves, free lists, slabs, stack frames). A key without a column must be kept in
`extra_fields` under its printed name.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.corpus.digits import ZoneKey, zone_key
from tests.corpus.found import comm_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.corpus.found import Event, Row
    from tests.corpus.printed import Line, PrintedReport

_PAIR = re.compile(r"([A-Za-z_][\w()]*): ?(-?\d+)(kB|KB)?")
_ANSWER = re.compile(r"all_unreclaimable\? (yes|no)")
_BLOCK = re.compile(r"(\d+)\*(\d+)kB(?: \(([A-Z]+)\))?")
_FRAME = re.compile(
    r"^ *\(?(?:\[<?[0-9a-fx]+>?\] *)*\(?(?P<mark>\? )?(?P<symbol>[\w.$]+)\+"
    r"(?P<offset>0x[0-9a-f]+/0x[0-9a-f]+)(?: \[(?P<module>[^] ]+)(?: [0-9a-f]+)?\])?"
)
_MARKS = ("min", "low", "high", "boost")
_TASK_COLUMNS = {
    "pid": "pid",
    "uid": "uid",
    "tgid": "tgid",
    "total_vm": "total_vm_pages",
    "rss": "rss_pages",
    "rss_anon": "rss_anon_pages",
    "rss_file": "rss_file_pages",
    "rss_shmem": "rss_shmem_pages",
    "nr_ptes": "nr_ptes",
    "nr_pmds": "nr_pmds",
    "pgtables_bytes": "pgtables_bytes",
    "swapents": "swapents",
    "cpu": "cpu",
    "oom_adj": "oom_adj",
    "oom_score_adj": "oom_score_adj",
}
_TRAILER: tuple[tuple[str, str], ...] = (
    (r"(\d+) total pagecache pages", "counter pagecache"),
    (r"(\d+) pages in swap cache", "counter swap_cache"),
    (r"(\d+) pages HighMem", "counter highmem"),
    (r"(\d+) pages cma reserved", "counter cma_reserved"),
    (r"(\d+) pages hwpoisoned", "counter hwpoisoned"),
    (r"(\d+) pages shared", "counter shared"),
    (r"(\d+) pages non-shared", "counter non_shared"),
    (r"(\d+) pages RAM", "ram_pages"),
    (r"(\d+) pages reserved", "reserved_pages"),
    (r"Free swap  *= (\d+)kB", "swap_free_kb"),
    (r"Total swap = (\d+)kB", "swap_total_kb"),
    (r"Swap cache stats: add (\d+)", "swap_cache_add"),
    (r"Swap cache stats: .* delete (\d+)", "swap_cache_delete"),
    (r"Swap cache stats: .* find (\d+)/", "swap_cache_find_success"),
    (r"Swap cache stats: .* find \d+/(\d+)", "swap_cache_find_total"),
)
_KILLED: tuple[tuple[str, str], ...] = (
    (r"total-vm:(\d+)kB", "total_vm_kb"),
    (r"anon-rss:(\d+)kB", "anon_rss_kb"),
    (r"file-rss:(\d+)kB", "file_rss_kb"),
    (r"shmem-rss:(\d+)kB", "shmem_rss_kb"),
    (r"UID:? ?(\d+)", "uid"),
    (r"pgtables:(\d+)kB", "pgtables_kb"),
    (r"oom_score_adj:(-?\d+)", "oom_score_adj"),
)


@dataclass(frozen=True)
class Misread:
    """One printed value that its column does not hold."""

    line: int
    what: str
    printed: object
    stored: object

    def __str__(self) -> str:
        return f"line {self.line}: {self.what} printed {self.printed!r}, stored {self.stored!r}"


@dataclass
class _Reader:
    event: Event
    misread: list[Misread] = field(default_factory=list)
    zone: ZoneKey = (0, "")
    columns: list[str] = field(default_factory=list)
    tasks: int = 0
    nodes: int = 0

    def expect(self, line: Line, what: str, printed: object, stored: object) -> None:
        if printed != stored:
            self.misread.append(Misread(line.number, what, printed, stored))

    def zone_rows(self, table: str) -> list[Row]:
        rows = self.event.rows(table)
        return [row for row in rows if (row.get("node"), row.get("zone")) == self.zone]

    def extra(self, table: str, name: str) -> int | None:
        """The value that `extra_fields` keeps under a printed key."""
        for row in self.event.rows("extra_fields"):
            if row.get("scope") == table and row.get("name") == name:
                return int(row["value"])
        return None


def reread(report: PrintedReport, event: Event) -> list[Misread]:
    """The printed values of `report` that `event`'s rows hold otherwise, line by line."""
    reader = _Reader(event)
    for line in report.lines:
        read = _READERS.get(line.shape)
        if read is not None:
            read(reader, line)
    _read_lists(reader, report.lines)
    return reader.misread


def _pairs(reader: _Reader, line: Line, rows: dict[str, Row | None], table: str) -> None:
    for key, value, unit in _PAIR.findall(line.text):
        name = key.lower().replace("(", "_").replace(")", "")
        column = f"{name}_kb" if unit else name
        row = rows["marks" if name in _MARKS else "own"]
        stored = row[column] if row is not None and column in row else reader.extra(table, key)
        reader.expect(line, f"{table} {key}", int(value), stored)
    answer = _ANSWER.search(line.text)
    own = rows["own"]
    if answer and own is not None:
        stored = own.get("all_unreclaimable")
        reader.expect(line, f"{table} all_unreclaimable", answer.group(1) == "yes", stored)


def _first(rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


def _zone(reader: _Reader, line: Line) -> None:
    reader.zone = zone_key(line.text)
    reader.expect(line, "rows of the zone", 1, len(reader.zone_rows("zones")))
    own, marks = _first(reader.zone_rows("zones")), _first(reader.zone_rows("watermarks"))
    _pairs(reader, line, {"own": own, "marks": marks}, "zones")


def _node(reader: _Reader, line: Line) -> None:
    node = int(line.text.split()[1])
    row = _first([row for row in reader.event.rows("nodes") if row.get("node") == node])
    _pairs(reader, line, {"own": row, "marks": row}, "nodes")


def _by(column: str) -> Callable[[Row], int]:
    return lambda row: -1 if row.get(column) is None else int(row[column])


def _reserve(reader: _Reader, line: Line) -> None:
    printed = [int(word) for word in line.text.split(":", 1)[1].split()]
    rows = sorted(reader.zone_rows("lowmem_reserves"), key=_by("class_index"))
    reader.expect(line, "lowmem_reserve", printed, [row.get("reserve_pages") for row in rows])
    indexes = [row["class_index"] for row in rows]
    reader.expect(line, "class_index", list(range(len(printed))), indexes)


def _buddy(reader: _Reader, line: Line) -> None:
    reader.zone = zone_key(line.text)
    printed = [
        (order, int(size), int(count), letters or None)
        for order, (count, size, letters) in enumerate(_BLOCK.findall(line.text))
    ]
    rows = sorted(reader.zone_rows("buddy_orders"), key=_by("alloc_order"))
    stored = [
        (row["alloc_order"], row["block_kb"], row["free_blocks"], row["migratetypes"] or None)
        for row in rows
    ]
    reader.expect(line, "free list", printed, stored)
    total = re.search(r"= (\d+)kB", line.text)
    totals = [row.get("total_kb") for row in reader.zone_rows("buddy_totals")]
    reader.expect(line, "free list total", [int(total.group(1))] if total else [], totals)


def _task_header(reader: _Reader, line: Line) -> None:
    if line.text.startswith("["):
        reader.columns = re.sub(r"[][]", " ", line.text).split()[:-1]


def _task(reader: _Reader, line: Line) -> None:
    rows = reader.event.rows("processes")
    row = rows[reader.tasks] if reader.tasks < len(rows) else {}
    reader.tasks += 1
    words = re.sub(r"[][]", " ", line.text, count=2).split(None, len(reader.columns))
    for name, word in zip(reader.columns, words, strict=False):
        column = _TASK_COLUMNS.get(name)
        if column is not None:
            reader.expect(line, f"processes {name}", int(word), row.get(column))
    printed = re.match(rf"\[ *-?\d+\](?: +-?\d+){{{len(reader.columns) - 1}}} ?(.*)", line.text)
    stored = comm_bytes(row) or b""
    if printed and reader.columns and b"\n" not in stored:
        comm = printed.group(1).encode("utf-8", "surrogateescape")
        reader.expect(line, "processes name", comm, stored)


def _counters(reader: _Reader, line: Line) -> None:
    counters = {row["name"]: row["pages"] for row in reader.event.rows("memory_counters")}
    for key, value, _ in _PAIR.findall(line.text):
        reader.expect(line, f"counter {key}", int(value), counters.get(key.lower()))


def _trailer(reader: _Reader, line: Line) -> None:
    counters = {row["name"]: row["pages"] for row in reader.event.rows("memory_counters")}
    for pattern, where in _TRAILER:
        found = re.match(pattern, line.text)
        if found:
            kind, _, name = where.partition(" ")
            stored = counters.get(name) if kind == "counter" else reader.event.row.get(where)
            reader.expect(line, where, int(found.group(1)), stored)


def _killed(reader: _Reader, line: Line) -> None:
    found = re.search(r"illed process (\d+)", line.text)
    pid: Any = int(found.group(1)) if found else None
    row = _first([row for row in reader.event.rows("victims") if row.get("pid") == pid])
    if row is None:
        reader.expect(line, "victim", pid, None)
        return
    sizes = line.text[line.text.rfind("total-vm:") :] if "total-vm:" in line.text else ""
    for pattern, column in _KILLED:
        value = re.search(pattern, sizes)
        if value:
            reader.expect(line, f"victim {column}", int(value.group(1)), row.get(column))


def _summary(reader: _Reader, line: Line) -> None:
    row = reader.event.row
    for key, column in (
        ("oom-kill:constraint", "constraint_printed"),
        ("nodemask", "nodemask"),
        ("mems_allowed", "mems_allowed"),
        ("oom_memcg", "oom_memcg"),
        ("task_memcg", "task_memcg"),
    ):
        found = re.search(rf"(?:^|,){key}=(.*?)(?=,[a-z_]+=|,global_oom|$)", line.text)
        if found:
            reader.expect(line, column, found.group(1), row.get(column))


def _usage(reader: _Reader, line: Line) -> None:
    group, _, rest = line.text.partition(":")
    rows = {row["name"]: row for row in reader.event.rows("cgroup_counters")}
    for key, value in re.findall(r"(usage|limit|failcnt) (\d+)", rest):
        row = rows.get(f"{group}.{key}", {})
        stored = row.get("value") if row.get("value") is not None else row.get("printed")
        reader.expect(line, f"{group}.{key}", value, None if stored is None else str(stored))


def _stats_line(reader: _Reader, line: Line) -> None:
    found = re.match(r"Memory cgroup stats for (.*?): ?([a-z_]+[: ]\d.*)", line.text)
    path, values = found.groups() if found else ("", "")
    printed = {name: int(value) for name, value in re.findall(r"([a-z_]+)[: ](\d+)", values)}
    stored = {
        row["name"]: row["value"]
        for row in reader.event.rows("cgroup_counters")
        if row.get("cgroup") == path and "." not in row["name"]
    }
    reader.expect(line, f"statistics of {path}", printed, stored)


def _stat(reader: _Reader, line: Line) -> None:
    name, value = line.text.split()
    stored = [
        row["value"] for row in reader.event.rows("cgroup_counters") if row.get("name") == name
    ]
    reader.expect(line, f"statistic {name}", [int(value)], stored)


_READERS: dict[str, Callable[[_Reader, Line], None]] = {
    "zone": _zone,
    "node": _node,
    "reserve": _reserve,
    "buddy": _buddy,
    "tasks_head": _task_header,
    "task": _task,
    "counters": _counters,
    "trailer": _trailer,
    "killed": _killed,
    "summary": _summary,
    "cgroup_usage": _usage,
    "cgroup_stat": _stat,
    "cgroup_stats": _stats_line,
}


def _read_lists(reader: _Reader, lines: Sequence[Line]) -> None:
    """Lists whose rows have no key: all printed rows against all stored ones."""
    event = reader.event
    slabs = [line for line in lines if line.shape == "slab"]
    printed_slabs = Counter(
        (found.group(1), int(found.group(2)), int(found.group(3)))
        for line in slabs
        if (found := re.match(r"(.+?) +(\d+)KB +(\d+)KB", line.text))
    )
    stored_slabs = Counter(
        (row["name"], row["used_kb"], row["total_kb"]) for row in event.rows("slab_caches")
    )
    if slabs or stored_slabs:
        reader.expect((slabs or lines)[0], "slabs", printed_slabs, stored_slabs)
    frames = [line for line in lines if line.shape == "trace" and _FRAME.match(line.text)]
    printed_frames = [_frame(line.text) for line in frames]
    stored_frames = [
        (row["symbol"], row["frame_offset"], row["module"], row["reliable"])
        for row in event.rows("stack_frames")
        if row["frame_offset"] is not None
    ]
    if frames or stored_frames:
        at = next(
            (
                index
                for index, pair in enumerate(zip(printed_frames, stored_frames, strict=False))
                if pair[0] != pair[1]
            ),
            min(len(printed_frames), len(stored_frames)),
        )
        line = frames[min(at, len(frames) - 1)] if frames else lines[0]
        reader.expect(line, f"frame {at + 1} on", printed_frames[at:], stored_frames[at:])


def _frame(text: str) -> tuple[str, str, str | None, bool]:
    found = _FRAME.match(text)
    if found is None:
        raise ValueError(f"no frame: {text!r}")
    reliable = found["mark"] is None and "(unreliable)" not in text
    return found["symbol"], found["offset"], found["module"], reliable
