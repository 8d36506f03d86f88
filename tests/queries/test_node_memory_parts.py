from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plain_database import insert
from tests.queries.memory import insert_counters
from tests.queries.seed import insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

#: present 400 and managed 390 in each zone.
SIZES = (60, 0, 0, 0, 400, 390)


def test_old_kernels_print_it_in_the_zone_lines(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4)
    printed: dict[str, Any] = {
        "active_anon_kb": 100,
        "inactive_anon_kb": 20,
        "active_file_kb": 8,
        "inactive_file_kb": 4,
        "shmem_kb": 12,
        "unevictable_kb": 16,
        "mlocked_kb": 8,
        "slab_reclaimable_kb": 24,
        "slab_unreclaimable_kb": 28,
        "pagetables_kb": 32,
        "kernel_stack_kb": 36,
        "bounce_kb": 0,
        "writeback_tmp_kb": 4,
        "free_cma_kb": 10,
        "free_pcp_kb": 2,
    }
    insert_zone(connection, "e", "DMA32", SIZES, (), **printed)
    insert_zone(connection, "e", "Normal", SIZES, (), **printed)
    # Twice each: anon (120 - 12), free (60 - 10), unevictable (16 - 8).
    assert select("node_memory_parts", "node, part, size_kb, basis", "size_kb > 0") == [
        (0, "anon", 216, "zones"),
        (0, "file", 24, "zones"),
        (0, "free", 100, "zones"),
        (0, "free_cma", 20, "zones"),
        (0, "free_per_cpu", 4, "zones"),
        (0, "kernel_other", 8, "zones"),
        (0, "kernel_stacks", 72, "zones"),
        (0, "mlocked", 16, "zones"),
        (0, "page_tables", 64, "zones"),
        (0, "reserved", 20, "zones"),
        (0, "shmem", 24, "zones"),
        (0, "slab_reclaimable", 48, "zones"),
        (0, "slab_unreclaimable", 56, "zones"),
        (0, "unevictable", 16, "zones"),
    ]
    assert select("node_memory_parts", "DISTINCT present_kb, has_core") == [(800, True)]


def test_newer_kernels_print_it_in_the_node_s_line(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4, ram_pages=200)
    for node in (0, 1):
        insert_zone(connection, "e", "Normal", SIZES, (), node=node, mlocked_kb=0, bounce_kb=0)
        insert(
            connection,
            "nodes",
            event_id="e",
            node=node,
            active_anon_kb=100 + node,
            inactive_anon_kb=20,
            active_file_kb=8,
            inactive_file_kb=4,
            shmem_kb=12,
            unevictable_kb=16,
            pagetables_kb=32,
            sec_pagetables_kb=8,
            kernel_stack_kb=36,
        )
        insert(connection, "hugepages", event_id="e", node=node, size_kb=64, total_count=node)
    assert select("node_memory_parts", "part, size_kb, basis", "node = 1 AND size_kb > 0") == [
        ("anon", 109, "nodes"),
        ("file", 12, "nodes"),
        ("free", 60, "zones"),
        ("hugetlb", 64, "hugepages"),
        ("kernel_stacks", 36, "nodes"),
        ("page_tables", 40, "nodes"),
        ("reserved", 10, "zones"),
        ("shmem", 12, "nodes"),
        ("unevictable", 16, "zones"),
    ]
    # Two zones of 400 kB are the 200 pages of RAM: none is hidden.
    assert select("node_memory_parts", "DISTINCT node, present_kb") == [(0, 400), (1, 400)]


def test_zones_may_be_hidden(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4, ram_pages=300)
    insert_zone(connection, "e", "Normal", SIZES, ())
    insert(connection, "nodes", event_id="e", node=0, active_anon_kb=900, sec_pagetables_kb=0)
    assert select("node_memory_parts", "DISTINCT present_kb", "part = 'free'") == [(None,)]


def test_zones_may_be_lost(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        page_size_kb=4,
        ram_pages=300,
        damage="lost_lines",
    )
    insert_zone(connection, "e", "Normal", SIZES, ())
    assert select("node_memory_parts", "DISTINCT present_kb", "part = 'free'") == [(None,)]


def test_shmem_under_another_name(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    # Linux 4.8 and 4.9: the machine has 25 pages of shared memory, printed as anon_thp.
    insert_counters(connection, shmem=25)
    insert_zone(connection, "e", "Normal", SIZES, ())
    insert(
        connection,
        "nodes",
        event_id="e",
        node=0,
        active_anon_kb=300,
        inactive_anon_kb=0,
        shmem_kb=0,
        anon_thp_kb=100,
        pages_scanned=0,
    )
    parts = "part IN ('anon', 'shmem')"
    assert select("node_memory_parts", "part, size_kb", parts) == [("anon", 200), ("shmem", 100)]
