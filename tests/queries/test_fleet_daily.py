from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.test_host_daily import FIRST, KINDS, SECOND, insert_days

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_days_of_the_fleet(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_days(connection)
    # On the second day web.service and php.service lost a process, and one host is unknown.
    columns = f"day, events, {KINDS}, memcg_events, kills, hosts, unknown_host_events, units"
    assert select("fleet_daily", columns + ", incidents, damaged") == [
        (FIRST, 3, 2, 1, 0, 0, 0, 2, 3, 1, 0, 1, 2, 0),
        (SECOND, 5, 2, 0, 1, 1, 1, 0, 2, 2, 1, 2, 1, 1),
        (None, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0),
    ]


def test_a_unit_on_two_hosts_counts_once(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_days(connection)
    connection.execute("UPDATE events SET task_memcg = '/a.slice/b.service'")
    assert select("fleet_daily", "day, units") == [(FIRST, 1), (SECOND, 1), (None, 1)]
