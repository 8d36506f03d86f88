"""Machines: their memory by zones as the kernel lays it out, and the programs they run."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.fleet import shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.fleet.shapes import Shape

PAGE_KB = 4
_MB_PAGES = 1024 // PAGE_KB
_GB_PAGES = 1024 * _MB_PAGES

#: Zone types by index, and the ratio that each lower zone keeps from requests for higher ones
#: (sysctl_lowmem_reserve_ratio).
ZONE_TYPES = ("DMA", "DMA32", "Normal", "Movable", "Device")
_RESERVE_RATIO = {"DMA": 256, "DMA32": 256, "Normal": 32}


@dataclass(frozen=True)
class Zone:
    """One zone; sizes, watermarks and reserves in pages."""

    node: int
    name: str
    present: int
    managed: int
    min: int
    low: int
    high: int
    reserves: tuple[int, ...]

    @property
    def needed(self) -> int:
        """What must be free for a request that may use every zone: min and its reserve."""
        return self.min + self.reserves[-1]


@dataclass(frozen=True)
class Program:
    """A program that a machine runs: how many of it, and what one holds of memory.

    `weight` is its share beside the others; `virtual` how much more address space it has
    than memory; `shared` how much of the shared memory it has mapped, as a weight.
    """

    comm: str
    uid: int
    count: int
    weight: float
    virtual: float = 4.0
    shared: float = 0.0
    adj: int = 0
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine of the fleet; `boot_s` in seconds since 1970."""

    hostname: str
    role: str
    shape: Shape
    hardware: str
    cpus: int
    zones: tuple[Zone, ...]
    swap_pages: int
    boot_s: float
    programs: tuple[Program, ...]

    @property
    def nodes(self) -> tuple[int, ...]:
        """The numbers of its NUMA nodes."""
        return tuple(sorted({zone.node for zone in self.zones}))

    @property
    def managed(self) -> int:
        """Memory that the allocator manages [pages]."""
        return sum(zone.managed for zone in self.zones)

    @property
    def mems_allowed(self) -> str:
        """Its nodes as the kernel lists them."""
        return "0" if len(self.nodes) == 1 else f"0-{self.nodes[-1]}"


_DAEMONS = (
    Program("systemd-journal", 0, 1, 0.02, 3.0, adj=-250),
    Program("systemd-udevd", 0, 1, 0.004, 6.0, adj=-1000),
    Program("auditd", 0, 1, 0.002, 9.0, adj=-1000),
    Program("dbus-daemon", 81, 1, 0.002, 8.0, adj=-900),
    Program("systemd-logind", 0, 1, 0.003, 8.0),
    Program("rsyslogd", 0, 1, 0.01, 12.0),
    Program("chronyd", 994, 1, 0.002, 9.0),
    Program("crond", 0, 1, 0.002, 9.0),
    Program("sshd", 0, 3, 0.003, 8.0, adj=-1000),
    Program("agetty", 0, 2, 0.001, 9.0),
    Program("node_exporter", 992, 1, 0.01, 30.0),
    Program("bash", 1000, 2, 0.004, 6.0),
    Program("polkitd", 998, 1, 0.01, 20.0),
)

#: What the machines of a role run beside the daemons.
ROLES: dict[str, tuple[Program, ...]] = {
    "web": (
        Program("nginx", 33, 9, 0.05, 2.5, unit="nginx.service"),
        Program("php-fpm", 33, 24, 0.12, 3.0, 0.2, unit="php-fpm.service"),
        Program("redis-server", 112, 1, 0.6, 1.3, unit="redis.service"),
    ),
    "shop": (
        Program("java", 1000, 2, 4.0, 3.2, unit="orders.service"),
        Program("gunicorn: maste", 1001, 1, 0.05, 3.0, unit="api.service"),
        Program("gunicorn", 1001, 16, 0.2, 2.4, unit="api.service"),
        Program("node", 1002, 4, 0.3, 12.0, unit="front.service"),
    ),
    "db": (
        Program("postgres", 26, 40, 0.08, 5.0, 1.0, unit="postgresql.service"),
        Program("mysqld", 27, 1, 3.0, 1.6, unit="mysqld.service"),
    ),
    "kube": (
        Program("kubelet", 0, 1, 0.2, 14.0, adj=-999),
        Program("dockerd", 0, 1, 0.2, 13.0, adj=-500),
        Program("containerd", 0, 1, 0.1, 14.0, adj=-999),
        Program("containerd-shim", 0, 22, 0.02, 30.0, adj=-998),
        Program("pause", 65535, 22, 0.001, 20.0, adj=-998),
        Program("java", 1000, 6, 1.6, 3.0, adj=939),
        Program("python3", 1000, 8, 0.4, 2.0, adj=968),
        Program("envoy", 1337, 6, 0.1, 20.0, adj=939),
    ),
    "batch": (
        Program("python3", 1003, 12, 0.6, 1.8, unit="batch.service"),
        Program("Rscript", 1003, 2, 1.2, 1.4, unit="batch.service"),
        Program("make", 1004, 3, 0.003, 4.0, unit="build.service"),
        Program("cc1plus", 1004, 8, 0.3, 1.3, unit="build.service"),
    ),
}

