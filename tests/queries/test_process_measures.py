from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.badness import insert_event, insert_process
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    columns = "page_size_kb, victim_no, total_pages, other_total_pages, has_floor, may_have_bonus"
    assert select("process_measures", columns, "pid = 5424") == [(4, 1, 2002984, None, True, True)]
    assert select("process_measures", "COUNT(*), COUNT(victim_no)") == [(36, 1)]


def test_a_cgroup_s_swap_gives_a_second_total(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, constraint_kind="memcg", swap_total_kb=None)
    for name, value in (("memory.limit", 512000), ("memory+swap.limit", 1024000)):
        insert(connection, "cgroup_counters", event_id="e", name=name, value=value, unit="kB")
    insert_process(connection, 7, 200000, pgtables_bytes=0)
    columns = "total_pages, other_total_pages, has_floor, may_have_bonus"
    assert select("process_measures", columns) == [(128000, 256000, False, False)]


def test_kernels_that_count_stacks_by_zone_have_a_floor(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 4000000, 4000000), ())
    connection.execute("UPDATE zones SET kernel_stack_kb = 8")
    insert_process(connection, 7, 200000, pgtables_bytes=0)
    assert select("process_measures", "has_floor") == [(True,)]
