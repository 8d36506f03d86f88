"""The processes of a machine when it runs out of memory, and the one that must die."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from benchmarks.fleet.machines import PAGE_KB

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.fleet.machines import Machine, Program

#: OOM_SCORE_ADJ_MIN: the killer leaves such a process alone.
NEVER_KILLED = -1000


@dataclass
class Task:
    """One process under the names of the templates; sizes in pages unless they say bytes."""

    pid: int
    uid: int
    comm: str
    total_vm: int
    rss: int
    rss_anon: int
    rss_file: int
    rss_shmem: int
    pgtables_bytes: int
    nr_ptes: int
    swapents: int
    adj: int
    oom_adj: int
    row_cpu: int

    def points(self, total_pages: int) -> int:
        """Its badness [pages]; -1 when it is never killed."""
        if self.adj == NEVER_KILLED:
            return -1
        return self.rss + self.nr_ptes + self.swapents + self.adj * total_pages // 1000


def victim(tasks: Iterable[Task], total_pages: int) -> Task:
    """The process with the most points."""
    return max(tasks, key=lambda task: task.points(total_pages))


@lru_cache(maxsize=512)
def running(machine: Machine, count: int | None) -> tuple[tuple[int, Program], ...]:
    """Process ids and programs of a machine: all that it runs, or exactly `count` of them.

    More than it runs are further ones of its own role's programs; fewer leave out daemons
    first.
    """
    rng = Random(f"{machine.hostname} {machine.boot_s}")
    programs = [one for one in machine.programs for _ in range(one.count)]
    own = [one for one in machine.programs if one.unit or one.adj > 0]
    if count is not None:
        while len(programs) < count:
            programs.append(own[len(programs) % len(own)])
        programs = programs[-count:]
    step = max(2, (machine.shape.pid_max - 400) // (len(programs) + 1) // 4)
    pids, pid = [], rng.randint(300, 390)
    for _ in programs:
        pids.append(pid)
        pid += rng.randint(1, step)
    return tuple(zip(pids, programs, strict=True))


def cgroup_running(machine: Machine, hog: Program, count: int | None) -> list[tuple[int, Program]]:
    """Process ids and programs of one cgroup: those of the hog's unit, or its container."""
    if count is not None:
        return list(running(machine, count))
    together = [
        one
        for one in running(machine, None)
        if one[1] is hog or (hog.unit and one[1].unit == hog.unit) or one[1].comm == "pause"
    ]
    pauses = [one for one in together if one[1].comm == "pause"]
    return [one for one in together if one[1].comm != "pause"] + pauses[:1]


def draw(
    rng: Random,
    members: Sequence[tuple[int, Program]],
    hog: Program,
    *,
    anon_pages: int,
    shmem_pages: int,
    swap_pages: int,
) -> list[Task]:
    """Those processes with the memory given shared out among them, most of it to one hog."""
    random = rng.random
    weights = [program.weight * (0.5 + random()) for _, program in members]
    hogs = [index for index, (_, program) in enumerate(members) if program is hog]
    leaking = rng.choice(hogs) if hogs else len(members) - 1
    weights[leaking] += sum(weights) * rng.uniform(0.5, 3.0)
    scale = anon_pages / sum(weights)
    swap_scale = swap_pages / sum(weights)
    shared = sum(program.shared for _, program in members) or 1.0
    tasks = []
    for (pid, program), weight in zip(members, weights, strict=True):
        anon = int(weight * scale)
        file = int(random() * 40)
        shmem = int(shmem_pages * program.shared / shared)
        rss = anon + file + shmem
        total_vm = int(rss * program.virtual * (0.8 + 0.4 * random())) + 500 + int(random() * 4000)
        tables = 8 + int(random() * 12) + rss // 480 + total_vm // 32768
        tasks.append(
            Task(
                pid=pid,
                uid=program.uid,
                comm=program.comm,
                total_vm=total_vm,
                rss=rss,
                rss_anon=anon,
                rss_file=file,
                rss_shmem=shmem,
                pgtables_bytes=tables * PAGE_KB * 1024,
                nr_ptes=tables,
                swapents=int(weight * swap_scale),
                adj=program.adj,
                oom_adj=-17 if program.adj == NEVER_KILLED else program.adj * 15 // 1000,
                row_cpu=int(random() * 2),
            )
        )
    return tasks
