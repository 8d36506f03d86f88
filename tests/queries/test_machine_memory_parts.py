from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.memory import insert_counters
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 1813257 + 37301 on the anonymous lists, of them 100531 of shared memory: 1750027 pages
    # are left; each page has 4 kB. The sum of the zones' present is not the RAM that the
    # trailer prints, so the trailer's 94167 pages stand for what is reserved.
    assert select("machine_memory_parts", "part, size_kb, basis", "size_kb > 0") == [
        ("anon", 7000108, "counters"),
        ("file", 336, "counters"),
        ("free", 95600, "counters"),
        ("page_tables", 272368, "counters"),
        ("reserved", 376668, "trailer"),
        ("shmem", 402124, "counters"),
        ("slab_reclaimable", 136872, "counters"),
        ("slab_unreclaimable", 22544, "counters"),
    ]
    assert select("machine_memory_parts", "DISTINCT ram_kb, has_core") == [(8388604, True)]


def test_locked_shared_memory_is_not_counted_twice(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Of 500 pages of shared memory 100 are on the anonymous lists; the other 400 must be
    # among the 450 unevictable ones, and 50 are left, of which mlock holds 30.
    insert_counters(connection, active_anon=60, inactive_anon=40, shmem=500, unevictable=450)
    insert(connection, "zones", event_id="e", node=0, zone="Normal", mlocked_kb=120)
    parts = "part IN ('anon', 'shmem', 'mlocked', 'unevictable')"
    assert select("machine_memory_parts", "part, size_kb", parts) == [
        ("anon", 0),
        ("mlocked", 120),
        ("shmem", 2000),
        ("unevictable", 80),
    ]


def test_free_contiguous_areas_are_apart(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, free=100, free_cma=30, free_pcp=5)
    assert select("machine_memory_parts", "part, size_kb, basis", "part LIKE 'free%'") == [
        ("free", 280, "counters"),
        ("free_cma", 120, "counters"),
        ("free_per_cpu", 20, "counters"),
    ]


def test_lists_of_the_processors_where_only_they_are_printed(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, free=100)
    for cpu, used in ((0, 7), (1, 8)):
        insert(
            connection,
            "per_cpu_pages",
            event_id="e",
            node=0,
            zone="Normal",
            cpu=cpu,
            used_pages=used,
        )
    assert select("machine_memory_parts", "size_kb, basis", "part = 'free_per_cpu'") == [
        (60, "per_cpu")
    ]


def test_the_zones_correct_a_wrong_sum_of_reserved_pages(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Linux 3.13 to 3.17 print the last zone's reserved pages alone: 50 of 4 + 50.
    insert_counters(connection, ram_pages=1000, reserved_pages=50)
    insert_zone(connection, "e", "DMA", (0, 0, 0, 0, 400, 384), ())
    insert_zone(connection, "e", "Normal", (0, 0, 0, 0, 3600, 3400), ())
    assert select("machine_memory_parts", "size_kb, basis", "part = 'reserved'") == [(216, "zones")]


def test_lists_of_old_kernels_hold_both_kinds(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4, ram_pages=100)
    for name, pages in (("active", 5), ("inactive", 6), ("slab", 7), ("free", 8)):
        insert(connection, "memory_counters", event_id="e", name=name, pages=pages)
    assert select("machine_memory_parts", "part, size_kb", "size_kb > 0") == [
        ("anon_and_file", 44),
        ("free", 32),
        ("slab", 28),
    ]


def test_what_nodes_zones_and_pools_hold(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, bounce=1, kernel_misc_reclaimable=2, sec_pagetables=3)
    insert(connection, "memory_counters", event_id="e", name="hwpoisoned", pages=9)
    sizes = {"writeback_tmp_kb": 8, "balloon_kb": 16, "gpu_active_kb": 20, "gpu_reclaim_kb": 4}
    for node in (0, 1):
        insert(
            connection,
            "nodes",
            event_id="e",
            node=node,
            kernel_stack_kb=32,
            shadow_call_stack_kb=1,
            **sizes,
        )
        insert(connection, "zones", event_id="e", node=node, zone="Normal", zspages_kb=40)
        insert(
            connection,
            "hugepages",
            event_id="e",
            node=node,
            size_kb=2048,
            total_count=3,
            free_count=1,
        )
    # kernel_other: 1 and 2 pages of 4 kB, and 8 kB on each node.
    assert select("machine_memory_parts", "part, size_kb, basis", "size_kb > 0") == [
        ("balloon", 32, "nodes"),
        ("gpu", 48, "nodes"),
        ("hugetlb", 12288, "hugepages"),
        ("hwpoisoned", 36, "trailer"),
        ("kernel_other", 28, "zones_and_counters"),
        ("kernel_stacks", 66, "nodes"),
        ("page_tables", 12, "counters"),
        ("zspages", 80, "zones"),
    ]


def test_lost_counters_are_told(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_counters(connection, ram_pages=1000, reserved_pages=50, inactive_file=None)
    assert select("machine_memory_parts", "DISTINCT has_core") == [(False,)]