_HARDWARE = (
    "QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014",
    "Dell Inc. PowerEdge R640/0W23H8, BIOS 2.10.2 02/24/2021",
    "HPE ProLiant DL380 Gen10/ProLiant DL380 Gen10, BIOS U30 07/16/2020",
    "VMware, Inc. VMware Virtual Platform/440BX Desktop Reference Platform, BIOS 6.00 12/12/2018",
    "Supermicro SYS-1029P-WTR/X11DDW-L, BIOS 3.3 02/21/2020",
)

_RAM_GB = (2, 4, 8, 8, 16, 16, 32, 64)


def machine(seed: object, number: int, shape: str, *, boot_s: float, role: str = "") -> Machine:
    """The machine of that number in a fleet of that seed; `role` of ROLES, or one of them."""
    rng = random.Random(f"{seed} machine {number}")
    role = role or rng.choice(tuple(ROLES))
    ram_gb = rng.choice(_RAM_GB)
    nodes = 2 if ram_gb >= 32 else 1
    return Machine(
        hostname=f"{role}{number:04d}",
        role=role,
        shape=shapes.load(shape),
        hardware=rng.choice(_HARDWARE),
        cpus=max(2, min(32, ram_gb // 2)),
        zones=zones_of(ram_gb * _GB_PAGES, nodes, rng),
        swap_pages=rng.choice((0, 0, 2 * _GB_PAGES - 1, 4 * _GB_PAGES - 1)),
        boot_s=boot_s,
        programs=(*_DAEMONS, *ROLES[role]),
    )


def zones_of(ram_pages: int, nodes: int, rng: random.Random) -> tuple[Zone, ...]:
    """The zones of an x86-64 machine with that much memory, in printed order."""
    sizes = [(0, "DMA", 3998, 3840)]
    below_4_gb = min(ram_pages, 3 * _GB_PAGES) - 4096
    sizes.append((0, "DMA32", below_4_gb, below_4_gb - below_4_gb // rng.randint(24, 48)))
    above = ram_pages - 3 * _GB_PAGES
    for node in range(nodes):
        normal = ram_pages // nodes - (3 * _GB_PAGES if node == 0 else 0) if above > 0 else 0
        if normal > 0:
            sizes.append((node, "Normal", normal, normal - normal // rng.randint(30, 60)))
    managed = sum(size[3] for size in sizes)
    min_free_kb = min(67584, max(128, math.isqrt(managed * PAGE_KB * 16)))
    return tuple(_zone(size, sizes, min_free_kb // PAGE_KB / managed) for size in sizes)


def _zone(
    size: tuple[int, str, int, int], sizes: Sequence[tuple[int, str, int, int]], min_share: float
) -> Zone:
    """One zone with its share of the watermarks and what it keeps from higher requests."""
    node, name, present, managed = size
    least = max(1, int(managed * min_share))
    step = max(least // 4, managed // 1000)
    index = ZONE_TYPES.index(name)
    reserves, above = [0] * (index + 1), 0
    for higher in ZONE_TYPES[index + 1 :]:
        above += sum(one[3] for one in sizes if one[0] == node and one[1] == higher)
        reserves.append(above // _RESERVE_RATIO[name])
    return Zone(
        node, name, present, managed, least, least + step, least + 2 * step, tuple(reserves)
    )
