"""Where the memory of a machine is when it runs out: zone by zone, adding up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.fleet.machines import PAGE_KB

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from benchmarks.fleet.machines import Machine, Zone

#: The largest block of the buddy allocator is 2^10 pages.
_ORDERS = 11


@dataclass(frozen=True)
class Memory:
    """The counters of each zone [pages], in the order of the machine's zones."""

    machine: Machine
    by_zone: tuple[dict[str, int], ...]

    def of_node(self, node: int) -> dict[str, int]:
        """The counters of one node [pages]."""
        return _sum(
            counters
            for zone, counters in zip(self.machine.zones, self.by_zone, strict=True)
            if zone.node == node
        )

    def total(self) -> dict[str, int]:
        """The counters of the machine [pages]."""
        return _sum(self.by_zone)


@dataclass(frozen=True)
class Shares:
    """How much of the memory in use is what [pages]."""

    anon_lru: int
    shmem: int
    kernel: dict[str, int]

    @property
    def mapped_anon(self) -> int:
        """What processes hold: the anonymous lists without shared memory."""
        return self.anon_lru - self.shmem


def free_when_exhausted(machine: Machine, rng: Random) -> list[int]:
    """Free pages of each zone, so that every one of them refuses."""
    return [
        min(int(zone.needed * rng.uniform(0.8, 0.99)), int(zone.managed * rng.uniform(0.9, 0.99)))
        for zone in machine.zones
    ]


def free_at_ease(machine: Machine, rng: Random) -> list[int]:
    """Free pages of each zone when only a cgroup is exhausted."""
    return [int(zone.managed * rng.uniform(0.25, 0.5)) for zone in machine.zones]


def shares_of(machine: Machine, free: Sequence[int], tasks: int, rng: Random) -> Shares:
    """What the rest of the memory is: the kernel's parts, file cache, and the anonymous lists."""
    used = machine.managed - sum(free)
    kernel = {
        "slab_reclaimable": int(used * rng.uniform(0.004, 0.02)),
        "slab_unreclaimable": int(used * rng.uniform(0.01, 0.03)),
        "kernel_stack": tasks * rng.randint(4, 12) + machine.cpus * 40,
        "pagetables": tasks * 14 + used // 300,
        "active_file": rng.randint(8, 800),
        "inactive_file": rng.randint(8, 800),
        "unevictable": rng.choice((0, 0, rng.randint(100, 4096))),
        "dirty": rng.randint(0, 60),
        "mapped": rng.randint(100, 2000),
    }
    beside = ("dirty", "mapped")  # parts of what others count
    accounted = sum(pages for name, pages in kernel.items() if name not in beside)
    anon = int((used - accounted) * rng.uniform(0.96, 0.99))
    return Shares(anon, int(anon * rng.uniform(0.002, 0.03)), kernel)


def spread(machine: Machine, free: Sequence[int], shares: Shares, rng: Random) -> Memory:
    """Each zone's part of every counter, by what it holds."""
    active = int(shares.anon_lru * rng.uniform(0.05, 0.95))
    totals = shares.kernel | {
        "active_anon": active,
        "inactive_anon": shares.anon_lru - active,
        "shmem": shares.shmem,
        "anon_thp": shares.mapped_anon // 512 * rng.randint(0, 300) // 512 * 512,
    }
    held = [zone.managed - pages for zone, pages in zip(machine.zones, free, strict=True)]
    by_zone: list[dict[str, int]] = [{"free": pages} for pages in free]
    largest = held.index(max(held))
    for name, pages in totals.items():
        parts = [pages * one // sum(held) for one in held]
        parts[largest] += pages - sum(parts)
        for counters, part in zip(by_zone, parts, strict=True):
            counters[name] = part
    for zone, counters in zip(machine.zones, by_zone, strict=True):
        in_lists = rng.randint(0, 60) * (zone.name != "DMA")
        counters["local_pcp"] = in_lists
        counters["free_pcp"] = in_lists + in_lists * rng.randint(0, machine.cpus)
    return Memory(machine, tuple(by_zone))


def free_blocks(zone: Zone, pages: int, rng: Random) -> list[int]:
    """Free blocks of each order that add up to those pages; few large ones but in zone DMA."""
    counts = [0] * _ORDERS
    intact = zone.name == "DMA"
    for order in range(_ORDERS - 1, 0, -1):
        few = 0.3 if order < 7 else 0.05
        part = rng.uniform(0.6, 1.0) if intact else rng.random() * few
        counts[order] = int((pages >> order) * part)
        pages -= counts[order] << order
    counts[0] = pages
    return counts


def print_blocks(counts: Sequence[int], letters: str, rng: Random) -> str:
    """The free lists as the kernel prints them; `letters` of migrate types in its order."""
    parts = []
    for order, count in enumerate(counts):
        part = f"{count}*{PAGE_KB << order}kB"
        if count and letters:
            some = [one for one in letters if rng.random() < 0.6] or [rng.choice(letters)]
            part += f" ({''.join(some[:count])})"
        parts.append(part)
    return " ".join(parts)


def _sum(many: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counters in many:
        for name, pages in counters.items():
            total[name] = total.get(name, 0) + pages
    return total
