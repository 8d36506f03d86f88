"""The kernels that are emulated: versions, distributions and configurations."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Kernel:
    """A kernel's version and what it was built with.

    `release` is what it prints of itself. `arch` chooses the form of the trace. One that is
    `unheard` of prints keys and columns that no kernel prints yet.
    """

    version: tuple[int, ...]
    release: str
    arch: str = "x86_64"
    page_kb: int = 4
    zones: tuple[str, ...] = ("DMA", "DMA32", "Normal", "Movable", "Device")
    numa: bool = True
    thp: bool = True
    cma: bool = True
    profiled: bool = False
    rhel: int = 0
    unheard: bool = False

    def since(self, *version: int) -> bool:
        """Whether this kernel is of that version or a later one."""
        return self.version >= version

    def __str__(self) -> str:
        return f"{self.release}-{self.arch}"


def _x86(release: str, *, rhel: int = 0) -> Kernel:
    version = tuple(int(part) for part in release.split("-")[0].split("."))
    zones = ("DMA", "DMA32", "Normal", "Movable", "Device")[: 5 if version >= (4, 4) else 4]
    return Kernel(version, release, zones=zones, rhel=rhel)


_LOWMEM_32BIT = ("DMA", "Normal", "HighMem", "Movable")

#: At least one kernel for each change of a form, and one for each architecture's trace.
KERNELS = (
    Kernel((2, 6, 24), "2.6.24.2", "i386", zones=_LOWMEM_32BIT, numa=False),
    _x86("2.6.32-5-amd64"),
    _x86("2.6.32-642.11.1.el6.x86_64", rhel=6),
    Kernel((2, 6, 35), "2.6.35.12", "arm", zones=("Normal", "Movable"), numa=False, cma=False),
    _x86("2.6.36.2"),
    _x86("3.2.7"),
    _x86("3.6.5"),
    Kernel((3, 7, 2), "3.7.2", "i386", zones=_LOWMEM_32BIT, numa=False),
    _x86("3.8.13"),
    Kernel((3, 10, 0), "3.10.0-123.el7.x86_64", zones=("DMA", "DMA32", "Normal", "Movable")),
    _x86("3.10.0-1160.el7.x86_64", rhel=7),
    _x86("3.13.10"),
    _x86("3.15.5"),
    _x86("3.19.8"),
    _x86("4.0.5"),
    _x86("4.1.6"),
    Kernel((4, 4, 155), "4.4.155", "ppc64", page_kb=64, zones=("DMA", "Normal", "Movable")),
    _x86("4.5.7"),
    _x86("4.6.1"),
    replace(_x86("4.8.2"), thp=False),
    _x86("4.9.10"),
    replace(_x86("4.12.3"), cma=False),
    _x86("4.15.0-20-generic"),
    _x86("4.18.0-147.el8.x86_64", rhel=81),
    _x86("4.18.0-240.el8.x86_64", rhel=83),
    _x86("4.19.40"),
    Kernel((5, 0, 1), "5.0.1", "arm", zones=("Normal", "HighMem", "Movable"), numa=False),
    _x86("5.2.1"),
    _x86("5.3.1"),
    _x86("5.4.0"),
    _x86("5.8.1"),
    Kernel((5, 10, 44), "5.10.44", "s390x", zones=("DMA", "Normal", "Movable")),
    _x86("5.15.16"),
    _x86("5.16.10"),
    Kernel((6, 1, 20), "6.1.20", "arm64", page_kb=16, zones=("DMA", "DMA32", "Normal", "Movable")),
    Kernel((6, 1, 20), "6.1.20", "riscv", zones=("DMA32", "Normal", "Movable"), numa=False),
    Kernel((6, 5, 0), "6.5.0", "mips", zones=("DMA", "Normal", "Movable"), numa=False),
    _x86("6.6.9"),
    _x86("6.8.1"),
    replace(_x86("6.10.2"), profiled=True),
    _x86("6.11.11"),
    replace(_x86("6.12.3"), profiled=True),
    _x86("6.17.1"),
    replace(_x86("6.18.2"), profiled=True),
    _x86("6.19.1"),
    _x86("7.1.3"),
    replace(_x86("9.0.1"), unheard=True),
)
