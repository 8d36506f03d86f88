"""Zones refuse as __zone_watermark_ok() in mm/page_alloc.c does; numbers by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plain_database import insert
from tests.queries.request import (
    GFP_ATOMIC_5_1,
    GFP_HIGHUSER_MOVABLE_5_1,
    GFP_KERNEL_3_10,
    GFP_KERNEL_5_1,
    insert_request,
)
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # Class 2 is Normal, the highest zone that has memory. Its reserves are 0 pages in
    # Normal, 4990 * 4 = 19960 kB in DMA32 and 7792 * 4 = 31168 kB in DMA.
    assert select("zone_fallbacks", "fallback_no, zone, class_index, reserve_kb, verdict") == [
        (1, "Normal", 2, 0, "below_watermark"),
        (2, "DMA32", 2, 19960, "reserve_blocked"),
        (3, "DMA", 2, 31168, "reserve_blocked"),
    ]
    # Needed: watermark + reserve, as 24252 + 19960 = 44212; short: 44212 - 43500 = 712.
    assert select(
        "zone_fallbacks", "fallback_no, needed_min_kb, needed_low_kb, needed_high_kb"
    ) == [
        (1, 43192, 53988, 64788),
        (2, 44212, 50272, 56336),
        (3, 31300, 31332, 31364),
    ]
    assert select("zone_fallbacks", "fallback_no, short_min_kb, short_low_kb, short_high_kb") == [
        (1, 6992, 17788, 28588),
        (2, 712, 6772, 12836),
        (3, 15400, 15432, 15464),
    ]
    columns = "zone, zone_index, free_kb, usable_free_kb, min_kb, low_kb, high_kb"
    assert select("zone_fallbacks", columns) == [
        ("DMA", 0, 15900, 15900, 132, 164, 196),
        ("DMA32", 1, 43500, 43500, 24252, 30312, 36376),
        ("Normal", 2, 36200, 36200, 43192, 53988, 64788),
    ]


@pytest.mark.parametrize(
    ("free_kb", "short_min_kb", "verdict"),
    [
        (1000, 500, "below_watermark"),
        (1004, 496, "reserve_blocked"),
        (1500, 0, "reserve_blocked"),
        (1504, None, "usable"),
    ],
)
def test_equality_is_a_refusal(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    free_kb: int,
    short_min_kb: int | None,
    verdict: str,
) -> None:
    # min 1000 kB, reserve 125 * 4 = 500 kB for class 3: more than 1500 kB are needed.
    insert_request(connection, GFP_HIGHUSER_MOVABLE_5_1)
    insert_zone(connection, "e", "DMA32", (free_kb, 1000, 1250, 1500, 9000, 9000), (0, 0, 0, 125))
    insert_zone(connection, "e", "Normal", (0, 1000, 1250, 1500, 9000, 9000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "short_min_kb, verdict", "zone = 'DMA32'") == [
        (short_min_kb, verdict)
    ]


def test_a_large_request_needs_a_block(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, GFP_KERNEL_5_1, 3)
    # 2^3 - 1 = 7 pages, 28 kB, do not count. The blocks of order 3 and up are on the lists
    # of atomic requests and contiguous areas only, which do not serve GFP_KERNEL.
    blocks = ("9000UME", "1000UME", "500M", "9H", "0", "2C", "0", "0", "0", "0", "0")
    insert_zone(
        connection,
        "e",
        "Normal",
        (50000, 10000, 12500, 15000, 900000, 900000),
        (0, 0, 0, 0),
        blocks,
    )
    # Free 10020 kB is above min 10000 kB, but 10020 - 28 = 9992 kB is not.
    insert_zone(
        connection, "e", "DMA32", (10020, 10000, 12500, 15000, 90000, 90000), (0, 0, 0, 0), ("5M",)
    )
    # One block of order 4 serves: its list holds reclaimable pages.
    insert_zone(
        connection, "e", "DMA", (15000, 100, 125, 150, 15900, 15900), (0, 0, 0, 0),
        ("1U", "0", "0", "0", "1E"),
    )  # fmt: skip
    columns = "zone, order_kb, usable_free_kb, has_block, verdict"
    assert select("zone_fallbacks", columns) == [
        ("DMA", 28, 14972, True, "usable"),
        ("DMA32", 28, 9992, False, "below_watermark"),
        ("Normal", 28, 49972, False, "no_block_of_order"),
    ]


def test_up_to_4_3_every_smaller_order_is_taken_off(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_3_10, 2, layout="linux-2.6.32")
    # 4016 - 3 * 4 = 4004 kB count. Less order 0 (900 * 4): 404 > 400 / 2. Less order 1
    # (38 * 8): 100 kB, and 100 <= 400 / 4 is a refusal though a block of order 2 is free.
    blocks = ("900UEM", "38UEM", "7UEM", "0", "0", "0", "0", "0", "0", "0", "0")
    insert_zone(connection, "e", "Normal", (4016, 400, 500, 600, 90000, 90000), (0, 0, 0), blocks)
    # One page more in order 2's favour: 37 * 8 leaves 108 kB, more than 100.
    blocks = ("900UEM", "37UEM", "7UEM", "0", "0", "0", "0", "0", "0", "0", "0")
    insert_zone(connection, "e", "DMA", (4016, 400, 500, 600, 90000, 90000), (0, 0, 0), blocks)
    assert select("zone_fallbacks", "zone, verdict") == [
        ("DMA", "usable"),
        ("Normal", "no_block_of_order"),
    ]


def test_without_free_lists_a_block_is_unknown(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_5_1, 3)
    insert_zone(connection, "e", "Normal", (50000, 10000, 12500, 15000, 90000, 90000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "short_min_kb, has_block, verdict") == [(None, None, None)]


def insert_i386(connection: duckdb.DuckDBPyConnection) -> None:
    """DMA, Normal and HighMem of a 32-bit machine; lowmem_reserve as it prints them."""
    sizes = (4000, 100, 125, 150, 900000, 890000)
    insert_zone(connection, "e", "DMA", sizes, (0, 867, 3011, 3011), zone_no=1)
    insert_zone(connection, "e", "Normal", sizes, (0, 0, 17149, 17149), zone_no=2)
    insert_zone(connection, "e", "HighMem", sizes, (0, 0, 0, 0), zone_no=3)


def test_gfp_kernel_never_falls_back_to_highmem(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_3_10, layout="linux-2.6.32")
    insert_i386(connection)
    # Normal is class 1 here: DMA keeps back 867 * 4 = 3468 kB.
    assert select("zone_fallbacks", "fallback_no, zone, zone_index, class_index, reserve_kb") == [
        (1, "Normal", 1, 1, 0),
        (2, "DMA", 0, 1, 3468),
    ]


def test_user_memory_starts_in_highmem(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0x200DA, layout="linux-2.6.32")
    insert_i386(connection)
    # 17149 * 4 = 68596 kB; 3011 * 4 = 12044 kB.
    assert select("zone_fallbacks", "fallback_no, zone, class_index, reserve_kb, verdict") == [
        (1, "HighMem", 2, 0, "usable"),
        (2, "Normal", 2, 68596, "reserve_blocked"),
        (3, "DMA", 2, 12044, "reserve_blocked"),
    ]


def test_the_class_is_the_mask_s_since_5_8(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Linux 6.10 to 6.13 print 0 for a type without memory, and so keep nothing back from
    # requests whose class is Movable.
    insert_request(connection, GFP_HIGHUSER_MOVABLE_5_1)
    sizes = (4000, 100, 125, 150, 900000, 890000)
    insert_zone(connection, "e", "DMA", sizes, (0, 1864, 31000, 0, 0))
    insert_zone(connection, "e", "DMA32", sizes, (0, 0, 29136, 0, 0))
    insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0, 0))
    assert select("zone_fallbacks", "zone, zone_index, class_index, reserve_kb") == [
        ("DMA", 0, 3, 0),
        ("DMA32", 1, 3, 0),
        ("Normal", 2, 3, 0),
    ]


def test_a_cgroup_s_limit_is_no_zone_s_refusal(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Kernels up to 3.8 print the zones all the same.
    insert_request(connection, 0x200DA, layout="linux-2.6.32", constraint_kind="memcg")
    insert_i386(connection)
    assert select("zone_fallbacks", "zone") == []


def test_contiguous_areas_count_only_for_movable_pages(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    sizes = (9000, 1000, 1250, 1500, 90000, 90000)
    for event_id, mask in (("kernel", GFP_KERNEL_5_1), ("user", GFP_HIGHUSER_MOVABLE_5_1)):
        insert_request(connection, mask, event_id=event_id)
        insert_zone(connection, event_id, "Normal", sizes, (0, 0, 0, 0), free_cma_kb=8500)
    # 9000 - 8500 = 500 kB: 500 short at min, 750 at low, 1000 at high. Movable pages may use
    # the areas, but the last attempt (at high) counts them for nobody.
    columns = "event_id, cma_kb, usable_free_kb, short_min_kb, short_low_kb, short_high_kb, verdict"
    assert select("zone_fallbacks", columns) == [
        ("kernel", 8500, 500, 500, 750, 1000, "below_watermark"),
        ("user", 0, 9000, None, None, 1000, "usable"),
    ]


@pytest.mark.parametrize(
    ("columns", "order", "highatomic_kb"),
    [
        # 5.9 to 6.11: the whole reserve; 5.6 to 5.8 print kernel_stack in the zone's line and
        # spare requests of one page; 6.17 and later print the free part.
        ({"reserved_highatomic_kb": 2048}, 0, 2048),
        ({"reserved_highatomic_kb": 2048, "kernel_stack_kb": 0}, 0, 0),
        ({"reserved_highatomic_kb": 2048, "kernel_stack_kb": 0}, 1, 2048),
        ({"reserved_highatomic_kb": 2048, "free_highatomic_kb": 16}, 0, 16),
    ],
)
def test_blocks_kept_for_atomic_requests_do_not_count(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    columns: dict[str, Any],
    order: int,
    highatomic_kb: int,
) -> None:
    insert_request(connection, GFP_KERNEL_5_1, order)
    sizes = (9000, 1000, 1250, 1500, 90000, 90000)
    insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0), **columns)
    assert select("zone_fallbacks", "highatomic_kb") == [(highatomic_kb,)]


def test_an_atomic_request_may_go_below_min(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_ATOMIC_5_1, kind="allocation_failure")
    # min 1001 pages: HIGH takes off 500 (1001 / 2, cut), ATOMIC 125 of the 501 left:
    # 376 pages, 1504 kB. The free 1500 kB are 4 kB short.
    insert_zone(connection, "e", "Normal", (1500, 4004, 5004, 6004, 90000, 90000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "printed_min_kb, min_kb, short_min_kb, short_low_kb") == [
        (4004, 1504, 4, 3504)
    ]


def test_a_missing_reserve_leaves_the_verdict_open(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_5_1)
    insert_zone(connection, "e", "Normal", (9000, 1000, 1250, 1500, 90000, 90000), ())
    insert_zone(connection, "e", "DMA32", (900, 1000, 1250, 1500, 90000, 90000), ())
    assert select("zone_fallbacks", "zone, reserve_kb, needed_min_kb, verdict") == [
        ("DMA32", None, None, "below_watermark"),
        ("Normal", None, None, None),
    ]


@pytest.mark.parametrize("mask", [None, 0x3, 0x5])
def test_without_a_valid_mask_no_zone_is_named(
    connection: duckdb.DuckDBPyConnection, select: Rows, mask: int | None
) -> None:
    insert_request(connection, mask)
    insert_zone(connection, "e", "Normal", (9000, 1000, 1250, 1500, 90000, 90000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "zone") == []


def test_the_zone_bits_need_no_layout(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0x100CCA, layout=None)
    insert_zone(connection, "e", "Normal", (900, 1000, 1250, 1500, 90000, 90000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "zone, verdict") == [("Normal", "below_watermark")]


def test_sysrq_asks_for_nothing(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, GFP_KERNEL_5_1, -1)
    insert_zone(connection, "e", "Normal", (9000, 1000, 1250, 1500, 90000, 90000), (0, 0, 0, 0))
    assert select("zone_fallbacks", "trigger_kind, order_kb, verdict") == [("sysrq", 0, "usable")]


@pytest.mark.parametrize(
    ("nodemask", "nodes"), [("(null)", [0, 1, 2]), (None, [0, 1, 2]), ("0,2-3", [0, 2]), ("1", [1])]
)
def test_a_nodemask_restricts_the_nodes(
    connection: duckdb.DuckDBPyConnection, select: Rows, nodemask: str | None, nodes: list[int]
) -> None:
    insert_request(connection, GFP_KERNEL_5_1, nodemask=nodemask)
    for node in (0, 1, 2):
        sizes = (900, 1000, 1250, 1500, 90000, 90000)
        insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0), node=node)
    assert select("zone_fallbacks", "node") == [(node,) for node in nodes]


def test_a_zone_without_pages_is_no_fallback(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_5_1)
    insert_zone(connection, "e", "Normal", (0, 0, 0, 0, 9000, 0), (0, 0, 0, 0))
    insert(connection, "zones", event_id="e", node=0, zone="Device", free_kb=0, present_kb=4)
    assert select("zone_fallbacks", "zone") == []


@pytest.mark.parametrize(
    ("mask", "mems_allowed", "nodes"),
    [
        (GFP_KERNEL_5_1, "1", [1]),
        (GFP_KERNEL_5_1, "0,2", [0, 2]),
        # A request that cannot wait leaves its cpuset rather than fail.
        (GFP_ATOMIC_5_1, "1", [0, 1, 2]),
    ],
)
def test_a_cpuset_restricts_the_nodes(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    mems_allowed: str,
    nodes: list[int],
) -> None:
    insert_request(connection, mask, mems_allowed=mems_allowed, nodemask="(null)")
    for node in (0, 1, 2):
        sizes = (900, 1000, 1250, 1500, 90000, 90000)
        insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0), node=node)
    assert select("zone_fallbacks", "node") == [(node,) for node in nodes]


@pytest.mark.parametrize(
    ("mask", "zones"),
    [(0xCC1, ["DMA"]), (0xCC4, ["DMA32", "DMA"]), (0xCC0, ["Normal", "DMA32", "DMA"])],
)
def test_low_requests_stay_low(
    connection: duckdb.DuckDBPyConnection, select: Rows, mask: int, zones: list[str]
) -> None:
    insert_request(connection, mask)
    sizes = (4000, 100, 125, 150, 900000, 890000)
    insert_zone(connection, "e", "DMA", sizes, (0, 900, 900, 900))
    insert_zone(connection, "e", "DMA32", sizes, (0, 0, 900, 900))
    insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0))
    assert [zone for _, zone in select("zone_fallbacks", "fallback_no, zone")] == zones


def test_a_type_that_the_machine_has_elsewhere_does_not_stand_for_normal(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Node 1 of x86-64 has Normal alone: a request for DMA finds nothing there. A machine with
    # two entries has neither DMA nor DMA32: there it is served from Normal.
    for event_id, reserves in (("x86-64", (0, 0, 0, 0)), ("arm", (0, 0))):
        insert_request(connection, 0xCC1, event_id=event_id)
        insert_zone(connection, event_id, "Normal", (9, 9, 9, 9, 9, 9), reserves, node=1)
    assert select("zone_fallbacks", "event_id, zone") == [("arm", "Normal")]


@pytest.mark.parametrize(
    ("mask", "order", "min_kb"),
    [
        (GFP_KERNEL_5_1, 0, 4000),
        # ATOMIC, one page: 1000 pages less the boost of 200 is 800; 400; less a quarter, 300.
        (GFP_ATOMIC_5_1, 0, 1200),
        # More than one page: 1000, 500, 375.
        (GFP_ATOMIC_5_1, 1, 1500),
    ],
)
def test_boost_does_not_hold_for_an_urgent_page(
    connection: duckdb.DuckDBPyConnection, select: Rows, mask: int, order: int, min_kb: int
) -> None:
    insert_request(connection, mask, order)
    insert_zone(connection, "e", "Normal", (100, 4000, 5000, 6000, 90000, 90000), (0, 0, 0, 0))
    connection.execute("UPDATE watermarks SET boost_kb = 800")
    assert select("zone_fallbacks", "printed_min_kb, min_kb") == [(4000, min_kb)]


@pytest.mark.parametrize(
    ("invoker_uid", "columns", "withheld"),
    [
        (None, {"reserved_highatomic_kb": 2048}, (2048, "reserved")),
        # Since 6.11 the CPU line has UID; the lists of order 2 hold at most 3 * 16 kB.
        (0, {"reserved_highatomic_kb": 2048}, (48, "free_lists")),
        (0, {"reserved_highatomic_kb": 32}, (32, "reserved")),
        (0, {"reserved_highatomic_kb": 2048, "free_highatomic_kb": 16}, (16, "free")),
        (0, {"reserved_highatomic_kb": 2048, "free_highatomic_kb": 0}, (0, None)),
        (None, {"reserved_highatomic_kb": 0}, (0, None)),
    ],
)
def test_how_much_is_kept_for_atomic_requests(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    invoker_uid: int | None,
    columns: dict[str, Any],
    withheld: tuple[int, str | None],
) -> None:
    insert_request(connection, GFP_KERNEL_5_1, 1, invoker_uid=invoker_uid)
    sizes = (9000, 1000, 1250, 1500, 90000, 90000)
    insert_zone(connection, "e", "Normal", sizes, (0,) * 4, ("9U", "9M", "3UH"), **columns)
    assert select("zone_fallbacks", "highatomic_kb, highatomic_basis") == [withheld]


@pytest.mark.parametrize(
    ("free_kb", "event", "reason"),
    [
        # min 1000, high 1500: above min, but not above what the last attempt asks for.
        (1400, {}, "refused_at_high"),
        (1400, {"kind": "allocation_failure"}, "memory_moved"),
        (9000, {}, "memory_moved"),
        (8, {"min_kb": 0, "high_kb": 4}, "unexplained"),
        (9000, {"alloc_order": -1}, "sysrq"),
        (9000, {"gfp_mask": 0}, "page_fault"),
        (9000, {"nodes": 2}, "memory_moved"),
        (9000, {"nodes": 2, "nodemask": None}, "nodemask_not_printed"),
        (9000, {"nodes": 2, "gfp_mask": 0x200CC0}, "one_node_only"),
        (9000, {"nodes": 1, "gfp_mask": 0x200CC0}, "memory_moved"),
    ],
)
def test_why_a_usable_zone_did_not_serve(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    free_kb: int,
    event: dict[str, Any],
    reason: str,
) -> None:
    columns = {"gfp_mask": GFP_KERNEL_5_1, "alloc_order": 0, "nodemask": "(null)", **event}
    marks = (columns.pop("min_kb", 1000), 1250, columns.pop("high_kb", 1500))
    nodes, order = columns.pop("nodes", 1), columns.pop("alloc_order")
    insert_request(connection, columns.pop("gfp_mask"), order, **columns)
    for node in range(nodes):
        sizes = (free_kb, *marks, 90000, 90000)
        insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0), ("2U",), node=node)
    assert select("zone_fallbacks", "DISTINCT verdict, usable_reason") == [("usable", reason)]


def test_a_block_that_only_atomic_requests_may_have(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # 4.4 to 5.4 keep blocks for atomic requests (H) and do not print how many.
    insert_request(connection, 0x14000C0, 1, layout="linux-4.10", kind="allocation_failure")
    insert_zone(
        connection, "e", "Normal", (9000, 1000, 1250, 1500, 90000, 90000), (0,) * 4, ("9U", "2UH")
    )
    assert select("zone_fallbacks", "verdict, usable_reason") == [
        ("usable", "highatomic_not_printed")
    ]


def test_a_failure_for_want_of_addresses(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, GFP_KERNEL_5_1, kind="allocation_failure")
    insert_zone(connection, "e", "Normal", (9000, 1000, 1250, 1500, 90000, 90000), (0,) * 4)
    for symbol in ("warn_alloc", "__vmalloc_node_range", "alloc_pages_current"):
        insert(connection, "stack_frames", event_id="e", symbol=symbol)
    assert select("zone_fallbacks", "usable_reason") == [("address_space",)]
    insert(connection, "stack_frames", event_id="e", symbol="__alloc_pages_slowpath")
    assert select("zone_fallbacks", "usable_reason") == [("unexplained",)]
