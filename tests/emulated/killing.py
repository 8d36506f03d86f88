"""The end of a report: slabs, process table, summary, kills (dump_tasks, oom_kill_process)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulated.kernel import Kernel
    from tests.emulated.paper import Paper

#: The columns after `rss`, with their widths; the version that begins to print them.
_TABLES: tuple[tuple[tuple[int, ...], tuple[tuple[str, int], ...]], ...] = (
    (
        (6, 8),
        (
            *(("rss_anon", 8), ("rss_file", 8), ("rss_shmem", 9)),
            *(("pgtables_bytes", 8), ("swapents", 8), ("oom_score_adj", 13)),
        ),
    ),
    ((4, 15), (("pgtables_bytes", 8), ("swapents", 8), ("oom_score_adj", 13))),
    ((4, 0), (("nr_ptes", 7), ("nr_pmds", 7), ("swapents", 8), ("oom_score_adj", 13))),
    ((3, 6), (("nr_ptes", 7), ("swapents", 8), ("oom_score_adj", 13))),
    ((2, 6, 36), (("cpu", 3), ("oom_adj", 7), ("oom_score_adj", 13))),
    ((2, 6, 0), (("cpu", 3), ("oom_adj", 7))),
)
_LIMITS = {"cpu": 999, "oom_adj": 15, "pgtables_bytes": 2**45}
_COLUMNS = {"rss": "rss_pages", "total_vm": "total_vm_pages"} | {
    name: f"{name}_pages" for name in ("rss_anon", "rss_file", "rss_shmem")
}


@dataclass(frozen=True)
class Task:
    """A process that was killed."""

    pid: int
    comm: str
    uid: int


def slabs(paper: Paper) -> None:
    """The block that Linux 4.15 and later print where slab holds most memory."""
    paper.line("Unreclaimable slab info:")
    paper.line("Name                      Used          Total")
    for name in ("kmalloc-8k", "UDPv6", "dm-crypt:0", "two words", "task_struct(123:a.service)"):
        used, total = paper.draw.kb(), paper.draw.kb()
        paper.line(f"{name:<17} {used:10}KB {total:10}KB")
        paper.row("slab_caches", name=name, used_kb=used, total_kb=total)


def task_table(kernel: Kernel, paper: Paper) -> list[Task]:
    """The process table; all its processes."""
    version = (2, 6, 36) if kernel.rhel == 6 else kernel.version
    columns = next(columns for since, columns in _TABLES if version >= since)
    if kernel.unheard:
        columns = (("rss_gpu", 8), *columns)
    wide = kernel.since(4, 19)
    if wide:
        paper.line("Tasks state (memory values in pages):")
    title = "[  pid  ]" if wide else "[ pid ]"
    names = " ".join(name for name, _ in columns)
    header = f"{title}   uid  tgid total_vm      rss {names} name"
    paper.line(header, task_table_header=header)
    return [_row(paper, row_no, columns, 7 if wide else 5) for row_no in range(1, 8)]


def _row(paper: Paper, row_no: int, columns: tuple[tuple[str, int], ...], width: int) -> Task:
    draw = paper.draw
    pid = draw.random.randint(1, 400000 if draw.chance() else 999) * 10 + row_no
    task = Task(pid, draw.comm(), draw.random.choice((0, 1000, 4294967294)))
    values: dict[str, object] = {
        "uid": task.uid,
        "tgid": pid - 1 if draw.chance(0.1) else pid,
        "total_vm": draw.pages(),
        "rss": draw.pages(),
    }
    text = f"[{pid:{width}}] {values['uid']:5} {values['tgid']:5}"
    text += f" {values['total_vm']:8} {values['rss']:8}"
    for name, column_width in columns:
        value = draw.adj() if name == "oom_score_adj" else draw.number(_LIMITS.get(name, 2**30))
        values[name] = value
        text += f" {value:{column_width}}"
    paper.line(f"{text} {task.comm}")
    if "rss_gpu" in values:
        paper.unknown("processes", "rss_gpu", values.pop("rss_gpu"), row_no=row_no)
    stored = {_COLUMNS.get(name, name): value for name, value in values.items()}
    paper.row("processes", row_no=row_no, pid=pid, comm=task.comm, **stored)
    return task


def summary(paper: Paper, victim: Task, constraint: str, oom_memcg: str, task_memcg: str) -> None:
    """`oom-kill:constraint=...` of Linux 5.0 and later."""
    draw = paper.draw
    nodemask = draw.nodes() if draw.chance() else "(null)"
    cpuset, nodes = draw.path().rpartition("/")[2] or "/", draw.nodes()
    scope = f"oom_memcg={oom_memcg}" if constraint == "CONSTRAINT_MEMCG" else "global_oom"
    paper.line(
        f"oom-kill:constraint={constraint},nodemask={nodemask},cpuset={cpuset},"
        f"mems_allowed={nodes},{scope},task_memcg={task_memcg},task={victim.comm},"
        f"pid={victim.pid},uid={victim.uid}",
        constraint_printed=constraint,
        nodemask=nodemask,
        cpuset=cpuset,
        mems_allowed=nodes,
        task_memcg=task_memcg,
        chosen_pid=victim.pid,
        chosen_comm=victim.comm,
        chosen_uid=victim.uid,
    )
    if constraint == "CONSTRAINT_MEMCG":
        paper.event["oom_memcg"] = oom_memcg


def kill(kernel: Kernel, paper: Paper, message: str, chosen: Task, victim: Task) -> None:
    """`Kill process` about the chosen one where it is printed, `Killed process` of the victim."""
    two_lines = not kernel.since(5, 1) and kernel.rhel not in (81, 83)
    if two_lines:
        score = paper.draw.number(2000)
        old = not kernel.since(2, 6, 36) and not kernel.rhel
        words = ("kill", "a child") if old else ("Kill", "sacrifice child")
        paper.line(
            f"{message}: {words[0]} process {chosen.pid} ({chosen.comm}) score {score}"
            f" or {words[1]}",
            chosen_pid=chosen.pid,
            chosen_comm=chosen.comm,
            chosen_score=score,
        )
    paper.event["kill_message"] = message
    killed(kernel, paper, "" if two_lines else f"{message}: ", victim, role="victim")


def killed(kernel: Kernel, paper: Paper, prefix: str, victim: Task, *, role: str) -> None:
    """One `Killed process` line, and the row of the victim."""
    draw = paper.draw
    is_chosen = victim.pid == paper.event.get("chosen_pid")
    score = paper.event.get("chosen_score") if is_chosen else None
    sizes: dict[str, object] = {
        name: draw.kb() for name in ("total_vm_kb", "anon_rss_kb", "file_rss_kb")
    }
    text = "total-vm:{total_vm_kb}kB, anon-rss:{anon_rss_kb}kB, file-rss:{file_rss_kb}kB"
    if not kernel.since(2, 6, 36) and not kernel.rhel:
        text = text.replace("total-vm", "vsz")
    if kernel.since(4, 6) or kernel.rhel == 7:
        sizes["shmem_rss_kb"] = draw.kb()
        text += ", shmem-rss:{shmem_rss_kb}kB"
    uid: int | None = None
    name = f"({victim.comm}) "
    if kernel.rhel == 6:
        name, uid = f", UID {victim.uid}, ({victim.comm}) ".lstrip(), victim.uid
    elif kernel.rhel == 7:
        name, uid = f"({victim.comm}), UID {victim.uid}, ", victim.uid
    elif kernel.rhel == 83 or kernel.since(5, 4):
        uid = victim.uid
        text += f", UID:{uid}"
    if kernel.since(5, 4):
        sizes.update(pgtables_kb=draw.kb(), oom_score_adj=draw.adj())
        text += " pgtables:{pgtables_kb}kB oom_score_adj:{oom_score_adj}"
    if not kernel.since(2, 6, 33):
        sizes, text = {}, ""
        name = name.rstrip()
    blank = "" if name.startswith(",") else " "
    paper.line(f"{prefix}Killed process {victim.pid}{blank}{name}{text.format(**sizes)}")
    if uid is None and is_chosen:
        chosen_uid = paper.event.get("chosen_uid")
        uid = chosen_uid if isinstance(chosen_uid, int) else None
    row = {"victim_no": len(paper.rows.get("victims", ())) + 1, "role": role, "pid": victim.pid}
    row |= {"comm": victim.comm, "uid": uid, "score": score, **sizes}
    paper.row("victims", **row)


def reaped(kernel: Kernel, paper: Paper, victim: Task) -> None:
    """`oom_reaper: reaped process ...`, of another task and a little later."""
    names = ("anon", "file", "shmem")
    sizes = {f"reaped_{name}_rss_kb": paper.draw.kb() for name in names}
    anon, file, shmem = sizes.values()
    paper.line(
        f"oom_reaper: reaped process {victim.pid} ({victim.comm}), now anon-rss:{anon}kB,"
        f" file-rss:{file}kB, shmem-rss:{shmem}kB"
    )
    for row in paper.rows["victims"]:
        if row["pid"] == victim.pid:
            row.update(sizes, reaper_outcome="reaped")
