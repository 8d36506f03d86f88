"""What a whole report tells: its kind, its constraint, its page size and its damage."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from oomdb.grammar import Section
from oomdb.rows.columns import place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oomdb.reports.cut import Report
    from oomdb.rows.batch import Row, RowBatch

#: Names of enum oom_constraint (include/linux/oom.h).
_CONSTRAINTS = {
    "CONSTRAINT_NONE": "none",
    "CONSTRAINT_MEMCG": "memcg",
    "CONSTRAINT_CPUSET": "cpuset",
    "CONSTRAINT_MEMORY_POLICY": "memory_policy",
}
_PAGE_SIZES_KB = frozenset({4, 8, 16, 32, 64, 128, 256})


#: Lines that tell of a kill that did not come.
_NO_KILL = frozenset({"no_killable", "sysrq_ignored", "already_exiting", "would_have_killed"})
#: Tables of which every row of a report has the same columns.
UNIFORM = frozenset({"zones", "watermarks", "nodes"})


class Verdict:
    """Judges the report whose rows are complete; the report itself is not kept."""

    def __init__(self, report: Report) -> None:
        self._announced = report.kind
        self._headless = report.headless
        self._panicked = report.panicked
        self._sections = frozenset(report.sections)
        self._kills_not = False
        self._empty_zones = 0
        self._shapes: dict[str, list[tuple[frozenset[str], bool, bool]]] = {}

    def see_kind(self, name: str) -> None:
        """Take note of a line that may tell the outcome, or that stands for another."""
        self._kills_not = self._kills_not or name in _NO_KILL
        self._empty_zones += name == "buddy_empty"

    def see_row(self, table: str, printed: frozenset[str], row: Row) -> None:
        """Take note of the columns that a row of a uniform table has."""
        node, zone = row[0], row[1] if table != "nodes" else None
        self._shapes.setdefault(table, []).append((printed, node is not None, zone is not None))

    def see_more(self, table: str, printed: Iterable[str]) -> None:
        """Take note of columns that the table's last row has besides."""
        if table in self._shapes:
            before, has_node, has_zone = self._shapes[table][-1]
            self._shapes[table][-1] = (before.union(printed), has_node, has_zone)

    def judge(self, batch: RowBatch, known: set[str]) -> None:
        """Set what the whole report tells of its event; `known` is the damage seen so far."""
        event = batch.event
        event["kind"] = self._kind(bool(batch.count("victims")))
        constraint(event)
        event["page_size_kb"], event["page_size_basis"] = page_size(batch)
        event["damage"] = self._damage_words(batch, known)

    def _kind(self, killed: bool) -> str:
        """The `events.kind`: what the first line announced, corrected by the outcome."""
        if self._panicked:
            return "panic"
        if self._kills_not:
            return "no_victim"
        if killed or self._announced == "oom_kill":
            return "oom_kill"
        if self._headless and self._sections & {Section.TASKS, Section.SUMMARY, Section.KILL}:
            return "oom_kill"
        return self._announced

    def _damage_words(self, batch: RowBatch, known: set[str]) -> str | None:
        """What is wrong with the report as sorted words, None when it is whole."""
        words, sections = set(known), self._sections
        if self._headless:
            dumped = sections - {Section.KILL, Section.AFTERMATH, Section.OUTCOME}
            words.add("cut_start" if dumped or Section.AFTERMATH in sections else "no_dump")
            if Section.AFTERMATH in sections and Section.KILL in sections and not dumped:
                words.discard("cut_start")
                words.add("no_dump")
        if batch.event["kind"] == "oom_kill" and not batch.count("victims"):
            words.add("cut_end")
        if self._has_gaps(batch):
            words.add("lost_lines")
        if _has_wrong_sum(batch):
            words.add("wrong_sum")
        if batch.count("unparsed_lines"):
            words.add("unparsed_lines")
        return ",".join(sorted(words)) or None

    def _has_gaps(self, batch: RowBatch) -> bool:
        """Whether lines or fields are missing that the report's other lines call for.

        Each zone has three lines, in any kernel, with the same fields as the other zones'.
        """
        cgroups = batch.pick("cgroup_counters", "cgroup", "name")
        if batch.count("victims") and any(cgroup is None for cgroup, _ in cgroups):
            return True
        zones = batch.pick("zones", "node", "zone")
        if not zones:
            return False
        reserves = Counter(batch.pick("lowmem_reserves", "node", "zone"))
        counters = {name for name, _ in batch.pick("memory_counters", "name", "pages")}
        return (
            len(zones) != batch.count("buddy_totals") + self._empty_zones
            or not reserves.keys() >= set(zones)
            or len(set(reserves.values())) > 1
            or not all(names & counters for names in _COUNTERS)
            or any(len(set(shapes)) > 1 for shapes in self._shapes.values())
        )


def constraint(event: dict[str, object]) -> None:
    """Set constraint_kind and constraint_basis from what was printed.

    Kernels before 5.0 print no constraint; there the memcg lines and the kill message
    tell one kind. A name that nobody has seen yet stays as printed.
    """
    printed = event.get("constraint_printed")
    if printed is not None:
        event["constraint_kind"] = _CONSTRAINTS.get(str(printed), printed)
        event["constraint_basis"] = "printed"
    elif event.get("oom_memcg") or str(event.get("kill_message")).startswith("Memory cgroup"):
        event["constraint_kind"] = "memcg"
        event["constraint_basis"] = "memcg_lines"


_ALLOC_ORDER = place("buddy_orders", "alloc_order")
_BLOCK_KB = place("buddy_orders", "block_kb")


def page_size(batch: RowBatch) -> tuple[int | None, str | None]:
    """The page size in kB and what shows it, (None, None) when nothing does.

    The first term of a buddy list is one page; a victim's total-vm divided by its
    total_vm is another witness.
    """
    for row in batch.leaves.get("buddy_orders", ()):
        if row[_ALLOC_ORDER] == 0 and row[_BLOCK_KB] in _PAGE_SIZES_KB:
            return int(str(row[_BLOCK_KB])), "buddy"
    victims = batch.pick("victims", "pid", "total_vm_kb")
    processes = batch.of("processes") if victims else []
    mapped_pages = {row["pid"]: row["total_vm_pages"] for row in processes}
    for pid, total_vm_kb in victims:
        pages = mapped_pages.get(pid)
        if isinstance(total_vm_kb, int) and isinstance(pages, int) and pages:
            size, rest = divmod(total_vm_kb, pages)
            if not rest and size in _PAGE_SIZES_KB:
                return size, "victim"
    return None, None


#: Every kernel prints these counters; the older ones have one for anonymous memory and files.
_COUNTERS = (
    frozenset({"active_anon", "active"}),
    frozenset({"active_file", "active"}),
    frozenset({"unevictable", "active"}),
    frozenset({"slab_reclaimable", "slab"}),
    frozenset({"free"}),
)


def _has_wrong_sum(batch: RowBatch) -> bool:
    """Whether a free list does not add up: the kernel prints it and its sum from one count."""
    sums: dict[tuple[object, object], int] = {}
    for node, zone, blocks, size_kb in batch.pick(
        "buddy_orders", "node", "zone", "free_blocks", "block_kb"
    ):
        if blocks is None or size_kb is None:
            return False
        assert isinstance(blocks, int)
        assert isinstance(size_kb, int)
        if blocks:
            sums[node, zone] = sums.get((node, zone), 0) + blocks * size_kb
    return any(
        total_kb is not None and total_kb != sums.get((node, zone), 0)
        for node, zone, total_kb in batch.pick("buddy_totals", "node", "zone", "total_kb")
    )
