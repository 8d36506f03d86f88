from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import at, insert_host, insert_kill, insert_sighting

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

MEMBERS = "incident_id, event_no, event_id, grouped_by, gap_s"


def test_a_storm_is_one_incident_while_each_gap_is_at_most_600_s(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_host(connection, "db1")
    for event_id, after_s in (("d", 0), ("c", 600), ("b", 1200), ("a", 1801)):
        insert_kill(connection, event_id, "db1", after_s, "java")
    # 600 s is still within the window, 1801 - 1200 = 601 s is not. The id is the first
    # report's in time, not by letters.
    assert select("incident_events", MEMBERS) == [
        ("a", 1, "a", "host_and_time", None),
        ("d", 1, "d", "host_and_time", None),
        ("d", 2, "c", "host_and_time", 600),
        ("d", 3, "b", "host_and_time", 600),
    ]


def test_hosts_do_not_mix(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_kill(connection, "1", "db1", 0)
    insert_kill(connection, "2", "db2", 1)
    insert_kill(connection, "3", "db1", 2)
    assert select("incident_events", "incident_id, event_id, host_id") == [
        ("1", "1", "db1"),
        ("1", "3", "db1"),
        ("2", "2", "db2"),
    ]


def test_look_alikes_are_no_part_of_an_incident(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    kinds = ("oom_kill", "no_victim", "panic", "allocation_failure", "memory_dump")
    for after_s, kind in enumerate(kinds):
        insert_kill(connection, kind, "db1", after_s, kind=kind)
    assert select("incident_events", "event_no, event_id, kills") == [
        (1, "oom_kill", 0),
        (2, "no_victim", 0),
        (3, "panic", 0),
    ]


def test_within_one_second_the_seconds_since_boot_tell_the_order(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "a", "db1", 0, "java", uptime_s=50.9)
    insert_kill(connection, "b", "db1", 0, "sh", "cat", uptime_s=50.2, oom_memcg="/x")
    columns = "incident_id, event_no, event_id, occurred_at, victim_comm, kills, oom_memcg"
    assert select("incident_events", columns) == [
        ("b", 1, "b", at(0), "sh", 2, "/x"),
        ("b", 2, "a", at(0), "java", 1, None),
    ]


def test_of_unknown_time_the_lines_of_one_log_and_its_boots_tell(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # One console log: two reports of a boot, a reboot (seconds go back), a third at nearly
    # the same uptime as the first boot's, then one 601 s later.
    for line, (event_id, uptime_s) in enumerate(
        [("a", 100.0), ("b", 150.0), ("c", 101.0), ("d", 702.0)], start=1
    ):
        insert_kill(connection, event_id, "db1", None, uptime_s=uptime_s)
        insert_sighting(connection, event_id, "console", line)
    # The same host and uptime in another log may be any boot.
    insert_kill(connection, "e", "db1", None, uptime_s=101.5)
    insert_sighting(connection, "e", "dmesg", 1)
    assert select("incident_events", MEMBERS) == [
        ("a", 1, "a", "log_and_uptime", None),
        ("a", 2, "b", "log_and_uptime", 50),
        ("c", 1, "c", "log_and_uptime", None),
        ("d", 1, "d", "log_and_uptime", None),
        ("e", 1, "e", "log_and_uptime", None),
    ]


def test_one_log_of_several_hosts(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for line, host in enumerate(["db1", "db2", None], start=1):
        insert_kill(connection, str(line), host, None, uptime_s=float(line))
        insert_sighting(connection, str(line), "central", line)
    assert select("incident_events", "incident_id, event_id") == [
        ("1", "1"),
        ("2", "2"),
        ("3", "3"),
    ]


def test_logs_that_overlap_do_not_part_an_incident(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # The ring buffer ("a") holds the first report alone, the console ("b") both.
    for line, event_id in enumerate(["1", "2"], start=7):
        insert_kill(connection, event_id, None, None, uptime_s=float(line))
        insert_sighting(connection, event_id, "b", line)
    insert_sighting(connection, "1", "a", 1)
    assert select("incident_events", "incident_id, event_id") == [("1", "1"), ("1", "2")]


def test_of_an_unknown_host_the_log_and_the_time_tell(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", None, 0)
    insert_kill(connection, "2", None, 60)
    insert_kill(connection, "3", None, 70)
    for event_id, log in (("1", "a"), ("2", "a"), ("3", "b")):
        insert_sighting(connection, event_id, log, 1)
    assert select("incident_events", MEMBERS) == [
        ("1", 1, "1", "log_and_time", None),
        ("1", 2, "2", "log_and_time", 60),
        ("3", 1, "3", "log_and_time", None),
    ]


def test_with_nothing_known_each_report_is_alone(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", "db1", None)
    insert_kill(connection, "2", "db1", None)
    insert_sighting(connection, "1", "a", 1)
    insert_sighting(connection, "2", "a", 2)
    assert select("incident_events", MEMBERS) == [
        ("1", 1, "1", "alone", None),
        ("2", 1, "2", "alone", None),
    ]
