"""The tables of the database as plain data: the one owner of every column.

`oomdb.store.schema` builds the SQLAlchemy models from it, `oomdb.rows.builder` converts
printed text by it, `oomdb.rows.columns` derives Arrow schemas from it and
`docs/tables.md` is generated from it. Nothing here imports SQL or parsing code.

Values are stored as the kernel printed them, in the kernel's unit, which is the
suffix of the column's name. NULL means not printed; 0 means printed as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    """The storage class of a column."""

    TEXT = "text"
    INTEGER = "integer"  # 64 bits, signed
    REAL = "real"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # UTC, without a zone marker
    BLOB = "blob"


class Magnitude(Enum):
    """The largest value that can be true of a kind of number; more is nonsense.

    Physical memory is bounded by 52 address bits and virtual memory by 57
    (x86-64 with five-level page tables, arm64 with LPA2 has less). The others are the kernel's
    own limits: PID_MAX_LIMIT, OOM_SCORE_ADJ_MAX and OOM_DISABLE.
    """

    RAM_KB = 2**42
    RAM_PAGES = 2**40
    VIRTUAL_KB = 2**47
    VIRTUAL_PAGES = 2**45
    RAM_BYTES = 2**52
    PID = 2**22
    UID = 2**32 - 1
    OOM_SCORE_ADJ = 1000
    OOM_ADJ = 17
    ANY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name carries the unit, its comment says what it holds.

    `is_compressed`: its values are compressed as they are, so a database does not try.
    """

    name: str
    type: Type
    comment: str
    magnitude: Magnitude = Magnitude.ANY
    required: bool = False
    is_compressed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `key` is set only where the database enforces it."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    parent: str | None = None

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def _text(name: str, comment: str, *, required: bool = False) -> Column:
    return Column(name, Type.TEXT, comment, required=required)


def _count(name: str, comment: str, *, required: bool = False) -> Column:
    return Column(name, Type.INTEGER, comment, required=required)


def _kb(name: str, comment: str) -> Column:
    return Column(f"{name}_kb", Type.INTEGER, comment + " [kB]", Magnitude.RAM_KB)


def _pages(name: str, comment: str) -> Column:
    return Column(f"{name}_pages", Type.INTEGER, comment + " [pages]", Magnitude.RAM_PAGES)


EVENT_ID = _text("event_id", "The event this row belongs to.", required=True)
NODE = _count("node", "NUMA node number; 0 on kernels without NUMA, which print none.")
ZONE = _text("zone", "Zone name as printed: DMA, DMA32, Normal, HighMem, Movable, Device.")
NODE_BASIS = _text("node_basis", "`printed`, or `no_numa` where the line carried no node number.")

HOSTS = Table(
    "hosts",
    "A machine.",
    (
        _text("host_id", "Derived from the host name.", required=True),
        _text("hostname", "Its fullest printed name.", required=True),
        _text("labels", "Its labels as `role=db, site=eu`, by name; NULL for none."),
    ),
    key=("host_id",),
)

HOST_NAMES = Table(
    "host_names",
    "A name under which logs print a machine.",
    (
        _text("host_id", "The machine.", required=True),
        _text("name", "The name as printed.", required=True),
    ),
)

HOST_LABELS = Table(
    "host_labels",
    "A label of a machine, as the rules in `host_rules` give it.",
    (
        _text("host_id", "The machine.", required=True),
        _text("label", "Name of the label, such as role, cluster, owner.", required=True),
        _text("value", "What it says of this machine.", required=True),
    ),
)

HOST_RULES = Table(
    "host_rules",
    "One label that a line of an imported CSV file gives to hosts.",
    (
        _count("rule_no", "Order of the lines, from 1; of those that fit the last counts."),
        _text("host_pattern", "Shell pattern of the host names that it is for.", required=True),
        _text("label", "Name of the label.", required=True),
        _text("value", "Its value for those hosts.", required=True),
    ),
)

