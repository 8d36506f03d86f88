"""The numbers beside the pictures of one event, each row with the line that printed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.explain import page as words
from oomdb.explain.html.figures import part_colour
from oomdb.explain.memory import MEANINGS
from oomdb.pages.tables import SHOWN_ROWS, Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oomdb.explain.cgroup import Cgroup
    from oomdb.explain.citations import Citations
    from oomdb.explain.html.details import Details, Process, Ranked
    from oomdb.explain.memory import Memory, Part
    from oomdb.explain.zones import Fallback
    from oomdb.pages.tables import Source, Value

_NODE_PARTS = 5


def _text(*labels: str) -> tuple[Column, ...]:
    return tuple(map(Column, labels))


def _numbers(*labels: str) -> tuple[Column, ...]:
    return tuple(Column(label, is_number=True) for label in labels)


def _line(numbers: list[int]) -> Value:
    """A link to the first of the report's lines; absent where there is none."""
    return Cell(str(numbers[0]), href=f"#L{numbers[0]}") if numbers else None


_VERDICT_TONES = {"usable": "good", None: None}


def zones(fallbacks: Sequence[Fallback], cited: Citations, source: Source) -> Table:
    """Each zone's comparison at min, and what was short at low and high."""
    rows = tuple(
        (
            f"{zone.node} {zone.zone}",
            Cell(zone.verdict or "unknown", tone=_VERDICT_TONES.get(zone.verdict, "bad")),
            zone.usable_free_kb if zone.usable_free_kb is not None else zone.free_kb,
            zone.min_kb,
            zone.reserve_kb,
            zone.needed_min_kb,
            zone.short_min_kb,
            zone.short_low_kb,
            zone.short_high_kb,
            _line(cited.numbers("zone", node=zone.node, zone=zone.zone)),
        )
        for zone in fallbacks
    )
    return Table(
        "table-zones",
        "The zones that the request could use, in the order in which the kernel tried them [kB]",
        (
            *_text("node, zone", "verdict"),
            *_numbers("free", "min", "reserve", "needed", "short at min", "at low", "at high"),
            *_numbers("line"),
        ),
        rows,
        source,
    )


def usages(cgroup: Cgroup, cited: Citations, source: Source) -> Table:
    """Each resource of the cgroup against its limit."""
    line = _line(cited.numbers("cgroup_usage"))
    rows: list[tuple[Value, ...]] = []
    for usage in cgroup.usages:
        left: int | None = None
        if usage.usage_kb is not None and usage.limit_kb is not None:
            left = usage.limit_kb - usage.usage_kb
        limit: Value = "no limit" if usage.is_unlimited else usage.limit_kb
        rows.append((usage.resource, usage.usage_kb, limit, left, usage.failcnt, line))
    return Table(
        "table-usages",
        "What the cgroup used of its limits",
        (
            *_text("resource"),
            *_numbers("used kB", "limit kB", "left kB", "limit hit (times)", "line"),
        ),
        tuple(rows),
        source,
    )


def parts(memory: Memory, scope: str, source: Source) -> Table:
    """The parts of one scope by size; for the machine, the largest of each node below."""
    found = memory.of(scope)
    rows = [_part_row(part, "") for part in found if part.size_kb]
    is_by_node = scope == "machine" and len({part.node for part in memory.parts}) > 2
    if is_by_node:
        for node in sorted({part.node for part in memory.parts if part.node is not None}):
            rows += [
                _part_row(part, f"node {node}: ")
                for part in memory.of("node", node)[:_NODE_PARTS]
                if part.size_kb
            ]
    return Table(
        f"table-{scope}",
        "Where the memory of the cgroup was" if scope == "cgroup" else "Where the memory was",
        (*_text("part"), *_numbers("size kB", "share"), *_text("what it is")),
        tuple(rows),
        source,
        sorted_by=None if is_by_node else 1,
        is_descending=True,
    )


def _part_row(part: Part, prefix: str) -> tuple[Value, ...]:
    share = None if part.share_thousandths is None else words.percent(part.share_thousandths)
    name = Cell(prefix + part.part, swatch=part_colour(part.part))
    return (name, part.size_kb, share, MEANINGS.get(part.part, ""))


