from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.kills import at, insert_host, insert_kill
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

DAY = 86400


def test_recent_is_by_the_newest_report(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for host in ("db1", "db2", "db3", "db4"):
        insert_host(connection, host, labels=f"role={host}")
    insert_kill(connection, "old", "db1", -14 * DAY, *"abcde")
    insert_kill(connection, "1", "db1", -14 * DAY + 1, "java", "sh")
    insert_kill(connection, "2", "db1", -7 * DAY, "java")
    insert_kill(connection, "3", "db1", -7 * DAY + 1, "java")
    insert_kill(connection, "4", "db2", -100, "java", constraint_kind="none")
    insert_kill(connection, "5", "db2", -90, "java", constraint_kind="memcg")
    insert_kill(connection, "6", "db2", -80, kind="panic")
    insert_kill(connection, "7", "db3", -50, kind="allocation_failure")
    insert_kill(connection, "8", "db4", -8 * DAY, "java")
    insert_kill(connection, "9", None, 0, "java")
    insert_kill(connection, "dump", "db4", 0, kind="memory_dump")
    # The newest report is at 0. db1: "3" is recent, "1" and "2" (2 + 1 kills) are earlier and
    # "old" is 14 days old. db4 had nothing lately but a dump that somebody asked for.
    columns = "rank_no, hostname, labels, recent_kills, earlier_kills, trend, recent_events"
    assert select("hosts_at_risk", columns) == [
        (1, "db2.example", "role=db2", 2, 0, "rising", 3),
        (2, "db1.example", "role=db1", 1, 3, "falling", 1),
        (3, "db3.example", "role=db3", 0, 0, "steady", 1),
    ]
    columns = "rank_no, recent_incidents, global_events, unanswered_events, allocation_failures"
    assert select("hosts_at_risk", columns + ", last_at") == [
        (1, 1, 1, 1, 0, at(-80)),
        (2, 0, 0, 0, 0, at(-7 * DAY + 1)),
        (3, 0, 0, 0, 1, at(-50)),
    ]


def test_swap_and_reserves(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_host(connection, "db1")
    # 1 % of 10000 kB is 100 kB: 99 is less, 100 is not. No swap is no full swap.
    for number, (free_kb, total_kb) in enumerate([(99, 10000), (100, 10000), (0, 0)]):
        insert_kill(
            connection, str(number), "db1", number, swap_free_kb=free_kb, swap_total_kb=total_kb
        )
    insert_seed(connection)
    connection.execute(
        "UPDATE events SET host_id = 'db1', occurred_at = ?, occurred_epoch_s ="
        " (SELECT MAX(occurred_epoch_s) FROM events) WHERE event_id NOT IN ('0', '1', '2')",
        [at(2)],
    )
    # The seed: its zone DMA32 refused by its reserve alone; the host has no swap.
    columns = "recent_events, reserve_blocked_events, swap_exhausted_events, lowest_swap_free_kb"
    assert select("hosts_at_risk", columns) == [(4, 1, 1, 99)]


def test_without_a_time_nothing_is_recent(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "hosts", host_id="db1", hostname="db1")
    insert_kill(connection, "1", "db1", None, "java")
    assert select("hosts_at_risk", "hostname") == []
