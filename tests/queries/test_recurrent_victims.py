from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import START, at, insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_a_name_per_host_and_in_the_fleet(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_host(connection, "db1", labels="role=db")
    insert_host(connection, "db2")
    insert_kill(connection, "1", "db1", 0, "java")
    insert_kill(connection, "2", "db1", 100, "java")
    insert_kill(connection, "3", "db1", 600, "java")
    insert_kill(connection, "4", "db2", 1200, "java")
    insert_kill(connection, "5", "db2", 1300, "nginx")
    # db1: 100 and 500 s apart, the mean 300; of two middle ones the shorter, 100. All are one
    # incident. Fleet: 100, 500 and 600 s apart, the mean 400, the middle 500; db2's is an
    # incident of its own, 1200 s after the first. The newest event is at 1300: 100 s after
    # java's last, and 700 s after its last on db1, which is more than 3 * 100.
    columns = "scope, hostname, labels, subject, kills, events, incidents, hosts, interval_s"
    assert select("recurrent_victims", columns) == [
        ("fleet", None, None, "java", 4, 4, 2, 2, 400),
        ("host", "db1.example", "role=db", "java", 3, 3, 1, 1, 300),
    ]
    columns = "scope, typical_interval_s, typical_incident_interval_s, is_ongoing"
    assert select("recurrent_victims", columns) == [
        ("fleet", 500, 1200, True),
        ("host", 100, None, False),
    ]
    assert select("recurrent_victims", "first_at, last_at", "scope = 'host'") == [(START, at(600))]


def test_storms_that_come_back_are_ongoing_between_them(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    day = 86400
    for number, after_s in enumerate([0, 2, 4, day, day + 2, 2 * day, 2 * day + 2]):
        insert_kill(connection, str(number), "db1", after_s, "java")
    insert_kill(connection, "other", "db1", 5 * day, "sh")
    # Sorted gaps: 2, 2, 2, 2 and two of nearly a day; between the storms' first kills a day.
    # The newest report comes 3 days less 2 s after java's last kill: within 3 * 1 day, though
    # far above 3 * 2 s.
    columns = "events, incidents, typical_interval_s, typical_incident_interval_s, is_ongoing"
    assert select("recurrent_victims", columns, "scope = 'host'") == [(7, 3, 2, day, True)]
    insert_kill(connection, "later", "db1", 5 * day + 3, "sh")
    assert select("recurrent_victims", "is_ongoing", "scope = 'host' AND subject = 'java'") == [
        (False,)
    ]


def test_a_group_killed_at_once_is_one_report(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", None, 0, "worker", "worker")
    assert select("recurrent_victims", "subject") == []
    insert_kill(connection, "2", None, 60, "worker", "worker", "worker")
    # Nothing tells that both are of one host, so no row of a host speaks of them.
    assert select("recurrent_victims", "scope, subject, kills, events, hosts, interval_s") == [
        ("fleet", "worker", 5, 2, 0, 60),
    ]


def test_kills_of_unknown_time_count(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_kill(connection, "1", None, None, "java")
    insert_kill(connection, "2", None, None, "java")
    columns = "kills, first_at, interval_s, typical_interval_s, is_ongoing"
    assert select("recurrent_victims", columns, "scope = 'fleet'") == [(2, None, None, None, None)]


def test_units_and_cgroups(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    unit = "/system.slice/web.service"
    insert_kill(connection, "1", None, 0, "php", cgroup=unit)
    insert_kill(connection, "2", None, 60, "perl", cgroup=unit)
    insert_kill(connection, "3", None, 60, "sh", cgroup="/")
    insert_kill(connection, "4", None, 60, "tar", cgroup="/")
    assert select("recurrent_victims", "subject_kind, subject, kills", "scope = 'fleet'") == [
        ("cgroup", unit, 2),
        ("unit", "web.service", 2),
    ]
