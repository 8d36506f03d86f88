"""Blocks between the trailer and the process table: allocation profile and slabs.

    Memory allocations:
        1.23 GiB   314572 mm/memory.c:1124 func:do_anonymous_page
    Unreclaimable slab info:
    Name                      Used          Total
    kmalloc-8k                96KB         96KB

Printed by show_mem() with CONFIG_MEM_ALLOC_PROFILING and dump_unreclaimable_slab()
(mm/show_mem.c, mm/slab_common.c).
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section

#: No size stands in a cache's name.
_NAME = r"(?!\d+KB)\S+(?: (?!\d+KB)\S+){0,3}"

KINDS = (
    LineKind(
        name="profile_header",
        literal="Memory allocations",
        pattern=r"Memory allocations(?: \(profiling is currently turned (?:on|off)\))?:\s*",
        section=Section.PROFILE,
        samples=(
            "Memory allocations:",
            "Memory allocations (profiling is currently turned on):",
        ),
    ),
    LineKind(
        name="allocation_site",
        literal=" func:",
        pattern=r"\s*(?P<size_printed>\d+(?:\.\d+)?(?: ?[KMGTP]?i?B)?) +(?P<calls>\d+) "
        r"(?P<site>\S+:\d+) (?:\[(?P<module>[\w-]+)\] )?func:(?P<function>\S+)\s*",
        section=Section.PROFILE,
        table="allocation_sites",
        samples=(
            "    402653184    98304 mm/memory.c:1124 func:do_anonymous_page",
            "     1.23 GiB   314572 fs/xfs/xfs_buf.c:88 [xfs] func:xfs_buf_alloc",
        ),
    ),
    LineKind(
        name="slab_header",
        literal="Unreclaimable slab info",
        pattern=r"Unreclaimable slab info:\s*",
        section=Section.SLABS,
        samples=("Unreclaimable slab info:",),
    ),
    LineKind(
        name="slab_columns",
        literal="Used",
        pattern=r"Name +Used +Total\s*",
        section=Section.SLABS,
        samples=("Name                      Used          Total",),
    ),
    LineKind(
        name="slab",
        literal="KB",
        pattern=rf"(?P<name>{_NAME}) +(?P<used_kb>\d+)KB +(?P<total_kb>\d+)KB\s*",
        section=Section.SLABS,
        table="slab_caches",
        samples=("kmalloc-8k                96KB         96KB", "UDPv6     31KB     31KB"),
    ),
    LineKind(
        name="slab_not_dumped",
        literal="excessive unreclaimable slab",
        pattern=r"excessive unreclaimable slab but cannot dump stats\s*",
        section=Section.SLABS,
        samples=("excessive unreclaimable slab but cannot dump stats",),
    ),
)