def shown_processes(everyone: Sequence[Process]) -> list[Process]:
    """The processes that the table shows: the largest, and all that were killed."""
    return [
        process
        for position, process in enumerate(everyone)
        if position < SHOWN_ROWS or process.is_victim
    ]


def processes(details: Details, lines: dict[int, int], source: Source) -> Table:
    """The largest processes; `lines` has the report's line by pid."""
    shown = shown_processes(details.processes)
    rows = tuple(
        (
            _pid(process.pid),
            _name(process.comm, is_killed=bool(process.is_victim)),
            _pid(process.uid),
            process.rss_kb,
            process.swap_kb,
            process.page_tables_kb,
            process.total_vm_kb,
            process.oom_score_adj,
            _task_line(process.pid, lines),
        )
        for process in shown
    )
    return Table(
        "table-processes",
        "The processes of the report [kB], the largest first",
        (
            *_numbers("pid"),
            *_text("name"),
            *_numbers("user", "rss", "swap", "page tables", "total vm", "oom_score_adj", "line"),
        ),
        rows,
        source,
        sorted_by=3,
        is_descending=True,
        left_out=len(details.processes) - len(shown),
        marked=_marked(shown),
    )


_MOST_RANKED = 50


def ranking(details: Details, lines: dict[int, int], source: Source) -> Table:
    """The first of the ranking, and all that were killed; `lines` has the line by pid."""
    shown = [
        process
        for position, process in enumerate(details.ranking)
        if position < _MOST_RANKED or process.is_victim
    ]
    rows = tuple(
        (
            process.badness_rank,
            _name(process.comm, is_killed=bool(process.is_victim)),
            _pid(process.pid),
            process.points,
            process.score,
            process.score_printed,
            process.oom_score_adj,
            (process.reason or process.spared_reason or "").replace("_", " "),
            _task_line(process.pid, lines),
        )
        for process in shown
    )
    return Table(
        "table-ranking",
        "Badness of the processes, worked out as the kernel does",
        (
            *_numbers("rank"),
            *_text("name"),
            *_numbers("pid", "points (pages)", "score", "printed", "oom_score_adj"),
            *_text("remark"),
            *_numbers("line"),
        ),
        rows,
        source,
        sorted_by=0,
        left_out=len(details.ranking) - len(shown),
        marked=_marked(shown),
    )


def free_blocks(details: Details, cited: Citations, source: Source) -> Table:
    """Each order of each zone's free lists."""
    lines = {
        place: _line(cited.numbers("buddy", node=place[0], zone=place[1]))
        for place in dict.fromkeys((block.node, block.zone) for block in details.free_blocks)
    }
    shown = details.free_blocks[: 2 * SHOWN_ROWS]
    rows = tuple(
        (
            f"{block.node} {block.zone}",
            block.alloc_order,
            block.block_kb,
            block.free_blocks,
            block.free_kb,
            None if block.free_thousandths is None else words.percent(block.free_thousandths),
            {True: "yes", False: "no", None: None}[block.is_large_enough],
            lines[block.node, block.zone],
        )
        for block in shown
    )
    return Table(
        "table-blocks",
        "Free blocks by order",
        (
            *_text("node, zone"),
            *_numbers("order", "block kB", "free blocks", "free kB", "of the zone's free"),
            *_text("large enough"),
            *_numbers("line"),
        ),
        rows,
        source,
        left_out=len(details.free_blocks) - len(shown),
    )


def _name(comm: str | None, *, is_killed: bool) -> Value:
    name = "(no name)" if comm == "" else comm
    return Cell(f"{name or '(unknown)'} (killed)", tone="bad") if is_killed else name


def _pid(number: int | None) -> Value:
    """A number that names something, so without thousands separators."""
    return None if number is None else str(number)


def _task_line(pid: int | None, lines: dict[int, int]) -> Value:
    return None if pid is None or pid not in lines else _line([lines[pid]])


def _marked(shown: Sequence[Process | Ranked]) -> frozenset[int]:
    return frozenset(at for at, process in enumerate(shown) if process.is_victim)