BUDGETS = Table(
    "budgets",
    "How much memory processes may hold: one line of an imported CSV file.",
    (
        _count("budget_no", "Order of the lines, from 1; of those that fit the last counts."),
        _text("host_pattern", "Shell pattern of the hosts that it is for; NULL for all hosts."),
        _text("label", "A label that those hosts must have; NULL for no such condition."),
        _text("label_pattern", "Shell pattern of that label's value."),
        _text("comm_pattern", "Pattern of process names as given; NULL for all names."),
        _text("unit_pattern", "Pattern of systemd units as given; NULL for all processes."),
        _text("comm_like", "comm_pattern for LIKE ... ESCAPE '!', cut as the kernel cuts names."),
        _text("unit_like", "unit_pattern for LIKE ... ESCAPE '!'."),
        Column(
            "budget_kb",
            Type.INTEGER,
            "What a process may hold at most [kB].",
            Magnitude.RAM_KB,
            required=True,
        ),
        _text("note", "What the file says about it."),
    ),
)

BUDGET_HOSTS = Table(
    "budget_hosts",
    "A host that a budget for certain hosts is for.",
    (
        _count("budget_no", "The budget.", required=True),
        _text("host_id", "The machine.", required=True),
    ),
)

SOURCES = Table(
    "sources",
    "A file or stream that was read.",
    (
        _text("source_id", "Derived from path and content.", required=True),
        _text("path", "Absolute path; `!/` before a member of an archive.", required=True),
        _text("sha256", "SHA-256 of the content, hexadecimal.", required=True),
        Column("size_bytes", Type.INTEGER, "Size of the content [bytes].", required=True),
        _text("head_digest", "SHA-256 of its first 1024 bytes; NULL when it is shorter."),
        _text("reading", "Digest of the options and the evidence that it was read with."),
        _text("problem", "Why it could not be read to its end; NULL when it was."),
        _text("carrier", "How the log was written: syslog, dmesg, console, bare, and so on."),
        _count("event_count", "Reports found in it, of any kind."),
        _count("unparsed_line_count", "Lines of those reports that no LineKind took."),
        _text(
            "evidence_digest",
            "SHA-256 over what its sightings keep: the hashes of their evidence, and what the log"
            " told of place, host and time; NULL without any.",
        ),
        Column("ingested_at", Type.TIMESTAMP, "When it was first read (UTC)."),
    ),
    key=("source_id",),
)

INPUTS = Table(
    "inputs",
    "A file as it was when it was read to its end, so that it is known when unchanged.",
    (
        _text("path", "Absolute path; it may hold several sources.", required=True),
        Column("size_bytes", Type.INTEGER, "Size of the file [bytes].", required=True),
        _count("mtime_ns", "Time of its last change since 1970 [ns].", required=True),
        _count("inode", "Its inode number.", required=True),
        _count("device", "Its device number.", required=True),
        _text("options", "Digest of the options that it was read with.", required=True),
    ),
    key=("path",),
)

