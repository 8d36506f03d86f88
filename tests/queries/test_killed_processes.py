from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.kills import at, insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_each_victim_with_its_place_and_memory(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_host(connection, "db1")
    insert_kill(
        connection, "1", "db1", 0, cgroup="/system.slice/mq.service", constraint_kind="none"
    )
    sizes = {"anon_rss_kb": 1000, "file_rss_kb": 20}
    insert(connection, "victims", event_id="1", victim_no=1, comm="java", pid=7, **sizes)
    insert(connection, "victims", event_id="1", victim_no=2, comm="sh", shmem_rss_kb=3, **sizes)
    insert_kill(connection, "2", "db1", 60, "cat")
    insert_kill(connection, "3", None, None, "dd")
    columns = "event_id, victim_no, incident_id, occurred_at, hostname, comm, pid, unit, rss_kb"
    # 1000 + 20, and 3 of shared memory; cat's kill line prints no sizes.
    assert select("killed_processes", columns) == [
        ("1", 1, "1", at(0), "db1.example", "java", 7, "mq.service", 1020),
        ("1", 2, "1", at(0), "db1.example", "sh", None, "mq.service", 1023),
        ("2", 1, "1", at(60), "db1.example", "cat", None, None, None),
        ("3", 1, "3", None, None, "dd", None, None, None),
    ]
