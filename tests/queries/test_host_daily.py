from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tests.queries.kills import insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

DAY = 86400
FIRST = date(2026, 5, 1)
SECOND = date(2026, 5, 2)
KINDS = "oom_kills, no_victims, panics, allocation_failures, memory_dumps"


def insert_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Two hosts and a stranger; the first day begins at noon, the second 12 hours later."""
    insert_host(connection, "db1", labels="role=db")
    insert_host(connection, "db2")
    web = "/system.slice/web.service"
    limit = {"constraint_kind": "memcg"}
    insert_kill(connection, "1", "db1", 0, "java", "sh", cgroup=web, **limit)
    insert_kill(connection, "2", "db1", 60, "java", cgroup=web, **limit)
    insert_kill(connection, "3", "db1", DAY // 2 - 1, kind="no_victim")
    insert_kill(connection, "4", "db1", DAY // 2, kind="panic", damage="cut_end")
    insert_kill(connection, "5", "db2", DAY // 2 + 9, kind="allocation_failure")
    insert_kill(connection, "6", "db2", DAY // 2 + 9, "php", cgroup=web)
    insert_kill(connection, "7", "db2", DAY // 2 + 20, "php", cgroup="/system.slice/php.service")
    insert_kill(connection, "8", None, DAY // 2 + 20, kind="memory_dump")
    insert_kill(connection, "9", "db2", None, "php")


def test_the_days_of_each_host(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_days(connection)
    # The panic a second after midnight belongs to the incident of the day before.
    columns = f"day, hostname, labels, events, {KINDS}, memcg_events, kills, units, incidents"
    assert select("host_daily", columns + ", damaged") == [
        (FIRST, "db1.example", "role=db", 3, 2, 1, 0, 0, 0, 2, 3, 1, 2, 0),
        (SECOND, "db1.example", "role=db", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1),
        (SECOND, "db2.example", None, 3, 2, 0, 0, 1, 0, 0, 2, 2, 1, 0),
        (SECOND, None, None, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
        (None, "db2.example", None, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0),
    ]