EVENTS = Table(
    "events",
    "One report of the kernel about memory: an OOM kill or a look-alike.",
    (
        _text("event_id", "Derived from the report's numbers.", required=True),
        _text("copy_digest", "The sighting that these rows were read from.", required=True),
        _text("host_id", "The machine; NULL when nothing tells."),
        _text("printed_hostname", "The fullest name of it that the copies print."),
        _text(
            "kind",
            "oom_kill, no_victim, panic, allocation_failure or memory_dump.",
            required=True,
        ),
        _text("constraint_kind", "none, memcg, cpuset, memory_policy; NULL when not printed."),
        _text("constraint_basis", "printed, or memcg_lines where only those tell."),
        _text("constraint_printed", "The constraint's name as printed, CONSTRAINT_ and all."),
        Column("occurred_at", Type.TIMESTAMP, "When it happened (UTC); NULL when unknowable."),
        _count("occurred_epoch_s", "occurred_at as seconds since 1970 (UTC) [s]."),
        _text("time_basis", "How occurred_at was found, or why it could not be."),
        _text("printed_time", "The wall-clock stamp of the first line as printed."),
        Column("uptime_s", Type.REAL, "Stamp of the first line, seconds since boot [s]."),
        _text("kernel_release", "As on the CPU line, such as 6.1.0-50-amd64."),
        _text("kernel_build", "What follows the release on the CPU line, from # on."),
        Column("page_size_kb", Type.INTEGER, "Size of a page [kB].", Magnitude.RAM_KB),
        _text("page_size_basis", "Where page_size_kb comes from: buddy, victim or present."),
        _text("invoker_comm", "Name of the task that asked for memory, as stored text."),
        Column("invoker_comm_bytes", Type.BLOB, "Its bytes, where the text cannot give them back."),
        _count("invoker_pid", "Its process id, from the CPU line."),
        _count("invoker_uid", "Its effective user id (Linux 6.11 and later)."),
        _count("invoker_cpu", "The processor it ran on."),
        _count("gfp_mask", "Allocation flags as a number."),
        _text("gfp_names", "The flags as the kernel named them; NULL before Linux 4.6."),
        _text("gfp_layout", "Which gfp_bits.layout explains gfp_mask."),
        _text("gfp_layout_basis", "names, mask or kernel_shape: why that layout."),
        _count("alloc_order", "The request was for 2^alloc_order pages; -1 for SysRq-f."),
        _count("invoker_oom_adj", "oom_adj of the invoker (up to Linux 3.6)."),
        _count("invoker_oom_score_adj", "oom_score_adj of the invoker."),
        _text("nodemask", "Memory-policy nodes of the request as printed; (null) when none."),
        _text("cpuset", "Last path component of the invoker's cpuset."),
        _text("mems_allowed", "NUMA nodes that the cpuset allows, as printed."),
        _text("oom_memcg", "The cgroup whose limit was hit; NULL for a global kill."),
        _text("task_memcg", "The cgroup that the victim lived in."),
        _text("kill_message", "What the kill line says before its colon, such as Out of memory."),
        _count("chosen_pid", "Process picked by badness (up to Linux 5.0: a child may die)."),
        _text("chosen_comm", "Name of the chosen process."),
        _count("chosen_uid", "User id of the chosen process, from the summary line."),
        _count("chosen_score", "Printed score of the chosen process; not printed since 5.1."),
        _text("oom_group_memcg", "The cgroup killed as a whole (memory.oom.group)."),
        _text("panic_message", "Text after `Kernel panic - not syncing:`."),
        _text("failure_message", "What failed, for allocation failures and SysRq."),
        _count("suppressed_callbacks", "Reports that the rate limit kept back before this one."),
        _text("taint", "Taint flags as printed; NULL when `Not tainted`."),
        _text("hardware_name", "Machine and firmware as printed."),
        _text("workqueue", "Workqueue line of the invoker, such as events moom_callback."),
        _pages("ram", "All memory, from the trailer"),
        _pages("reserved", "Memory the kernel keeps out of the allocator, as printed"),
        Column("swap_free_kb", Type.INTEGER, "Free swap [kB].", Magnitude.VIRTUAL_KB),
        Column("swap_total_kb", Type.INTEGER, "Total swap [kB].", Magnitude.VIRTUAL_KB),
        _count("swap_cache_add", "Swap cache statistics: pages added since boot."),
        _count("swap_cache_delete", "Swap cache statistics: pages deleted since boot."),
        _count("swap_cache_find_success", "Swap cache statistics: lookups that hit."),
        _count("swap_cache_find_total", "Swap cache statistics: all lookups."),
        _text("swap_cache_race", "Swap cache statistics: races, as printed (up to 2.6.2x)."),
        Column("memory_min_kb", Type.INTEGER, "memory.min in force (6.19) [kB].", Magnitude.RAM_KB),
        Column("memory_low_kb", Type.INTEGER, "memory.low in force (6.19) [kB].", Magnitude.RAM_KB),
        _text("task_table_header", "Column names of the process table as printed."),
        _text("damage", "What is wrong with the report, sorted words; NULL when whole."),
    ),
    key=("event_id",),
)

