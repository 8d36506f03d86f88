from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import at, insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_a_storm_in_one_row(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_host(connection, "db1", labels="role=db")
    unit = {"constraint_kind": "memcg", "oom_memcg": "/a.slice"}
    insert_kill(connection, "1", "db1", 0, "sh", "java", invoker_comm="java", **unit)
    insert_kill(connection, "2", "db1", 30, "java", invoker_comm="cron", **unit)
    insert_kill(connection, "3", "db1", 90, "sh", constraint_kind="none")
    insert_kill(connection, "4", "db1", 100, kind="no_victim")
    insert_kill(connection, "5", "db1", 101, kind="panic")
    # Killed: sh, java, java, sh; of two names with two kills each java comes first. Two
    # reports are about a cgroup's limit, one about none: mixed.
    columns = (
        "incident_id, hostname, labels, grouped_by, first_at, last_at, duration_s, events,"
        " kills, victim_names, main_victim_comm, main_victim_kills"
    )
    assert select("incidents", columns) == [
        (
            "1",
            "db1.example",
            "role=db",
            "host_and_time",
            at(0),
            at(101),
            101,
            5,
            4,
            2,
            "java",
            2,
        )
    ]
    columns = (
        "constraint_kind, memcg_events, limits, main_oom_memcg, invoker_names,"
        " no_victim_events, panics"
    )
    assert select("incidents", columns) == [("mixed", 2, 1, "/a.slice", 2, 1, 1)]


def test_the_limit_hit_most_often(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for number, path in enumerate(["/a", "/b", "/b"]):
        insert_kill(connection, str(number), "db1", number, oom_memcg=path, constraint_kind="memcg")
    columns = "limits, main_oom_memcg, constraint_kind, kills, victim_names, main_victim_comm"
    assert select("incidents", columns) == [(2, "/b", "memcg", 0, 0, None)]


def test_one_report_of_unknown_time_and_host(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", None, None, "java")
    columns = "incident_id, host_id, labels, first_at, duration_s, events, kills, constraint_kind"
    assert select("incidents", columns) == [("1", None, None, None, 0, 1, 1, None)]
