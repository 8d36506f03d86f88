"""What a whole report tells: its kind, its constraint, its page size and its damage."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from oomdb.grammar import Section

if TYPE_CHECKING:
    from oomdb.reports.cut import Report
    from oomdb.rows.batch import RowBatch

#: Names of enum oom_constraint (include/linux/oom.h).
_CONSTRAINTS = {
    "CONSTRAINT_NONE": "none",
    "CONSTRAINT_MEMCG": "memcg",
    "CONSTRAINT_CPUSET": "cpuset",
    "CONSTRAINT_MEMORY_POLICY": "memory_policy",
}
_PAGE_SIZES_KB = frozenset({4, 8, 16, 32, 64, 128, 256})


def kind_of_event(report: Report, event: dict[str, object], killed: bool) -> str:
    """The `events.kind`: what the first line announced, corrected by the outcome."""
    if report.panicked:
        return "panic"
    names = {token.kind.name for token in report.tokens if token.kind}
    if names & {"no_killable", "sysrq_ignored", "already_exiting", "would_have_killed"}:
        return "no_victim"
    if killed or report.kind == "oom_kill":
        return "oom_kill"
    if report.headless and report.sections & {Section.TASKS, Section.SUMMARY, Section.KILL}:
        return "oom_kill"
    return report.kind


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


def page_size(batch: RowBatch) -> tuple[int | None, str | None]:
    """The page size in kB and what shows it, (None, None) when nothing does.

    The first term of a buddy list is one page; a victim's total-vm divided by its
    total_vm is another witness.
    """
    for row in batch.rows.get("buddy_orders", ()):
        if row["alloc_order"] == 0 and row["block_kb"] in _PAGE_SIZES_KB:
            return int(str(row["block_kb"])), "buddy"
    mapped_pages = {
        pid: pages
        for block in batch.blocks.get("processes", ())
        for pid, pages in zip(block["pid"], block["total_vm_pages"], strict=True)
    }
    for victim in batch.rows.get("victims", ()):
        total_vm_kb, pages = victim.get("total_vm_kb"), mapped_pages.get(victim.get("pid"))
        if isinstance(total_vm_kb, int) and isinstance(pages, int) and pages:
            size, rest = divmod(total_vm_kb, pages)
            if not rest and size in _PAGE_SIZES_KB:
                return size, "victim"
    return None, None


def damage_words(
    report: Report, event: dict[str, object], batch: RowBatch, known: set[str]
) -> str | None:
    """What is wrong with the report as sorted words, None when it is whole."""
    words = set(known)
    if report.headless:
        dumped = report.sections - {Section.KILL, Section.AFTERMATH, Section.OUTCOME}
        words.add("cut_start" if dumped or Section.AFTERMATH in report.sections else "no_dump")
        if Section.AFTERMATH in report.sections and Section.KILL in report.sections and not dumped:
            words.discard("cut_start")
            words.add("no_dump")
    if event["kind"] == "oom_kill" and not batch.rows.get("victims"):
        words.add("cut_end")
    if _has_gaps(batch):
        words.add("lost_lines")
    if _has_wrong_sum(batch):
        words.add("wrong_sum")
    if batch.rows.get("unparsed_lines"):
        words.add("unparsed_lines")
    return ",".join(sorted(words)) or None


#: Every kernel prints these counters; the older ones have one for anonymous memory and files.
_COUNTERS = (
    frozenset({"active_anon", "active"}),
    frozenset({"active_file", "active"}),
    frozenset({"unevictable", "active"}),
    frozenset({"slab_reclaimable", "slab"}),
    frozenset({"free"}),
)


def _has_gaps(batch: RowBatch) -> bool:
    """Whether lines or fields are missing that the report's other lines call for.

    Each zone has three lines, in any kernel, with the same fields as the other zones'.
    """
    nameless = any(row["cgroup"] is None for row in batch.rows.get("cgroup_counters", ()))
    if nameless and "victims" in batch.rows:
        return True
    zones = [_place(row) for row in batch.rows.get("zones", ())]
    if not zones:
        return False
    reserves = Counter(_place(row) for row in batch.rows.get("lowmem_reserves", ()))
    counters = {str(row["name"]) for row in batch.rows.get("memory_counters", ())}
    return (
        len(zones) != len(batch.rows.get("buddy_totals", ()))
        or not reserves.keys() >= set(zones)
        or len(set(reserves.values())) > 1
        or not all(names & counters for names in _COUNTERS)
        or any(
            len({frozenset(row) for row in batch.rows.get(table, ())}) > 1
            for table in ("zones", "watermarks", "nodes")
        )
    )


def _place(row: dict[str, object]) -> tuple[object, object]:
    return row.get("node"), row.get("zone")


def _has_wrong_sum(batch: RowBatch) -> bool:
    """Whether a free list does not add up: the kernel prints it and its sum from one count."""
    sums: Counter[tuple[object, object]] = Counter()
    for row in batch.rows.get("buddy_orders", ()):
        blocks, size_kb = row["free_blocks"], row["block_kb"]
        if not isinstance(blocks, int) or not isinstance(size_kb, int):
            return False
        sums[_place(row)] += blocks * size_kb
    return any(
        row["total_kb"] is not None and row["total_kb"] != sums[_place(row)]
        for row in batch.rows.get("buddy_totals", ())
    )
