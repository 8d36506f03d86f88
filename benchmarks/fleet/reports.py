"""One report of one kernel: its templates filled in with a drawn state of a machine."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from benchmarks.fleet import memory, tasks
from benchmarks.fleet.machines import PAGE_KB
from benchmarks.fleet.records import Record, Report, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.fleet.machines import Machine, Program, Zone
    from benchmarks.fleet.memory import Memory
    from benchmarks.fleet.tasks import Task

_PAGE_BYTES = PAGE_KB * 1024
#: What one record holds at most, with the stamp before each of its lines; the kernel drops
#: what is beyond.
_RECORD_BYTES, _STAMP_BYTES = 1000, 16
#: Limits of cgroups [MiB].
_LIMITS_MB = (64, 128, 256, 512, 512, 1024, 2048, 4096)


class _Values(dict[str, object]):
    """Values of templates; a name like hex8 is drawn anew each time it is asked for."""

    def __init__(self, rng: Random, *more: dict[str, object]) -> None:
        for values in more:
            self.update(values)
        self._rng = rng

    def __missing__(self, name: str) -> str:
        if not name.startswith("hex"):
            raise KeyError(name)
        digits = int(name.removeprefix("hex"))
        return f"{self._rng.getrandbits(4 * digits):0{digits}x}"


def draw(
    machine: Machine,
    kind: str,
    at_s: float,
    seed: object,
    *,
    hog: Program | None = None,
    processes: int | None = None,
) -> Report:
    """A report of a kind of `shapes.KINDS` that a machine prints at a time since 1970.

    `hog` is the program that takes the memory, one of the machine's, drawn when not given;
    `processes` sets how many rows the table has.
    """
    rng = Random(f"{seed} {machine.hostname} {at_s!r} {kind}")
    own = [one for one in machine.programs if (one.unit or one.adj > 0) and one.weight >= 0.1]
    state = _State(machine, kind, hog or rng.choice(own), processes, rng)
    records, clock = [], at_s
    for section in machine.shape.order(kind):
        if section == "reaper":
            if rng.random() < 0.5:
                continue
            clock += rng.uniform(0.02, 0.9)
        for lines in state.section(section):
            records.append(Record(round(clock, 6), lines))
            clock += rng.uniform(0.00001, 0.0003)
    return Report(tuple(records), state.truth(at_s, sum(len(one.lines) for one in records)))


class _State:
    """Everything that one report prints."""

    def __init__(
        self, machine: Machine, kind: str, hog: Program, processes: int | None, rng: Random
    ) -> None:
        self.machine, self.kind, self.rng = machine, kind, rng
        self.tasks: list[Task]
        self.memory: Memory
        values: dict[str, object]
        if kind == "global":
            values = self._exhaust_machine(hog, processes)
            total_pages = machine.managed + machine.swap_pages
        else:
            values = self._exhaust_cgroup(hog, processes)
            limit_kb = values["cg_limit_kb"]
            assert isinstance(limit_kb, int)
            total_pages = limit_kb // PAGE_KB + machine.swap_pages
        self.victim = tasks.victim(self.tasks, total_pages)
        self.invoker = rng.choice(self.tasks)
        grouped = kind == "memcg_v2" and bool(hog.unit) and rng.random() < 0.3
        self.group = [one for one in self.tasks if one is not self.victim] if grouped else []
        score = self.victim.points(total_pages) * 1000 // total_pages
        self.values = _Values(
            rng, values, self._of_machine(), self._of_swap(), self._asked(score), self._killed()
        )

    def _exhaust_machine(self, hog: Program, processes: int | None) -> dict[str, object]:
        """All memory is used; what the templates of cgroups say of a global kill."""
        machine, rng = self.machine, self.rng
        members = tasks.running(machine, processes)
        free = memory.free_when_exhausted(machine, rng)
        shares = memory.shares_of(machine, free, len(members), rng)
        self.tasks = tasks.draw(
            rng,
            members,
            hog,
            anon_pages=shares.mapped_anon,
            shmem_pages=shares.shmem,
            swap_pages=int(machine.swap_pages * 0.98),
        )
        self.memory = memory.spread(machine, free, shares, rng)
        unit = f"/system.slice/{hog.unit}" if hog.unit else _pod_path(self.machine, self.kind, rng)
        return {"task_memcg": unit, "cpuset": "/"}

    def _exhaust_cgroup(self, hog: Program, processes: int | None) -> dict[str, object]:
        """A cgroup has reached its limit: how much it was, and what is in it."""
        machine, rng = self.machine, self.rng
        members = tasks.cgroup_running(machine, hog, processes)
        fitting = [mb for mb in _LIMITS_MB if mb * 1024 // PAGE_KB < machine.managed // 2]
        limit = rng.choice(fitting) * 1024 // PAGE_KB
        anon = int(limit * rng.uniform(0.95, 0.985))
        shmem = int(limit * rng.uniform(0.0, 0.005))
        self.tasks = tasks.draw(rng, members, hog, anon_pages=anon, shmem_pages=shmem, swap_pages=0)
        free = memory.free_at_ease(machine, rng)
        shares = memory.shares_of(machine, free, 100, rng)
        self.memory = memory.spread(machine, free, shares, rng)
        path = f"/system.slice/{hog.unit}" if hog.unit else _pod_path(machine, self.kind, rng)
        cpuset = "system.slice" if self.kind == "memcg_v2" else path.rpartition("/")[2]
        return self._statistics(limit, anon, shmem) | {
            "oom_memcg": path,
            "task_memcg": path,
            "cpuset": cpuset if not hog.unit else "/",
        }

    def _statistics(self, limit: int, anon: int, shmem: int) -> dict[str, object]:
        """The counters of the cgroup, which add up to its limit."""
        rng = self.rng
        kernel = limit - anon - shmem
        tables = min(kernel // 2, sum(one.nr_ptes for one in self.tasks))
        slab_reclaimable = (kernel - tables) * rng.randint(10, 40) // 100
        slab_unreclaimable = (kernel - tables) * rng.randint(10, 40) // 100
        active = anon * rng.randint(0, 30) // 100
        pages = {
            "anon": anon,
            "file": shmem,
            "shmem": shmem,
            "kernel": kernel,
            "kernel_stack": (kernel - tables) // 8,
            "pagetables": tables,
            "active_anon": active,
            "inactive_anon": anon + shmem - active,
            "slab_reclaimable": slab_reclaimable,
            "slab_unreclaimable": slab_unreclaimable,
            "slab": slab_reclaimable + slab_unreclaimable,
        }
        values: dict[str, object] = {
            "cg_limit_kb": limit * PAGE_KB,
            "cg_kmem_kb": kernel * PAGE_KB,
            "cg_failcnt": rng.randint(1, 90000),
            "cg_refaults": rng.randint(0, 500),
            "cg_pgfault": anon + rng.randint(1000, 90000),
            "cg_pgmajfault": rng.randint(0, 900),
        }
        for name, count in pages.items():
            values[f"cg_{name}_bytes"] = count * _PAGE_BYTES
            values[f"cg_{name}_kb"] = count * PAGE_KB
        return values

    def _of_machine(self) -> dict[str, object]:
        """The counters of the whole machine, and what its first lines tell."""
        machine, total = self.machine, self.memory.total()
        present = sum(zone.present for zone in machine.zones)
        in_use = machine.managed - total["free"]
        return _in_units(total) | {
            "hardware": machine.hardware,
            "mems_allowed": machine.mems_allowed,
            "present_pages": present,
            "reserved_pages": present - machine.managed,
            "used_pages": in_use,
            "pagecache_pages": total["active_file"] + total["inactive_file"] + total["shmem"],
        }

    def _of_swap(self) -> dict[str, object]:
        """The swap space: full when the machine is."""
        rng, swap_pages = self.rng, self.machine.swap_pages
        swapped = sum(one.swapents for one in self.tasks)
        added = (swapped + rng.randint(1000, 900000)) * bool(swap_pages)
        finds = rng.randint(0, added)
        return {
            "swap_free_kb": max(0, swap_pages - swapped - swap_pages // 100) * PAGE_KB,
            "swap_total_kb": swap_pages * PAGE_KB,
            "swap_cache_pages": rng.randint(0, 2000) * bool(swap_pages),
            "swap_add": added,
            "swap_delete": added - rng.randint(0, min(added, 2000)),
            "swap_hits": finds // 2,
            "swap_finds": finds,
        }

    def _asked(self, score: int) -> dict[str, object]:
        """Who asked, on which processor, and the printed score of the victim."""
        return {
            "invoker_comm": self.invoker.comm,
            "invoker_pid": self.invoker.pid,
            "invoker_uid": self.invoker.uid,
            "invoker_adj": self.invoker.adj,
            "invoker_oom_adj": self.invoker.oom_adj,
            "cpu": self.rng.randrange(self.machine.cpus),
            "score": score,
        }

    def _killed(self, task: Task | None = None) -> dict[str, object]:
        """The numbers of a killed process."""
        task = task or self.victim
        return {
            "victim_pid": task.pid,
            "victim_comm": task.comm,
            "victim_uid": task.uid,
            "victim_adj": task.adj,
            "victim_total_vm_kb": task.total_vm * PAGE_KB,
            "victim_anon_kb": task.rss_anon * PAGE_KB,
            "victim_file_kb": task.rss_file * PAGE_KB,
            "victim_shmem_kb": task.rss_shmem * PAGE_KB,
            "victim_file_and_shmem_kb": (task.rss_file + task.rss_shmem) * PAGE_KB,
            "victim_pgtables_kb": task.pgtables_bytes // 1024,
        }

    def section(self, name: str) -> Iterator[tuple[str, ...]]:
        """The records of one section as they are printed."""
        if name == "row":
            template = self.machine.shape.sections["row"][0][0]
            for task in self.tasks:
                yield (template.format_map(vars(task)),)
        elif name in ("zone", "blocks", "per_cpu"):
            for zone, counters in zip(self.machine.zones, self.memory.by_zone, strict=True):
                yield from self._zone(name, zone, counters)
        elif name in ("node", "hugepages"):
            for node in self.machine.nodes:
                values = _Values(self.rng, _in_units(self.memory.of_node(node)))
                values |= {"node": node, "unreclaimable": self.rng.choice(("yes", "no"))}
                yield from self._filled(name, values)
        elif name == "group":
            yield from self._whole_group()
        else:
            yield from self._filled(name, self.values)

    def _zone(self, name: str, zone: Zone, counters: dict[str, int]) -> Iterator[tuple[str, ...]]:
        """The lines about one zone."""
        rng = self.rng
        values = _Values(rng, _in_units(counters), _of_zone(zone))
        if name == "blocks":
            counts = memory.free_blocks(zone, counters["free"], rng)
            values["blocks_kb"] = counters["free"] * PAGE_KB
            for letters in ("", "UEM", "UME"):
                shown = f"blocks_{letters.lower() or 'plain'}"
                values[shown] = memory.print_blocks(counts, letters, rng)
        values["unreclaimable"] = rng.choice(("yes", "no"))
        values["pages_scanned"] = rng.randint(0, 900)
        yield from self._filled(name, values)
        if name == "per_cpu":
            for cpu in range(self.machine.cpus):
                high = 0 if zone.name == "DMA" else 186
                lists = {"pcp_high": high, "pcp_batch": max(1, high // 6)}
                yield from self._filled(
                    "per_cpu_list", lists | {"cpu": cpu, "pcp_used": rng.randint(0, high)}
                )

    def _whole_group(self) -> Iterator[tuple[str, ...]]:
        """The further victims where the cgroup is killed as a whole."""
        if self.group:
            yield from self._filled("group", self.values)
            for task in self.group:
                if task.adj != tasks.NEVER_KILLED:
                    yield from self._filled("group_kill", self.values | self._killed(task))

    def _filled(self, name: str, values: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
        for record in self.machine.shape.sections[name]:
            yield _fitting(tuple(line.format_map(values) for line in record))

    def _constraint(self) -> str | None:
        if self.kind != "global":
            return "memcg"
        printed = self.machine.shape.sections["kill_global"][0][0]
        return "none" if "CONSTRAINT_NONE" in printed else None

    def truth(self, at_s: float, lines: int) -> Truth:
        """What must be read from the report."""
        killed = [self.victim, *(one for one in self.group if one.adj != tasks.NEVER_KILLED)]
        sections = self.machine.shape.order(self.kind)
        path = self.values.get("oom_memcg")
        return Truth(
            hostname=self.machine.hostname,
            shape=self.machine.shape.name,
            kind=self.kind,
            at_s=at_s,
            constraint_kind=self._constraint(),
            oom_memcg=str(path) if path is not None else None,
            invoker_comm=self.invoker.comm,
            victims=tuple((one.pid, one.comm) for one in killed),
            process_rows=len(self.tasks),
            zones=len(self.machine.zones) if "zone" in sections else 0,
            lines=lines,
        )


def _fitting(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a record that the kernel's buffer holds."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1 + _STAMP_BYTES
        if size > _RECORD_BYTES and number:
            return lines[:number]
    return lines


def _in_units(pages: dict[str, int]) -> dict[str, object]:
    """Counters under the names of the templates: in pages and in kB."""
    values: dict[str, object] = {}
    for name, count in pages.items():
        values[f"{name}_pages"] = count
        values[f"{name}_kb"] = count * PAGE_KB
    return values


def _of_zone(zone: Zone) -> dict[str, object]:
    """What does not change in a zone."""
    return {
        "node": zone.node,
        "zone": zone.name,
        "present_kb": zone.present * PAGE_KB,
        "managed_kb": zone.managed * PAGE_KB,
        "min_kb": zone.min * PAGE_KB,
        "low_kb": zone.low * PAGE_KB,
        "high_kb": zone.high * PAGE_KB,
        "reserves_4": _joined(zone.reserves[:4]),
        "reserves_5": _joined(zone.reserves),
    }


def _joined(numbers: Sequence[int]) -> str:
    return " ".join(str(number) for number in numbers)


def _pod_path(machine: Machine, kind: str, rng: Random) -> str:
    """The cgroup of a container of Kubernetes; the same few pods on a machine again and again."""
    fixed = Random(f"{machine.hostname} pod {rng.randrange(8)}")
    parts = [f"{fixed.getrandbits(4 * digits):0{digits}x}" for digits in (8, 4, 4, 4, 12)]
    container = f"{fixed.getrandbits(256):064x}"
    if kind == "memcg_v1":
        return f"/kubepods/burstable/pod{'-'.join(parts)}/{container}"
    pod = f"kubepods-burstable-pod{'_'.join(parts)}.slice"
    return f"/kubepods.slice/kubepods-burstable.slice/{pod}/cri-containerd-{container}.scope"
