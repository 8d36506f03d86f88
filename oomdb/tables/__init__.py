"""The tables of the database as plain data: the one owner of every column.

`oomdb.store.schema` builds the SQLAlchemy models from it, `oomdb.rows.builder` converts
printed text by it, `oomdb.rows.columns` derives Arrow schemas from it and
`docs/tables.md` is generated from it. Nothing here imports SQL or parsing code.

Values are stored as the kernel printed them, in the kernel's unit, which is the
suffix of the column's name. NULL means not printed; 0 means printed as zero.
"""

from __future__ import annotations

from oomdb.tables.column import EVENT_ID, Column, Magnitude, Table, Type
from oomdb.tables.database import CUSTODY, CUSTODY_SOURCES, GFP_BITS, PROPERTIES
from oomdb.tables.events import EVENTS, PROCESSES, VICTIMS
from oomdb.tables.hosts import BUDGET_HOSTS, BUDGETS, HOST_LABELS, HOST_NAMES, HOST_RULES, HOSTS
from oomdb.tables.lines import EXTRA_FIELDS, STACK_FRAMES, TRACE_LINES, UNPARSED_LINES
from oomdb.tables.logs import INPUTS, SIGHTINGS, SOURCES
from oomdb.tables.memory import (
    ALLOCATION_SITES,
    BUDDY_ORDERS,
    BUDDY_TOTALS,
    CGROUP_COUNTERS,
    HUGEPAGES,
    LOWMEM_RESERVES,
    MEMORY_COUNTERS,
    NODES,
    PER_CPU_PAGES,
    SLAB_CACHES,
    WATERMARKS,
    ZONES,
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

__all__ = [
    "ALLOCATION_SITES",
    "BUDDY_ORDERS",
    "BUDDY_TOTALS",
    "BUDGETS",
    "BUDGET_HOSTS",
    "BY_NAME",
    "CGROUP_COUNTERS",
    "CUSTODY",
    "CUSTODY_SOURCES",
    "EVENTS",
    "EVENT_ID",
    "EVENT_TABLES",
    "EXTRA_FIELDS",
    "GFP_BITS",
    "HISTORY",
    "HOSTS",
    "HOST_LABELS",
    "HOST_NAMES",
    "HOST_RULES",
    "HUGEPAGES",
    "INPUTS",
    "LOWMEM_RESERVES",
    "MEMORY_COUNTERS",
    "NODES",
    "PER_CPU_PAGES",
    "PROCESSES",
    "PROPERTIES",
    "SIGHTINGS",
    "SLAB_CACHES",
    "SOURCES",
    "STACK_FRAMES",
    "TABLES",
    "TOLD",
    "TRACE_LINES",
    "UNPARSED_LINES",
    "VICTIMS",
    "WATERMARKS",
    "ZONES",
    "Column",
    "Magnitude",
    "Table",
    "Type",
]