SIGHTINGS = Table(
    "sightings",
    "One place where an event was seen; `copy_` is what this place alone tells.",
    (
        EVENT_ID,
        _text("source_id", "The source it was seen in.", required=True),
        _count("first_line", "Number of its first line, from 1."),
        _count("last_line", "Number of its last line."),
        _count("first_byte", "Offset of its first byte in the content, from 0."),
        _count("last_byte", "Offset just past its last byte."),
        _text("copy_carrier", "How this part of the source was written."),
        _text("copy_json_fields", "The fields of JSON that the user named for it, one a line."),
        _text("copy_damage", "What is wrong with this copy; NULL when whole."),
        _text("copy_digest", "Names this copy by its own lines.", required=True),
        _text("victim_key", "Stands for the numbers of the first kill; NULL without one."),
        _text("body_key", "Stands for the numbers of the memory dump; NULL without one."),
        _text("head_uptime_key", "Stands for the first line and its stamp since boot."),
        _text("head_wall_key", "Stands for the first line and its wall-clock stamp."),
        Column("is_sized", Type.BOOLEAN, "Whether the kill line held sizes."),
        _count("lines_taken", "Lines of the report that were understood."),
        _text("copy_hostname", "The host as this copy tells it; NULL when it does not."),
        _text("boot_id", "The boot as this copy tells it (journal); NULL when it does not."),
        Column("copy_uptime_s", Type.REAL, "Stamp of the first line since boot [s]."),
        _text("copy_printed_time", "The wall-clock stamp of the first line as printed."),
        Column("copy_occurred_at", Type.TIMESTAMP, "When it happened by this copy (UTC)."),
        _text("copy_time_basis", "How occurred_at was found, or why it could not be."),
        Column(
            "moment_s",
            Type.REAL,
            "The stamp in seconds: from 1970, or from the year's start [s].",
        ),
        Column("moment_has_year", Type.BOOLEAN, "Whether moment_s counts from 1970."),
        Column("moment_has_zone", Type.BOOLEAN, "Whether moment_s is in UTC."),
        Column(
            "evidence", Type.BLOB, "The report's own lines, zstd-compressed.", is_compressed=True
        ),
        Column("evidence_sha256", Type.BLOB, "SHA-256 of those lines.", required=True),
    ),
    parent="events",
)

VICTIMS = Table(
    "victims",
    "One killed process of an event.",
    (
        EVENT_ID,
        _count("victim_no", "Order of death, from 1.", required=True),
        _text("role", "victim, group (memory.oom.group) or sharing_mm (died with the victim)."),
        _count("pid", "Process id."),
        _text("comm", "Name, at most 15 bytes in the kernel."),
        Column("comm_bytes", Type.BLOB, "Its bytes, where the text cannot give them back."),
        _count("uid", "User id."),
        _count("score", "Printed badness; NULL when it was printed for another process or never."),
        Column("total_vm_kb", Type.INTEGER, "Mapped address space [kB].", Magnitude.VIRTUAL_KB),
        _kb("anon_rss", "Resident anonymous memory"),
        _kb("file_rss", "Resident file-backed memory"),
        _kb("shmem_rss", "Resident shared memory"),
        _kb("pgtables", "Page tables"),
        _count("oom_score_adj", "oom_score_adj of the victim."),
        _kb("reaped_anon_rss", "Anonymous memory left after the OOM reaper"),
        _kb("reaped_file_rss", "File-backed memory left after the OOM reaper"),
        _kb("reaped_shmem_rss", "Shared memory left after the OOM reaper"),
        Column("reaped_uptime_s", Type.REAL, "Stamp of the oom_reaper line [s]."),
        _text("reaper_outcome", "reaped, or the reason why it could not; NULL when not printed."),
    ),
    parent="events",
)

PROCESSES = Table(
    "processes",
    "One row of the process table.",
    (
        EVENT_ID,
        _count("row_no", "Position in the table, from 1.", required=True),
        Column("pid", Type.INTEGER, "Process id.", Magnitude.PID),
        Column("uid", Type.INTEGER, "User id in the initial namespace.", Magnitude.UID),
        Column(
            "tgid",
            Type.INTEGER,
            "Thread group id; differs from pid when the leader has exited.",
            Magnitude.PID,
        ),
        Column("total_vm_pages", Type.INTEGER, "Address space [pages].", Magnitude.VIRTUAL_PAGES),
        _pages("rss", "Resident memory"),
        _pages("rss_anon", "Resident anonymous memory (Linux 6.8 and later)"),
        _pages("rss_file", "Resident file-backed memory (Linux 6.8 and later)"),
        _pages("rss_shmem", "Resident shared memory (Linux 6.8 and later)"),
        Column(
            "nr_ptes", Type.INTEGER, "Last-level page-table pages [pages].", Magnitude.RAM_PAGES
        ),
        Column(
            "nr_pmds", Type.INTEGER, "Middle-level page-table pages [pages].", Magnitude.RAM_PAGES
        ),
        Column("pgtables_bytes", Type.INTEGER, "Page tables [bytes].", Magnitude.RAM_BYTES),
        Column("swapents", Type.INTEGER, "Pages in swap [pages].", Magnitude.VIRTUAL_PAGES),
        _count("cpu", "Processor it last ran on (up to Linux 3.5)."),
        Column("oom_adj", Type.INTEGER, "-17 to 15 (up to Linux 3.5).", Magnitude.OOM_ADJ),
        Column("oom_score_adj", Type.INTEGER, "-1000 to 1000.", Magnitude.OOM_SCORE_ADJ),
        _text("comm", "Name, at most 15 bytes in the kernel."),
        Column("comm_bytes", Type.BLOB, "Its bytes, where the text cannot give them back."),
    ),
    parent="events",
)

