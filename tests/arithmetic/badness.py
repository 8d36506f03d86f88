"""oom_badness() and its totalpages (mm/oom_kill.c) a second time, for one event.

Every total and every rule that fits what the report shows is tried; a printed score
tells which one the kernel used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.found import Event, Row

UNKILLABLE = -1000


@dataclass(frozen=True)
class Candidate:
    """One way in which the kernel may have counted: its total and what root is spared."""

    total_pages: int
    basis: str
    bonus: str


def candidates(event: Event) -> list[Candidate]:
    """Every total with every bonus of the kernels that print such a table."""
    return [
        Candidate(pages, basis, bonus) for pages, basis in totals(event) for bonus in bonuses(event)
    ]


def totals(event: Event) -> list[tuple[int, str]]:
    """constrained_alloc(): RAM and swap, of the machine, its nodes or the cgroup."""
    page = event.row["page_size_kb"]
    if not page:
        return []
    found = _cgroup_totals(event) if event.row["constraint_kind"] == "memcg" else _machine(event)
    return [(kb // page, basis) for kb, basis in found if kb is not None and kb > 0]


def _machine(event: Event) -> Iterator[tuple[int | None, str]]:
    row, zones = event.row, event.rows("zones")
    swap = row["swap_total_kb"] or 0
    present = _sum(zone["present_kb"] for zone in zones)
    managed = _sum(zone["managed_kb"] for zone in zones)
    if row["constraint_kind"] in ("cpuset", "memory_policy"):
        yield (None if present is None else present + swap), "nodes"
        return
    page, ram, reserved = row["page_size_kb"], row["ram_pages"], row["reserved_pages"]
    ram_kb = None if ram is None else ram * page
    if present is not None and present == ram_kb and managed is not None:
        yield managed + swap, "managed"
    elif ram is not None and reserved is not None:
        yield (ram - reserved) * page + swap, "ram"
    some = _sum(zone["present_kb"] for zone in zones if zone["present_kb"] is not None)
    partial = some is not None and ram_kb is not None and some < ram_kb * 0.995
    if row["constraint_kind"] is None and some is not None and partial:
        yield some + swap, "nodes"


def _sum(values: Iterator[int | None]) -> int | None:
    found = list(values)
    whole = [value for value in found if value is not None]
    return sum(whole) if whole and len(whole) == len(found) else None


def _cgroup_totals(event: Event) -> Iterator[tuple[int | None, str]]:
    """mem_cgroup_get_max(): the limit, and with as much swap as the cgroup may use."""
    named = {
        row["name"]: row["value"] for row in event.rows("cgroup_counters") if row["unit"] == "kB"
    }
    limit, both, own = (named.get(f"{name}.limit") for name in ("memory", "memory+swap", "swap"))
    if limit is None:
        return
    yield limit, "cgroup"
    machine = event.row["swap_total_kb"]
    most = [limit + size for size in (own, machine) if size is not None]
    if both is not None:
        most.append(both)
    if most and min(most) != limit:
        yield min(most), "cgroup_and_swap"


def bonuses(event: Event) -> list[str]:
    """What kernels with such a table may take off for root."""
    rows = event.rows("processes")
    if not rows:
        return []
    header, columns = event.row["task_table_header"] or "", rows[0]
    if columns["pgtables_bytes"] is not None:
        # 4.15 and 4.16 still have it; 4.19 and later print wider pids.
        old = event.row["chosen_score"] is not None and header.startswith("[ pid ]")
        return ["plain", "root_3_percent"] if old else ["plain"]
    if columns["nr_pmds"] is not None:
        return ["plain", "root_3_percent"]
    if columns["nr_ptes"] is not None:
        return ["plain", "root_3_percent", "root_30_thousandths"]
    return ["plain", "root_30_thousandths"]


def own_pages(process: Row, page_size_kb: int) -> int:
    """What would come free: resident memory, swap and page tables."""
    tables = process["pgtables_bytes"]
    pages = (
        (process["nr_ptes"] or 0) + (process["nr_pmds"] or 0)
        if tables is None
        else tables // (page_size_kb * 1024)
    )
    return int(process["rss_pages"] + (process["swapents"] or 0) + pages)


def points(event: Event, process: Row, candidate: Candidate) -> int | None:
    """The badness in pages; in thousandths for tables without page tables (up to 3.4)."""
    adj: int | None = process["oom_score_adj"]
    if adj is None or adj == UNKILLABLE or process["rss_pages"] is None:
        return None
    size = own_pages(process, event.row["page_size_kb"])
    total = candidate.total_pages
    if candidate.bonus == "root_3_percent":
        size -= 3 * size // 100
    if candidate.bonus == "root_30_thousandths":
        adj -= 30
    if process["nr_ptes"] is None and process["pgtables_bytes"] is None:
        return min(max(size * 1000 // total + adj, 1), 1000)
    size += adj * (total // 1000)
    stacks = any(zone["kernel_stack_kb"] is not None for zone in event.rows("zones"))
    before_5_9 = process["nr_ptes"] is not None or event.row["chosen_score"] is not None or stacks
    return max(size, 1) if before_5_9 else size


def score(event: Event, process: Row, candidate: Candidate) -> int | None:
    """The score as kernels up to 5.0 print it."""
    badness = points(event, process, candidate)
    if badness is None:
        return None
    if process["nr_ptes"] is None and process["pgtables_bytes"] is None:
        return badness
    # C divides towards zero.
    thousandths = abs(badness) * 1000 // candidate.total_pages
    return thousandths if badness >= 0 else -thousandths


def closest_difference(event: Event) -> int | None:
    """How far the best candidate is from the printed score; None when there is none."""
    printed, message = event.row["chosen_score"], event.row["kill_message"] or ""
    if printed is None or "oom_kill_allocating_task" in message:
        return None
    chosen = event.row["chosen_pid"]
    scores = [
        score(event, process, candidate)
        for process in event.rows("processes")
        if process["pid"] == chosen
        for candidate in candidates(event)
    ]
    return min((abs(one - printed) for one in scores if one is not None), default=None)
