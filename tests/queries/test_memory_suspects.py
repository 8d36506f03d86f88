from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plain_database import insert
from tests.queries.memory import insert_counters
from tests.queries.request import GFP_HIGHUSER_MOVABLE_5_1, GFP_KERNEL_5_1
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

RESERVES = (0, 0, 0, 0)
#: Memory that can be given out: 10,000 pages of 4 kB.
RAM: dict[str, Any] = {"ram_pages": 10100, "reserved_pages": 100}
FIGURES = "suspect_no, suspect, figure_kb, threshold_kb, share_thousandths"


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # RAM less reserved: 8388604 - 376668 = 8011936 kB; half 4005968, 2 % 160238. Zones as in
    # zone_fallbacks.
    columns = "suspect_no, suspect, node, subject, pid, figure_kb, threshold_kb, share_thousandths"
    assert select("memory_suspects", columns) == [
        (1, "large_process", None, "java", 5424, 6151080, 4005968, 767),
        (2, "page_tables", None, None, None, 272368, 160238, 33),
        (3, "reserve_blocked", 0, "DMA32", None, 43500, 44212, 5),
        (4, "reserve_blocked", 0, "DMA", None, 15900, 31300, 1),
    ]
    assert select("memory_suspects", "DISTINCT scope") == [("machine",)]


@pytest.mark.parametrize(
    ("pages", "suspects"),
    [
        ({"active_anon": 1001, "shmem": 1001}, [(1, "shmem", 4004, 4000, 100)]),
        ({"active_anon": 1000, "shmem": 1000}, []),
        ({"slab_unreclaimable": 1001}, [(1, "unreclaimable_slab", 4004, 4000, 100)]),
        ({"slab_reclaimable": 5000}, []),
        ({"unevictable": 1001}, [(1, "unevictable", 4004, 4000, 100)]),
        ({"pagetables": 201}, [(1, "page_tables", 804, 800, 20)]),
        ({"pagetables": 200}, []),
        ({"active_anon": 5001}, [(1, "many_processes", 20004, 20000, 500)]),
    ],
)
def test_parts_of_the_memory(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    pages: dict[str, int],
    suspects: list[tuple[object, ...]],
) -> None:
    # What is not in the part is free, so that nothing is unaccounted.
    held = sum(count for name, count in pages.items() if name != "shmem")
    counters: dict[str, Any] = {**RAM, **pages, "free": 10000 - held}
    insert_counters(connection, **counters)
    assert select("memory_suspects", FIGURES) == suspects


