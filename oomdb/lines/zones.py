"""Node and zone lines, their reserves and free lists.

    Node 0 active_anon:113348kB inactive_anon:0kB ... all_unreclaimable? no
    Node 0 DMA free:880kB boost:0kB min:168kB low:208kB high:248kB ...
    lowmem_reserve[]: 0 125 125 125 125
    Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (M) ... = 884kB

Printed by show_free_areas(). Kernels without CONFIG_NUMA print no `Node N`.
Fields are read by key, so a new one needs no change here. Linux 4.8 and 4.9 with
transparent huge pages print shmem and the three THP fields of the node line one
place off (fixed in 4.10); they are stored as printed.
"""

from __future__ import annotations

from oomdb.grammar import KB_PAIRS_TEXT, Items, LineKind, Pairs, Section

ZONE_PAIRS = Pairs(
    columns={
        "min": "watermarks.min_kb",
        "low": "watermarks.low_kb",
        "high": "watermarks.high_kb",
        "boost": "watermarks.boost_kb",
    }
)
NODE_PAIRS = Pairs()

KINDS = (
    LineKind(
        name="node",
        literal="active_anon:",
        pattern=rf"Node (?P<node>\d+) (?P<pairs>(?=[a-z]){KB_PAIRS_TEXT})",
        section=Section.NODES,
        table="nodes",
        pairs=NODE_PAIRS,
        samples=(
            "Node 0 active_anon:113348kB inactive_anon:0kB isolated(anon):0kB shmem_thp:0kB"
            " pagetables:1076kB all_unreclaimable? no Balloon:0kB",
            "Node 1 active_anon:3124kB shmem_thp: 0kB anon_thp: 0kB pages_scanned:0"
            " all_unreclaimable? yes",
        ),
    ),
    LineKind(
        name="zone",
        literal=" free:",
        pattern=rf"{{{{ZONE}}}} (?P<pairs>(?=free:){KB_PAIRS_TEXT})",
        section=Section.ZONES,
        table="zones",
        pairs=ZONE_PAIRS,
        samples=(
            "Node 0 DMA free:880kB boost:0kB min:168kB low:208kB high:248kB"
            " reserved_highatomic:0KB present:15992kB managed:15360kB free_cma:0kB",
            "HighMem free:452kB min:512kB low:1736kB high:2964kB active:200720kB"
            " present:1170372kB pages_scanned:3284202 all_unreclaimable? yes",
        ),
    ),
    LineKind(
        name="zone_more",
        literal="kB",
        pattern=rf"\s*(?P<pairs>{KB_PAIRS_TEXT})",
        section=Section.ZONES,
        table="zones",
        follows=frozenset({"zone", "zone_more"}),
        mends=frozenset({"wrapped"}),
        pairs=ZONE_PAIRS,
        samples=("active_anon:2643608kB  inactive_anon:61560kB active_file:40kB",),
    ),
    LineKind(
        name="node_more",
        literal="kB",
        pattern=rf"\s*(?P<pairs>{KB_PAIRS_TEXT})",
        section=Section.NODES,
        table="nodes",
        follows=frozenset({"node", "node_more"}),
        mends=frozenset({"wrapped"}),
        pairs=NODE_PAIRS,
        samples=("active_file:16604kB inactive_file:849976kB unevictable:0kB",),
    ),
    LineKind(
        name="lowmem_reserve",
        literal="lowmem_reserve[]:",
        pattern=r"lowmem_reserve\[\]:(?P<items>(?: -?\d+)+)\s*",
        section=Section.ZONES,
        table="lowmem_reserves",
        items=Items(r" (?P<reserve_pages>-?\d+)", index="class_index"),
        samples=("lowmem_reserve[]: 0 125 125 125 125",),
    ),
    LineKind(
        name="buddy",
        literal="kB",
        pattern=r"{{ZONE}}: (?P<items>\d+\*\d+kB(?: \([A-Z]+\))?(?: +\d+\*\d+kB(?: \([A-Z]+\))?)*)"
        r" += (?P<total_kb>\d+)kB\s*",
        section=Section.BUDDY,
        table="buddy_orders",
        items=Items(
            r"(?P<free_blocks>\d+)\*(?P<block_kb>\d+)kB(?: \((?P<migratetypes>[A-Z]+)\))?",
            index="alloc_order",
        ),
        samples=(
            "Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (M) = 884kB",
            "Normal: 9168*4kB 1*8kB 0*16kB = 40136kB",
        ),
    ),
    LineKind(
        name="buddy_clipped",
        literal="kB",
        pattern=r"{{ZONE}}: (?P<items>\d+\*\d+kB(?: \([A-Z]+\))?(?: +\d+\*\d+kB(?: \([A-Z]+\))?)*)",
        section=Section.BUDDY,
        table="buddy_orders",
        items=Items(
            r"(?P<free_blocks>\d+)\*(?P<block_kb>\d+)kB(?: \((?P<migratetypes>[A-Z]+)\))?",
            index="alloc_order",
        ),
        mends=frozenset({"clipped"}),
        samples=("Node 0 DMA: 7*4kB (U) 5*8kB (UE) 6*16kB (UME)",),
    ),
    LineKind(
        name="buddy_empty",
        literal=": empty",
        pattern=r"{{ZONE}}: empty",
        section=Section.BUDDY,
        table="buddy_orders",
        heads=True,
        samples=("HighMem: empty",),
    ),
)
