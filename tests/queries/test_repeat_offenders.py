from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import at, insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_who_asks_again_and_again(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_host(connection, "db1")
    insert_host(connection, "db2")
    asked = {"invoker_comm": "cron"}
    insert_kill(connection, "1", "db1", 0, "java", "sh", alloc_order=3, **asked)
    insert_kill(connection, "2", "db1", 10, "cron", alloc_order=0, **asked)
    insert_kill(connection, "3", "db1", 5000, "java", constraint_kind="memcg", **asked)
    insert_kill(connection, "4", "db2", 5005, kind="panic", **asked)
    insert_kill(connection, "5", "db2", 6000, "java", invoker_comm="java")
    insert_kill(connection, "6", "db2", 7000, kind="allocation_failure", invoker_comm="java")
    # cron: three reports on db1, in two incidents as 5000 - 10 > 600; 5000 / 2 = 2500 s.
    # With db2 four reports, three incidents, 5005 / 3 = 1668 s. A failed allocation is no OOM.
    columns = (
        "scope, hostname, invoker_comm, events, incidents, hosts, kills, own_kills, memcg_events,"
        " high_order_events, interval_s"
    )
    assert select("repeat_offenders", columns) == [
        ("fleet", None, "cron", 4, 3, 2, 4, 1, 1, 1, 1668),
        ("host", "db1.example", "cron", 3, 2, 1, 4, 1, 1, 1, 2500),
    ]
    assert select("repeat_offenders", "first_at, last_at", "scope = 'fleet'") == [(at(0), at(5005))]


def test_an_unknown_host_is_no_host(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_kill(connection, "1", None, None, "a", invoker_comm="cron")
    insert_kill(connection, "2", None, None, "a", invoker_comm="cron")
    assert select("repeat_offenders", "scope, events, hosts, first_at, interval_s") == [
        ("fleet", 2, 0, None, None)
    ]