def test_what_nothing_accounts_for(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_counters(connection, **RAM, free=8999)
    assert select("memory_suspects", FIGURES) == [(1, "unaccounted", 4004, 4000, 100)]


def test_processes_of_one_name(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_counters(connection, **RAM, active_anon=8000, free=2000)
    for row_no, (comm, rss, anon) in enumerate(
        (("worker", 3000, 2600), ("worker", 3000, 2500), ("sshd", 100, 50)), 1
    ):
        insert(
            connection,
            "processes",
            event_id="e",
            row_no=row_no,
            pid=row_no,
            comm=comm,
            rss_pages=rss,
            rss_anon_pages=anon,
        )
    # Anonymous parts: 2600 + 2500 pages. Outside processes: 8000 - 6100 = 1900 pages.
    columns = "suspect_no, suspect, subject, figure_kb, threshold_kb"
    assert select("memory_suspects", columns) == [
        (1, "large_program", "worker", 20400, 20000),
        (2, "anon_outside_processes", None, 7600, 4000),
    ]


def test_a_damaged_table_tells_nothing_of_what_is_outside_it(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, **RAM, active_anon=4000, free=6000, event={"damage": "lost_lines"})
    insert(connection, "processes", event_id="e", row_no=1, pid=1, comm="sshd", rss_pages=1)
    assert select("memory_suspects", FIGURES) == []


def test_swap_is_full_from_95_percent_on(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="a", kind="oom_kill", swap_total_kb=1000, swap_free_kb=50)
    insert(connection, "events", event_id="b", kind="oom_kill", swap_total_kb=1000, swap_free_kb=51)
    insert(connection, "events", event_id="c", kind="oom_kill", swap_total_kb=0, swap_free_kb=0)
    columns = "event_id, suspect, figure_kb, threshold_kb, share_thousandths"
    assert select("memory_suspects", columns) == [("a", "swap_full", 950, 950, None)]


def test_a_print_on_demand_has_none(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_counters(connection, **RAM, slab_unreclaimable=9000, kind="memory_dump")
    assert select("memory_suspects", "suspect") == []


def test_a_kill_on_demand_has_none(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    request = {"gfp_mask": GFP_KERNEL_5_1, "gfp_layout": "linux-5.1", "alloc_order": -1}
    insert_counters(connection, **RAM, slab_unreclaimable=9000, event=request)
    assert select("memory_suspects", "suspect") == []


@pytest.mark.parametrize(
    ("values", "suspect", "figure", "threshold"),
    [
        ({"memory": (100, 100), "memory+swap": (100, 400)}, "cgroup_limit", 100, 100),
        ({"memory": (90, 100), "memory+swap": (200, 200)}, "cgroup_swap_limit", 200, 200),
        ({"memory": (90, 100), "kmem": (50, 50)}, "cgroup_kernel_limit", 50, 50),
        ({"memory": (90, 100), "memory+swap": (180, 200)}, "cgroup_limit", 90, 100),
    ],
)
def test_the_fullest_limit_of_a_cgroup(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    values: dict[str, tuple[int, int]],
    suspect: str,
    figure: int,
    threshold: int,
) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        constraint_kind="memcg",
        oom_memcg="/pod",
    )
    for name, printed in values.items():
        for what, value in zip(("usage", "limit"), printed, strict=True):
            insert(
                connection,
                "cgroup_counters",
                event_id="e",
                cgroup="/pod",
                name=f"{name}.{what}",
                value=value,
                unit="kB",
            )
    columns = "suspect_no, suspect, scope, subject, figure_kb, threshold_kb"
    assert select("memory_suspects", columns) == [(1, suspect, "cgroup", "/pod", figure, threshold)]


def insert_short_request(
    connection: duckdb.DuckDBPyConnection, mask: int = GFP_KERNEL_5_1, **columns: object
) -> None:
    """An event of a request for one page, on a machine with 20,000 kB free."""
    event = {"gfp_mask": mask, "gfp_layout": "linux-5.1", "alloc_order": 0, **columns}
    insert_counters(connection, free=5000, event=event)


def test_another_node_has_free_memory(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_short_request(
        connection, constraint_kind="memory_policy", nodemask="0", mems_allowed="0-1"
    )
    insert_zone(connection, "e", "Normal", (300, 400, 500, 600, 9000, 8000), RESERVES)
    # 20000 - 300 kB are elsewhere; the node's own zone needs 600 kB at high.
    columns = "suspect_no, suspect, figure_kb, threshold_kb"
    assert select("memory_suspects", columns) == [(1, "numa_node_full", 19700, 600)]


def test_a_usable_zone_means_that_nothing_was_out_of_reach(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_short_request(
        connection, constraint_kind="memory_policy", nodemask="0", mems_allowed="0-1"
    )
    insert_zone(connection, "e", "Normal", (900, 400, 500, 600, 9000, 8000), RESERVES)
    assert select("memory_suspects", "suspect") == []


def test_higher_zones_have_free_memory(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_short_request(connection)
    insert_zone(connection, "e", "Normal", (300, 400, 500, 600, 9000, 8000), RESERVES)
    insert_zone(connection, "e", "HighMem", (19700, 100, 200, 300, 90000, 90000), RESERVES)
    columns = "suspect_no, suspect, figure_kb, threshold_kb"
    assert select("memory_suspects", columns) == [(1, "lowmem_full", 19700, 600)]


def test_free_memory_that_does_not_count(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_short_request(connection)
    # 1000 kB are free, 800 of them in contiguous areas: 200 count, and 200 are short of 400.
    insert_zone(
        connection, "e", "Normal", (1000, 400, 500, 600, 9000, 8000), RESERVES, free_cma_kb=800
    )
    columns = "suspect, node, subject, figure_kb, threshold_kb"
    found = select("memory_suspects", columns, "suspect LIKE 'free_only%'")
    assert found == [("free_only_in_cma", 0, "Normal", 800, 200)]


def test_fragmentation_comes_before_what_holds_the_memory(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(
        connection,
        **RAM,
        slab_unreclaimable=9000,
        free=1000,
        event={
            "gfp_mask": GFP_HIGHUSER_MOVABLE_5_1,
            "gfp_layout": "linux-5.1",
            "alloc_order": 2,
        },
    )
    insert_zone(
        connection,
        "e",
        "Normal",
        (4000, 400, 500, 600, 40400, 40000),
        RESERVES,
        ("600UM", "200UM", "0"),
    )
    # 4000 kB less the 3 pages of the request: 3988.
    columns = "suspect_no, suspect, subject, figure_kb, threshold_kb"
    assert select("memory_suspects", columns) == [
        (1, "fragmentation", "Normal", 3988, 400),
        (2, "unreclaimable_slab", None, 36000, 4000),
    ]
