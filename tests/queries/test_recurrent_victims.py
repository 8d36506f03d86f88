from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

START = datetime(2026, 5, 1, 12, 0, 0)


def insert_kill(
    connection: duckdb.DuckDBPyConnection,
    event_id: str,
    host: str | None,
    after_s: int | None,
    *comms: str,
    cgroup: str | None = None,
) -> None:
    """A kill `after_s` seconds after START, or at an unknown time."""
    moment = None if after_s is None else START + timedelta(seconds=after_s)
    insert(
        connection,
        "events",
        event_id=event_id,
        host_id=host,
        kind="oom_kill",
        occurred_at=moment,
        occurred_epoch_s=moment and int(moment.replace(tzinfo=UTC).timestamp()),
        task_memcg=cgroup,
    )
    for victim_no, comm in enumerate(comms, start=1):
        insert(connection, "victims", event_id=event_id, victim_no=victim_no, comm=comm)


def test_a_name_per_host_and_in_the_fleet(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "hosts", host_id="a", hostname="db1")
    insert(connection, "hosts", host_id="b", hostname="db2")
    insert_kill(connection, "1", "a", 0, "java")
    insert_kill(connection, "2", "a", 100, "java")
    insert_kill(connection, "3", "a", 1000, "java")
    insert_kill(connection, "4", "b", 1600, "java")
    insert_kill(connection, "5", "b", 1700, "nginx")
    # db1: 100 and 900 s apart, the mean 500; of two middle ones the shorter, 100.
    # Fleet: 100, 900 and 600 s apart, the mean 1600 / 3 = 533, the middle 600. The newest
    # event is at 1700: 100 s after java's last, and 700 s after its last on db1, which is
    # more than 3 * 100.
    columns = "scope, hostname, subject, kills, events, hosts, interval_s, typical_interval_s"
    assert select("recurrent_victims", columns + ", is_ongoing") == [
        ("fleet", None, "java", 4, 4, 2, 533, 600, True),
        ("host", "db1", "java", 3, 3, 1, 500, 100, False),
    ]
    assert select("recurrent_victims", "first_at, last_at", "scope = 'host'") == [
        (START, START + timedelta(seconds=1000))
    ]


def test_a_group_killed_at_once_is_one_report(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", None, 0, "worker", "worker")
    assert select("recurrent_victims", "subject") == []
    insert_kill(connection, "2", None, 60, "worker", "worker", "worker")
    assert select("recurrent_victims", "scope, subject, kills, events, hosts, interval_s") == [
        ("fleet", "worker", 5, 2, 0, 60),
        ("host", "worker", 5, 2, 0, 60),
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