_LRU = (
    _kb("active_anon", "Anonymous memory used lately"),
    _kb("inactive_anon", "Anonymous memory not used lately"),
    _kb("active_file", "File cache used lately"),
    _kb("inactive_file", "File cache not used lately"),
    _kb("unevictable", "Memory that cannot be reclaimed"),
    _kb("isolated_anon", "Anonymous memory off the lists, being reclaimed"),
    _kb("isolated_file", "File cache off the lists, being reclaimed"),
    _kb("mapped", "File cache mapped into processes"),
    _kb("dirty", "File cache waiting to be written"),
    _kb("writeback", "File cache being written"),
    _kb("shmem", "Shared memory and tmpfs"),
    _kb("kernel_stack", "Kernel stacks"),
    _kb("shadow_call_stack", "Shadow call stacks (arm64)"),
    _kb("pagetables", "Page tables"),
    _kb("unstable", "NFS pages not yet committed"),
    _kb("writeback_tmp", "FUSE writeback buffers"),
    _count("pages_scanned", "Pages scanned since the last one was freed [pages]."),
    Column("all_unreclaimable", Type.BOOLEAN, "Whether the kernel gave up reclaiming here."),
)

NODES = Table(
    "nodes",
    "One NUMA node's counters (Linux 4.8 and later).",
    (
        EVENT_ID,
        NODE,
        *_LRU,
        _kb("shmem_thp", "Shared memory in huge pages"),
        _kb("shmem_pmdmapped", "Shared memory mapped by huge entries"),
        _kb("anon_thp", "Anonymous memory in transparent huge pages"),
        _kb("sec_pagetables", "Secondary page tables (KVM, IOMMU)"),
        _kb("balloon", "Memory given back to the hypervisor"),
        _kb("gpu_active", "Memory in use by graphics drivers (Linux 7.1 and later)"),
        _kb("gpu_reclaim", "Memory that graphics drivers could give back"),
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
        _count("zone_no", "Position among the report's zone lines, from 1."),
        _kb("free", "Free memory"),
        _kb("present", "Memory that exists in the zone"),
        _kb("managed", "Memory that the allocator manages (Linux 3.8 and later)"),
        _kb("reserved_highatomic", "Page blocks reserved for high-order atomic requests"),
        _kb("free_highatomic", "Free memory inside those"),
        *_LRU,
        _kb("active", "Memory used lately (up to Linux 2.6.27)"),
        _kb("inactive", "Memory not used lately (up to Linux 2.6.27)"),
        _kb("writepending", "File cache dirty or being written"),
        _kb("zspages", "Memory of compressed swap pages"),
        _kb("mlocked", "Locked memory"),
        _kb("slab_reclaimable", "Slab that can be reclaimed"),
        _kb("slab_unreclaimable", "Slab that cannot"),
        _kb("bounce", "Bounce buffers"),
        _kb("free_pcp", "Free pages held in per-CPU lists, not in free_kb"),
        _kb("local_pcp", "Those of the printing CPU"),
        _kb("free_cma", "Free memory in contiguous-allocation areas"),
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
        _kb("min", "Below it only emergencies allocate; includes boost"),
        _kb("low", "Below it kswapd wakes; includes boost"),
        _kb("high", "Above it kswapd sleeps; includes boost"),
        _kb("boost", "Temporary raise after fragmentation (printed since 5.16)"),
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
        _count("class_index", "Highest zone type the request may use, from 0.", required=True),
        _pages("reserve", "Kept back from requests of that class"),
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
        _count("alloc_order", "Blocks of 2^alloc_order pages.", required=True),
        Column("block_kb", Type.INTEGER, "Size of a block [kB].", Magnitude.RAM_KB),
        _count("free_blocks", "Free blocks of that size."),
        _text("migratetypes", "Letters of the lists that are not empty: U M E H C I R."),
    ),
    parent="events",
)

