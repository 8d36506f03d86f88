"""The trailer of the Mem-Info block: huge pages, page cache, swap and RAM.

    Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
    2610 total pagecache pages
    Free swap  = 0kB
    49019 pages RAM

Printed by hugetlb_show_meminfo(), show_swap_cache_info() and show_mem()
(mm/hugetlb.c, mm/swap_state.c, lib/show_mem.c; arch/arm/mm/init.c up to 3.13).
"""

from __future__ import annotations

from oomdb.grammar import LineKind, Section


def _pages(name: str, text: str, *samples: str) -> LineKind:
    """A line of the form `N words`, stored as the counter `name`.

    A name of its own for what the counter block prints too, counted another way.
    """
    return LineKind(
        name=f"pages_{name}",
        literal=" pages",
        pattern=rf"(?P<pages>\d+) {text}\s*",
        section=Section.TRAILER,
        table="memory_counters",
        constants={"name": name},
        samples=samples,
    )


def _event(name: str, literal: str, pattern: str, *samples: str) -> LineKind:
    """A line whose values are columns of the event."""
    return LineKind(
        name=name,
        literal=literal,
        pattern=pattern,
        section=Section.TRAILER,
        table="events",
        samples=samples,
    )


KINDS = (
    LineKind(
        name="hugepages",
        literal="hugepages_total=",
        pattern=r"(?:Node (?P<node>\d+) )?hugepages_total=(?P<total_count>\d+)"
        r" hugepages_free=(?P<free_count>\d+) hugepages_surp=(?P<surplus_count>\d+)"
        r" hugepages_size=(?P<size_kb>\d+)kB\s*",
        section=Section.TRAILER,
        table="hugepages",
        samples=(
            "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB",
        ),
    ),
    _pages("pagecache", r"total pagecache pages", "2610 total pagecache pages"),
    _pages("pagecache", r"pagecache pages", "2610 pagecache pages"),
    _pages("swap_cache", r"pages in swap cache", "0 pages in swap cache"),
    _pages("swap_cache", r"pages swap cached", "1 pages swap cached"),
    _event(
        "swap_cache_stats",
        "Swap cache",
        r"Swap cache(?: stats)?: add (?P<swap_cache_add>\d+), delete (?P<swap_cache_delete>\d+),"
        r" find (?P<swap_cache_find_success>\d+)/(?P<swap_cache_find_total>\d+)"
        r"(?:, race (?P<swap_cache_race>\d+\+\d+))?\s*",
        "Swap cache stats: add 0, delete 0, find 0/0",
        "Swap cache: add 550090, delete 550089, find 1023187/1039769, race 0+22",
    ),
    _event(
        "free_swap",
        "Free swap",
        r"Free swap *[=:] *(?P<swap_free_kb>-?\d+)kB\s*",
        "Free swap  = 0kB",
        "Free swap:            0kB",
    ),
    _event(
        "total_swap",
        "Total swap",
        r"Total swap = (?P<swap_total_kb>\d+)kB\s*",
        "Total swap = 899064kB",
    ),
    _event(
        "pages_ram",
        "pages",
        r"(?P<ram_pages>\d+) pages (?:of )?RAM\s*",
        "49019 pages RAM",
        "524272 pages of RAM",
    ),
    _event(
        "pages_reserved",
        "reserved",
        r"(?P<reserved_pages>\d+) (?:pages reserved|reserved pages)\s*",
        "13100 pages reserved",
        "5542 reserved pages",
    ),
    _pages(
        "highmem",
        r"pages (?:of )?H(?:ighMem|IGHMEM)(?:/MovableOnly)?",
        "0 pages HighMem/MovableOnly",
        "0 pages HighMem",
        "294896 pages of HIGHMEM",
    ),
    _pages("cma_reserved", r"pages cma reserved", "6144 pages cma reserved"),
    _pages("hwpoisoned", r"pages hwpoisoned", "0 pages hwpoisoned"),
    _pages("pagetable_cache", r"pages in pagetable cache", "12 pages in pagetable cache"),
    _pages("shared", r"pages shared", "284736 pages shared"),
    _pages("non_shared", r"pages non-shared", "1976069 pages non-shared"),
    _pages("free_pages", r"free pages", "369 free pages"),
    _pages("slab_pages", r"slab pages", "560 slab pages"),
    _pages("slab_pages", r"pages slab", "6561 pages slab"),
    _pages("dirty_pages", r"pages dirty", "0 pages dirty"),
    _pages("writeback_pages", r"pages writeback", "0 pages writeback"),
    _pages("mapped_pages", r"pages mapped", "78 pages mapped"),
    _pages("pagetables_pages", r"pages pagetables", "2862 pages pagetables"),
)
