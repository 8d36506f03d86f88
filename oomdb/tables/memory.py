"""Where the memory is: nodes, zones, cgroups, slabs, counters."""

from __future__ import annotations

from oomdb.tables.column import (
    EVENT_ID,
    NODE,
    NODE_BASIS,
    ZONE,
    Column,
    Magnitude,
    Table,
    Type,
    count,
    kb,
    pages,
    text,
)

_LRU = (
    kb("active_anon", "Anonymous memory used lately"),
    kb("inactive_anon", "Anonymous memory not used lately"),
    kb("active_file", "File cache used lately"),
    kb("inactive_file", "File cache not used lately"),
    kb("unevictable", "Memory that cannot be reclaimed"),
    kb("isolated_anon", "Anonymous memory off the lists, being reclaimed"),
    kb("isolated_file", "File cache off the lists, being reclaimed"),
    kb("mapped", "File cache mapped into processes"),
    kb("dirty", "File cache waiting to be written"),
    kb("writeback", "File cache being written"),
    kb("shmem", "Shared memory and tmpfs"),
    kb("kernel_stack", "Kernel stacks"),
    kb("shadow_call_stack", "Shadow call stacks (arm64)"),
    kb("pagetables", "Page tables"),
    kb("unstable", "NFS pages not yet committed"),
    kb("writeback_tmp", "FUSE writeback buffers"),
    count("pages_scanned", "Pages scanned since the last one was freed [pages]."),
    Column("all_unreclaimable", Type.BOOLEAN, "Whether the kernel gave up reclaiming here."),
)

NODES = Table(
    "nodes",
    "One NUMA node's counters (Linux 4.8 and later).",
    (
        EVENT_ID,
        NODE,
        *_LRU,
        kb("shmem_thp", "Shared memory in huge pages"),
        kb("shmem_pmdmapped", "Shared memory mapped by huge entries"),
        kb("anon_thp", "Anonymous memory in transparent huge pages"),
        kb("sec_pagetables", "Secondary page tables (KVM, IOMMU)"),
        kb("balloon", "Memory given back to the hypervisor"),
        kb("gpu_active", "Memory in use by graphics drivers (Linux 7.1 and later)"),
        kb("gpu_reclaim", "Memory that graphics drivers could give back"),
    ),
    parent="events",
)

ZONES = Table(
    "zones",
    "One memory zone.",
    (
        EVENT_ID,
        NODE,
        NODE_BASIS,
        ZONE,
        count("zone_no", "Position among the report's zone lines, from 1."),
        kb("free", "Free memory"),
        kb("present", "Memory that exists in the zone"),
        kb("managed", "Memory that the allocator manages (Linux 3.8 and later)"),
        kb("reserved_highatomic", "Page blocks reserved for high-order atomic requests"),
        kb("free_highatomic", "Free memory inside those"),
        *_LRU,
        kb("active", "Memory used lately (up to Linux 2.6.27)"),
        kb("inactive", "Memory not used lately (up to Linux 2.6.27)"),
        kb("writepending", "File cache dirty or being written"),
        kb("zspages", "Memory of compressed swap pages"),
        kb("mlocked", "Locked memory"),
        kb("slab_reclaimable", "Slab that can be reclaimed"),
        kb("slab_unreclaimable", "Slab that cannot"),
        kb("bounce", "Bounce buffers"),
        kb("free_pcp", "Free pages held in per-CPU lists, not in free_kb"),
        kb("local_pcp", "Those of the printing CPU"),
        kb("free_cma", "Free memory in contiguous-allocation areas"),
    ),
    parent="events",
)

WATERMARKS = Table(
    "watermarks",
    "One zone's watermarks.",
    (
        EVENT_ID,
        NODE,
        ZONE,
        kb("min", "Below it only emergencies allocate; includes boost"),
        kb("low", "Below it kswapd wakes; includes boost"),
        kb("high", "Above it kswapd sleeps; includes boost"),
        kb("boost", "Temporary raise after fragmentation (printed since 5.16)"),
    ),
    parent="events",
)