BUDDY_TOTALS = Table(
    "buddy_totals",
    "The sum that the kernel printed at the end of a zone's free lists.",
    (EVENT_ID, NODE, ZONE, _kb("total", "Sum over all orders")),
    parent="events",
)

MEMORY_COUNTERS = Table(
    "memory_counters",
    "One counter of the Mem-Info block or its trailer.",
    (
        EVENT_ID,
        _text("name", "The kernel's name of the counter.", required=True),
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
        _count("cpu", "Processor number."),
        _text("temperature", "Hot or Cold as printed (up to 2.6.24); NULL for the single list."),
        _count("high_pages", "Above it the list is drained [pages]."),
        _count("batch_pages", "Pages moved at once [pages]."),
        _count("used_pages", "Pages in the list [pages]."),
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
        _count("total_count", "Huge pages in the pool."),
        _count("free_count", "Of those, free."),
        _count("surplus_count", "Of those, above the configured number."),
    ),
    parent="events",
)

CGROUP_COUNTERS = Table(
    "cgroup_counters",
    "One usage, limit or statistic of a memory cgroup.",
    (
        EVENT_ID,
        _text("cgroup", "Path of the cgroup; NULL where the line does not tell."),
        _text("name", "Kernel's name, such as memory.usage, swap.limit or anon.", required=True),
        _count("value", "As printed; NULL when unlimited or nonsense."),
        _text("unit", "kB, bytes or count.", required=True),
        _text("printed", "The printed number where value is NULL."),
    ),
    parent="events",
)

SLAB_CACHES = Table(
    "slab_caches",
    "One unreclaimable slab.",
    (
        EVENT_ID,
        _text("name", "Name of the cache.", required=True),
        _kb("used", "Memory in objects in use"),
        _kb("total", "Memory of the cache"),
    ),
    parent="events",
)

ALLOCATION_SITES = Table(
    "allocation_sites",
    "One line of the memory-allocation profile (Linux 6.10 and later).",
    (
        EVENT_ID,
        _count("position", "Rank as printed, from 1."),
        Column("size_bytes", Type.INTEGER, "Allocated [bytes]; NULL when printed rounded."),
        _text("size_printed", "The size as printed, such as 1.23 GiB."),
        _count("calls", "Number of allocations."),
        _text("site", "file:line as printed."),
        _text("module", "Kernel module; NULL for built-in code."),
        _text("function", "Function name."),
    ),
    parent="events",
)

STACK_FRAMES = Table(
    "stack_frames",
    "One call-trace frame.",
    (
        EVENT_ID,
        _count("trace_no", "1 for the invoker's trace, 2 and up for later ones (a panic's)."),
        _count("position", "From the top, from 1.", required=True),
        _text("symbol", "Function name, or an address that has none.", required=True),
        _text("frame_offset", "Offset and size, such as 0x1a/0x30."),
        _text("module", "Kernel module; NULL for built-in code."),
        _text("module_build_id", "Build id of the module, hexadecimal (since 5.14 where set)."),
        _text("address", "Printed addresses; NULL on kernels that print none."),
        _text("called_from", "The caller as printed, on 32-bit ARM; NULL elsewhere."),
        _text("source", "File and line, where a script looked them up; NULL elsewhere."),
        Column("inlined", Type.BOOLEAN, "Whether it is an inlined call; NULL where unknown."),
        Column("reliable", Type.BOOLEAN, "False for frames marked ? or (unreliable)."),
        _text("context", "Marker above the frame, such as IRQ or TASK."),
    ),
    parent="events",
)

TRACE_LINES = Table(
    "trace_lines",
    "A line of a trace that is not a frame: registers, code bytes, raw stack words.",
    (
        EVENT_ID,
        _count("trace_no", "1 for the invoker's trace, 2 and up for later ones."),
        _count("line_no", "Line of the report, from 1."),
        _text("name", "registers, code, stack_words, interrupt, panic, and so on."),
        _text("text", "The line as printed."),
    ),
    parent="events",
)

