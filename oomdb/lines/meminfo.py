"""The head of the Mem-Info block: per-CPU lists and system-wide counters in pages.

    Mem-Info:
    Node 0 DMA per-cpu:
    CPU    0: hi:  186, btch:  31 usd:   6
    active_anon:28337 inactive_anon:0 isolated_anon:0
     active_file:0 inactive_file:0 isolated_file:0

Printed by show_free_areas() (mm/page_alloc.c, since 6.4 mm/show_mem.c). The
counters are one record of several lines, which carriers split, indent or join. What
Linux 2.6.18 calls free pages are those of the counter `free`, in kB.
"""

from __future__ import annotations

from oomdb.grammar import PAGE_PAIRS_TEXT, Items, LineKind, Pairs, Section

_COUNTERS = Pairs(name_column="name", value_column="pages")
_FIRST = (
    r"(?:active_anon|Active_anon|Active|active|active_file|inactive_anon|inactive_file|unevictable"
    r"|dirty|slab_reclaimable|mapped|sec_pagetables|kernel_misc_reclaimable|free)"
)

KINDS = (
    LineKind(
        name="mem_info",
        literal="Mem-",
        pattern=r"Mem-[iI]nfo:\s*",
        section=Section.MEMORY,
        opens="memory_dump",
        samples=("Mem-Info:", "Mem-info:"),
    ),
    LineKind(
        name="per_cpu_zone",
        literal="per-cpu:",
        pattern=r"{{ZONE}} per-cpu:(?: empty)?\s*",
        section=Section.MEMORY,
        table="per_cpu_pages",
        heads=True,
        samples=("Node 0 DMA per-cpu:", "HighMem per-cpu:", "HighMem per-cpu: empty"),
    ),
    LineKind(
        name="per_cpu",
        literal="btch:",
        pattern=r"CPU +(?P<cpu>\d+): (?P<items>hi: *\d+, btch: *\d+ usd: *-?\d+)\s*",
        section=Section.MEMORY,
        table="per_cpu_pages",
        items=Items(
            r"hi: *(?P<high_pages>\d+), btch: *(?P<batch_pages>\d+) usd: *(?P<used_pages>-?\d+)"
        ),
        samples=("CPU    0: hi:  186, btch:  31 usd:   6",),
    ),
    LineKind(
        name="per_cpu_hot_cold",
        literal="Cold:",
        pattern=r"CPU +(?P<cpu>\d+): "
        r"(?P<items>Hot: hi: *\d+, btch: *\d+ usd: *-?\d+"
        r" +Cold: hi: *\d+, btch: *\d+ usd: *-?\d+)\s*",
        section=Section.MEMORY,
        table="per_cpu_pages",
        items=Items(
            r"(?P<temperature>Hot|Cold): hi: *(?P<high_pages>\d+), "
            r"btch: *(?P<batch_pages>\d+) usd: *(?P<used_pages>-?\d+)"
        ),
        samples=(
            "CPU    0: Hot: hi:  186, btch:  31 usd:  93   Cold: hi:   62, btch:  15 usd:  55",
        ),
    ),
    LineKind(
        name="per_cpu_temperature",
        literal="high ",
        pattern=r"cpu (?P<cpu>\d+) (?P<items>(?:hot|cold): high \d+, batch \d+ used:-?\d+)\s*",
        section=Section.MEMORY,
        table="per_cpu_pages",
        items=Items(
            r"(?P<temperature>hot|cold): high (?P<high_pages>\d+), "
            r"batch (?P<batch_pages>\d+) used:(?P<used_pages>-?\d+)"
        ),
        samples=("cpu 0 hot: high 186, batch 31 used:12",),
    ),
    LineKind(
        name="free_pages",
        literal="Free pages:",
        pattern=r"Free pages: +\d+kB \(\d+kB HighMem\)\s*",
        section=Section.COUNTERS,
        samples=("Free pages:       23104kB (0kB HighMem)",),
    ),
    LineKind(
        name="memory_counters",
        literal=":",
        pattern=rf"\s*(?P<pairs>(?={_FIRST}:\d){PAGE_PAIRS_TEXT})",
        section=Section.COUNTERS,
        table="memory_counters",
        pairs=_COUNTERS,
        samples=(
            "active_anon:28337 inactive_anon:0 isolated_anon:0",
            " free:443 free_pcp:506 free_cma:0",
            "Active:150615 inactive:339150 dirty:0 writeback:0 unstable:0",
            "Active_anon:372 active_file:45 inactive_anon:154",
        ),
    ),
    LineKind(
        name="memory_counters_more",
        literal=":",
        pattern=rf"\s*(?P<pairs>(?!{_FIRST}:\d){PAGE_PAIRS_TEXT})",
        section=Section.COUNTERS,
        table="memory_counters",
        follows=frozenset({"memory_counters", "memory_counters_more"}),
        pairs=_COUNTERS,
        samples=(" bounce:0", " gpu_pages:17 new_counter:3"),
    ),
)
