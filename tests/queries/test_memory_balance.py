from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.memory import insert_counters
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 8388604 less 7000108, 402124, 376668, 272368, 136872, 95600, 22544 and 336 is 81984.
    columns = "part_no, part, size_kb, share_thousandths, basis"
    assert select("memory_balance", columns, "scope = 'machine' AND size_kb > 0") == [
        (1, "anon", 7000108, 834, "counters"),
        (2, "shmem", 402124, 47, "counters"),
        (3, "reserved", 376668, 44, "trailer"),
        (4, "page_tables", 272368, 32, "counters"),
        (5, "slab_reclaimable", 136872, 16, "counters"),
        (6, "free", 95600, 11, "counters"),
        (7, "unaccounted", 81984, 9, "rest"),
        (8, "slab_unreclaimable", 22544, 2, "counters"),
        (9, "file", 336, 0, "counters"),
    ]
    assert select("memory_balance", "SUM(size_kb), MAX(total_kb)", "scope = 'machine'") == [
        (8388604, 8388604)
    ]
    # Its zone lines have no lists here: nothing adds up by node.
    assert select("memory_balance", "DISTINCT is_whole", "scope = 'node'") == [(False,)]


def test_counters_that_disagree_leave_less_than_nothing(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, ram_pages=100, reserved_pages=10, active_anon=80, free=15)
    columns = "size_kb, share_thousandths, is_whole"
    assert select("memory_balance", columns, "part = 'unaccounted'") == [(-20, -50, True)]


def test_without_a_total_nothing_is_unaccounted(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_counters(connection, active_anon=80)
    columns = "size_kb, share_thousandths, total_kb, is_whole"
    assert select("memory_balance", columns, "part = 'anon'") == [(320, None, None, False)]
    assert select("memory_balance", "part", "part = 'unaccounted'") == []


def test_a_cgroup_s_usage_against_its_limit(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", constraint_kind="memcg")
    for name, value in (("memory.usage", 99), ("memory.limit", 100), ("rss", 90), ("cache", 5)):
        insert(
            connection,
            "cgroup_counters",
            event_id="e",
            cgroup="/a",
            name=name,
            value=value,
            unit="kB",
        )
    columns = "scope, part_no, part, size_kb, share_thousandths, total_kb, limit_kb, basis"
    assert select("memory_balance", columns) == [
        ("cgroup", 1, "anon", 90, 909, 99, 100, "statistics"),
        ("cgroup", 2, "file_and_shmem", 5, 50, 99, 100, "statistics"),
        ("cgroup", 3, "unaccounted", 4, 40, 99, 100, "rest"),
    ]