EXTRA_FIELDS = Table(
    "extra_fields",
    "A printed value that has no column of its own, or that cannot be true.",
    (
        EVENT_ID,
        _count("line_no", "Line of the report, from 1."),
        _text("scope", "Table that the line feeds."),
        NODE,
        ZONE,
        _count("row_no", "Row of the process table, where it is one of its columns."),
        _text("name", "Key as printed; a nonsense value's column.", required=True),
        _text("value", "Value as printed, without its unit."),
        _text("unit", "kB, KB, pages, bytes or NULL, as printed."),
        _text("reason", "unknown_key or nonsense_value.", required=True),
    ),
    parent="events",
)

UNPARSED_LINES = Table(
    "unparsed_lines",
    "One line of a report that no LineKind took.",
    (
        EVENT_ID,
        _count("line_no", "Line of the report, from 1."),
        _text("text", "Its text without the carrier's prefix."),
        _text("reason", "unknown, clipped, spliced or not_understood_rest."),
    ),
    parent="events",
)

GFP_BITS = Table(
    "gfp_bits",
    "Reference: the name of one bit of gfp_mask in one layout.",
    (
        _text("layout", "Name of the layout: the kernel versions that use it.", required=True),
        _count("bit", "The bit's value.", required=True),
        _text("flag", "Name without __GFP_.", required=True),
        _text("meaning", "What it asks for, in a few words."),
    ),
)

CUSTODY = Table(
    "custody",
    "One act that changed what the database holds; each is chained to the one before.",
    (
        _count("entry_no", "Order of the acts, from 1.", required=True),
        Column("happened_at", Type.TIMESTAMP, "When it was done (UTC).", required=True),
        _text(
            "action", "ingest, reparse, rebuild, upgrade, hosts import and so on.", required=True
        ),
        _text("actor", "Name of the user whose process did it, or the number.", required=True),
        _text("login", "Name of the user who had logged in, before sudo; NULL when unknown."),
        _text("machine", "Name of the machine that it was done on.", required=True),
        _text("oomdb_version", "The oomdb that did it.", required=True),
        _text("options", "What was asked for, as a JSON object.", required=True),
        _text("sources_sha256", "SHA-256 over its rows of custody_sources.", required=True),
        _text("previous_sha256", "entry_sha256 of the entry before; NULL in the first."),
        _text("entry_sha256", "SHA-256 over all columns before this.", required=True),
    ),
    key=("entry_no",),
)

CUSTODY_SOURCES = Table(
    "custody_sources",
    "A source that an act added to the database or took out of it.",
    (
        _count("entry_no", "The entry of custody.", required=True),
        _count("change_no", "Order of the changes of an entry, from 1.", required=True),
        _text("change", "added or removed.", required=True),
        _text("path", "As in sources.", required=True),
        _text("sha256", "As in sources.", required=True),
        Column("size_bytes", Type.INTEGER, "As in sources [bytes].", required=True),
        _text("evidence_digest", "As in sources."),
    ),
)

PROPERTIES = Table(
    "properties",
    "A fact about the database itself.",
    (
        _text("name", "What it is.", required=True),
        _text("value", "Its value.", required=True),
    ),
)

TABLES: tuple[Table, ...] = (
    HOSTS,
    HOST_NAMES,
    HOST_LABELS,
    HOST_RULES,
    BUDGETS,
    BUDGET_HOSTS,
    SOURCES,
    INPUTS,
    EVENTS,
    SIGHTINGS,
    VICTIMS,
    PROCESSES,
    NODES,
    ZONES,
    WATERMARKS,
    LOWMEM_RESERVES,
    BUDDY_ORDERS,
    BUDDY_TOTALS,
    MEMORY_COUNTERS,
    PER_CPU_PAGES,
    HUGEPAGES,
    CGROUP_COUNTERS,
    SLAB_CACHES,
    ALLOCATION_SITES,
    STACK_FRAMES,
    TRACE_LINES,
    EXTRA_FIELDS,
    UNPARSED_LINES,
    GFP_BITS,
    CUSTODY,
    CUSTODY_SOURCES,
    PROPERTIES,
)

BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
EVENT_TABLES: tuple[Table, ...] = tuple(table for table in TABLES if table.parent == "events")

#: What was done to the database, when and from where; not what it holds.
HISTORY: tuple[Table, ...] = (INPUTS, CUSTODY, CUSTODY_SOURCES)

#: What users import, not derived from any log.
TOLD: tuple[Table, ...] = (HOST_RULES, BUDGETS)