LOWMEM_RESERVES = Table(
    "lowmem_reserves",
    "One entry of a zone's lowmem_reserve[].",
    (
        EVENT_ID,
        NODE,
        ZONE,
        count("class_index", "Highest zone type the request may use, from 0.", required=True),
        pages("reserve", "Kept back from requests of that class"),
    ),
    parent="events",
)

BUDDY_ORDERS = Table(
    "buddy_orders",
    "One order of one zone's free lists.",
    (
        EVENT_ID,
        NODE,
        ZONE,
        count("alloc_order", "Blocks of 2^alloc_order pages.", required=True),
        Column("block_kb", Type.INTEGER, "Size of a block [kB].", Magnitude.RAM_KB),
        count("free_blocks", "Free blocks of that size."),
        text("migratetypes", "Letters of the lists that are not empty: U M E H C I R."),
    ),
    parent="events",
)

BUDDY_TOTALS = Table(
    "buddy_totals",
    "The sum that the kernel printed at the end of a zone's free lists.",
    (EVENT_ID, NODE, ZONE, kb("total", "Sum over all orders")),
    parent="events",
)

MEMORY_COUNTERS = Table(
    "memory_counters",
    "One counter of the Mem-Info block or its trailer.",
    (
        EVENT_ID,
        text("name", "The kernel's name of the counter.", required=True),
        Column("pages", Type.INTEGER, "Its value [pages].", Magnitude.RAM_PAGES),
    ),
    parent="events",
)

PER_CPU_PAGES = Table(
    "per_cpu_pages",
    "One CPU's page lists of one zone (up to Linux 4.0).",
    (
        EVENT_ID,
        NODE,
        ZONE,
        count("cpu", "Processor number."),
        text("temperature", "Hot or Cold as printed (up to 2.6.24); NULL for the single list."),
        count("high_pages", "Above it the list is drained [pages]."),
        count("batch_pages", "Pages moved at once [pages]."),
        count("used_pages", "Pages in the list [pages]."),
    ),
    parent="events",
)

HUGEPAGES = Table(
    "hugepages",
    "One hugetlb pool of one node.",
    (
        EVENT_ID,
        NODE,
        Column("size_kb", Type.INTEGER, "Size of a huge page [kB].", Magnitude.RAM_KB),
        count("total_count", "Huge pages in the pool."),
        count("free_count", "Of those, free."),
        count("surplus_count", "Of those, above the configured number."),
    ),
    parent="events",
)

CGROUP_COUNTERS = Table(
    "cgroup_counters",
    "One usage, limit or statistic of a memory cgroup.",
    (
        EVENT_ID,
        text("cgroup", "Path of the cgroup; NULL where the line does not tell."),
        text("name", "Kernel's name, such as memory.usage, swap.limit or anon.", required=True),
        count("value", "As printed; NULL when unlimited or nonsense."),
        text("unit", "kB, bytes or count.", required=True),
        text("printed", "The printed number where value is NULL."),
    ),
    parent="events",
)

SLAB_CACHES = Table(
    "slab_caches",
    "One unreclaimable slab.",
    (
        EVENT_ID,
        text("name", "Name of the cache.", required=True),
        kb("used", "Memory in objects in use"),
        kb("total", "Memory of the cache"),
    ),
    parent="events",
)

ALLOCATION_SITES = Table(
    "allocation_sites",
    "One line of the memory-allocation profile (Linux 6.10 and later).",
    (
        EVENT_ID,
        count("position", "Rank as printed, from 1."),
        Column("size_bytes", Type.INTEGER, "Allocated [bytes]; NULL when printed rounded."),
        text("size_printed", "The size as printed, such as 1.23 GiB."),
        count("calls", "Number of allocations."),
        text("site", "file:line as printed."),
        text("module", "Kernel module; NULL for built-in code."),
        text("function", "Function name."),
    ),
    parent="events",
)
