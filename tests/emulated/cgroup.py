"""The lines about a memory cgroup whose limit was hit (mem_cgroup_print_oom_info)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulated.kernel import Kernel
    from tests.emulated.paper import Paper

#: A printk takes 1024 bytes less 48 for its prefix with the caller or 32 without, less the two
#: of the level and the end.
_MOST_RECORDS = (1024 - 48 - 3, 1024 - 32 - 3)
_LINE_KEYS = (
    *("cache", "rss", "rss_huge", "mapped_file", "swap"),
    *("inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"),
)
_STAT_KEYS = (
    *("anon", "file", "kernel_stack", "percpu", "sock", "shmem", "file_mapped", "file_dirty"),
    *("file_writeback", "swapcached", "anon_thp", "inactive_anon", "active_anon"),
    *("inactive_file", "active_file", "unevictable", "slab_reclaimable", "slab_unreclaimable"),
    *("slab", "workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon"),
    *("workingset_activate_file", "workingset_restore_anon", "workingset_nodereclaim"),
    *("pgscan", "pgsteal", "pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct"),
    *("pgfault", "pgmajfault", "pgrefill", "pgactivate", "pgdeactivate", "pglazyfree"),
    *("pglazyfreed", "zswpin", "zswpout", "thp_fault_alloc", "thp_collapse_alloc"),
)
_COUNTS = ("pg", "workingset_", "zswpin", "zswpout", "thp_fault", "thp_collapse")


def unlimited_kb(kernel: Kernel) -> int:
    """The limit that the kernel prints where there is none."""
    if kernel.since(3, 19) or kernel.rhel == 7:
        if kernel.arch in ("arm", "i386"):
            return 2**33 - 4
        return 2**53 - kernel.page_kb
    return 2**54 - 1 if kernel.since(3, 14) else 2**53 - 1


def cgroup_lines(kernel: Kernel, paper: Paper, oom_memcg: str, task_memcg: str) -> None:
    """All of them, up to the statistics."""
    is_v2 = kernel.since(5, 3) and paper.draw.chance()
    if not (kernel.since(5, 0) or kernel.rhel == 83):
        _task_in(kernel, paper, oom_memcg, task_memcg)
    names = ["memory", "swap"] if is_v2 else ["memory", "memory+swap"]
    if not is_v2 and kernel.since(3, 8):
        names.append("kmem")
    for name in names:
        _usage(kernel, paper, name, oom_memcg)
    if not kernel.since(3, 9):
        return
    if not kernel.since(5, 3):
        for path in (oom_memcg, f"{oom_memcg.rstrip('/')}/child"):
            _stats_line(paper, path)
        return
    paper.line(f"Memory cgroup stats for {oom_memcg}:")
    _stats(kernel, paper, oom_memcg)


def _task_in(kernel: Kernel, paper: Paper, oom_memcg: str, task_memcg: str) -> None:
    limit = f"killed as a result of limit of {oom_memcg}"
    if (3, 15) <= kernel.version < (3, 18):
        paper.line(f"Task in {task_memcg}")
        paper.line(f" {limit}")
        paper.line("")
    else:
        paper.line(f"Task in {task_memcg} {limit}")
    paper.event.update(oom_memcg=oom_memcg, task_memcg=task_memcg)


def _usage(kernel: Kernel, paper: Paper, name: str, cgroup: str) -> None:
    usage, failures = paper.draw.kb(), paper.draw.number(2**50)
    limit = unlimited_kb(kernel) if paper.draw.chance() else paper.draw.kb()
    paper.line(f"{name}: usage {usage}kB, limit {limit}kB, failcnt {failures}")
    unlimited = limit == unlimited_kb(kernel)
    _counter(paper, cgroup, f"{name}.usage", usage, "kB")
    _counter(paper, cgroup, f"{name}.limit", None if unlimited else limit, "kB", str(limit))
    _counter(paper, cgroup, f"{name}.failcnt", failures, "count")


def _counter(
    paper: Paper, cgroup: str, name: str, value: int | None, unit: str, printed: str | None = None
) -> None:
    paper.row(
        "cgroup_counters",
        cgroup=cgroup,
        name=name,
        value=value,
        unit=unit,
        printed=printed if value is None else None,
    )


def _stats_line(paper: Paper, cgroup: str) -> None:
    fields = []
    for key in _LINE_KEYS:
        value = paper.draw.kb()
        fields.append(f" {key}:{value}KB")
        _counter(paper, cgroup, key, value, "kB")
    paper.line(f"Memory cgroup stats for {cgroup}:{''.join(fields)}")


def _stats(kernel: Kernel, paper: Paper, cgroup: str) -> None:
    """The statistics in bytes: up to Linux 6.4 one record, of which 1 kB is printed."""
    text = "\n".join(f"{key} {paper.draw.kb() * 4096}" for key in _STAT_KEYS)
    is_record = not kernel.since(6, 5)
    if is_record:
        text = text[: paper.draw.random.choice(_MOST_RECORDS)].rstrip("\n")
    lines = text.split("\n")
    for line in lines:
        name, _, value = line.partition(" ")
        unit = "count" if name.startswith(_COUNTS) else "bytes"
        # Whether a record of that length was cut is not to be seen.
        is_last = is_record and line is lines[-1] and len(text) in _MOST_RECORDS
        if is_last:
            paper.damage.add("cut_record")
        _counter(paper, cgroup, name, None if is_last else int(value), unit, value or None)
    if is_record:
        paper.record(lines)
    else:
        for line in lines:
            paper.line(line)
