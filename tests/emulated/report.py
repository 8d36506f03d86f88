"""Whole reports, as out_of_memory(), warn_alloc() and SysRq-m print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulated import cgroup, killing, memory, opening
from tests.emulated.paper import Draw, Paper

if TYPE_CHECKING:
    from random import Random

    from tests.emulated.kernel import Kernel

_OLD_TABLE = (2, 6, 36)


def draw_report(
    kernel: Kernel, random: Random, *, hostile: bool = False, broken: bool = False
) -> Paper:
    """A report of any kind that this kernel prints."""
    kind = random.choice(
        (
            oom_kill,
            oom_kill,
            oom_kill,
            oom_kill,
            memcg_kill,
            memcg_kill,
            no_victim,
            sysrq_f,
            panic,
            failure,
            memory_dump,
        )
    )
    paper = Paper(Draw(random, hostile, broken))
    kind(kernel, paper)
    return paper


def oom_kill(kernel: Kernel, paper: Paper, constraint: str | None = None) -> None:
    """A global kill, by the limits of a cpuset or of a memory policy too."""
    comm = paper.draw.comm()
    constraint = constraint or paper.draw.random.choice(
        ("CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY", "CONSTRAINT_BPF_PSI")
    )
    opening.oom_header(kernel, paper, comm)
    opening.stack(kernel, paper, comm)
    memory.mem_info(kernel, paper)
    if kernel.since(4, 15) and paper.draw.chance(0.3):
        killing.slabs(paper)
    _protection(kernel, paper)
    message = "Out of memory"
    if paper.draw.chance(0.2):
        message += " (oom_kill_allocating_task)"
    _finish(kernel, paper, message, constraint, "")


def memcg_kill(kernel: Kernel, paper: Paper) -> None:
    """A kill by the limit of a memory cgroup; up to Linux 3.8 Mem-Info is printed too."""
    if not kernel.since(2, 6, 32):
        oom_kill(kernel, paper)
        return
    comm, oom_memcg = paper.draw.comm(), paper.draw.path()
    task_memcg = f"{oom_memcg.rstrip('/')}/task"
    opening.oom_header(kernel, paper, comm)
    opening.stack(kernel, paper, comm)
    cgroup.cgroup_lines(kernel, paper, oom_memcg, task_memcg)
    if not kernel.since(3, 9):
        memory.mem_info(kernel, paper)
    _protection(kernel, paper)
    _finish(kernel, paper, "Memory cgroup out of memory", "CONSTRAINT_MEMCG", oom_memcg)


def no_victim(kernel: Kernel, paper: Paper) -> None:
    """Every process is protected; where memory of the whole machine is out, a panic."""
    comm = paper.draw.comm()
    opening.oom_header(kernel, paper, comm)
    opening.stack(kernel, paper, comm)
    memory.mem_info(kernel, paper)
    if _has_table(kernel):
        killing.task_table(kernel, paper)
    ending = "Out of memory and no killable processes..."
    if kernel.since(4, 19):
        paper.line(ending)
        ending = "System is deadlocked on memory"
    paper.line(f"Kernel panic - not syncing: {ending}", panic_message=ending, kind="panic")


def sysrq_f(kernel: Kernel, paper: Paper) -> None:
    """A kill by hand."""
    word = "sysrq: " if kernel.since(4, 10) else "SysRq : "
    paper.line(f"{word}Manual OOM execution", failure_message=f"{word}Manual OOM execution")
    oom_kill(kernel, paper)


def panic(kernel: Kernel, paper: Paper) -> None:
    """vm.panic_on_oom: a panic with a trace of its own instead of a kill."""
    comm = paper.draw.comm()
    opening.oom_header(kernel, paper, comm)
    opening.stack(kernel, paper, comm)
    memory.mem_info(kernel, paper)
    if kernel.since(2, 6, 36):
        ending = "Out of memory: compulsory panic_on_oom is enabled"
    else:
        ending = "out of memory. panic_on_oom is selected"
    paper.line(f"Kernel panic - not syncing: {ending}", panic_message=ending, kind="panic")


def failure(kernel: Kernel, paper: Paper) -> None:
    """A request that failed; no kill."""
    comm = paper.draw.comm()
    paper.event["kind"] = "allocation_failure"
    opening.allocation_failure(kernel, paper, comm)
    opening.stack(kernel, paper, comm)
    memory.mem_info(kernel, paper)


def memory_dump(kernel: Kernel, paper: Paper) -> None:
    """SysRq-m."""
    word = "sysrq: " if kernel.since(4, 10) else "SysRq : "
    message = f"{word}Show Memory"
    paper.line(message, failure_message=message, kind="memory_dump")
    memory.mem_info(kernel, paper)


def _protection(kernel: Kernel, paper: Paper) -> None:
    if kernel.since(6, 19):
        least, low = paper.draw.kb(), paper.draw.kb()
        paper.line(
            f"Memory cgroup min protection {least}kB -- low protection {low}kB",
            memory_min_kb=least,
            memory_low_kb=low,
        )


def _has_table(kernel: Kernel) -> bool:
    return kernel.since(2, 6, 28)


def _finish(kernel: Kernel, paper: Paper, message: str, constraint: str, oom_memcg: str) -> None:
    paper.event.setdefault("kind", "oom_kill")
    draw = paper.draw
    tasks = killing.task_table(kernel, paper) if _has_table(kernel) else []
    tasks = tasks or [killing.Task(draw.number(99999) + 2, draw.comm(), 0)]
    chosen = draw.random.choice(tasks)
    victim = chosen if kernel.since(5, 1) or draw.chance(0.7) else draw.random.choice(tasks)
    if kernel.since(5, 0) or kernel.rhel == 83:
        task_memcg = f"{oom_memcg.rstrip('/')}/task"
        killing.summary(paper, chosen, constraint, oom_memcg, task_memcg)
    killing.kill(kernel, paper, message, chosen, victim)
    if kernel.since(4, 19) and constraint == "CONSTRAINT_MEMCG" and draw.chance():
        _group(kernel, paper, message, oom_memcg, victim, tasks)
    if kernel.since(4, 6) and draw.chance(0.6):
        killing.reaped(kernel, paper, victim)


def _group(
    kernel: Kernel,
    paper: Paper,
    message: str,
    oom_memcg: str,
    victim: killing.Task,
    tasks: list[killing.Task],
) -> None:
    paper.line(
        f"Tasks in {oom_memcg} are going to be killed due to memory.oom.group set",
        oom_group_memcg=oom_memcg,
    )
    prefix = f"{message}: " if kernel.since(5, 1) else ""
    # The first victim is a member too: it is printed again.
    paper.line(
        f"{prefix}Killed process {victim.pid} ({victim.comm}) total-vm:1kB, anon-rss:2kB,"
        " file-rss:3kB, shmem-rss:4kB"
    )
    for task in tasks:
        if task is not victim and paper.draw.chance():
            killing.killed(kernel, paper, prefix, task, role="group")
