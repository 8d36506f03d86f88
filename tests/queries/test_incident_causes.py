from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import insert_kill
from tests.queries.test_limits_hit import WEB, insert_hit

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

COLUMNS = "incident_id, cause, event_id, subject, figure_kb"


def test_the_earliest_report_with_a_suspect_tells(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # One storm: the first report shows nothing that passes a threshold, the others a limit.
    insert_kill(connection, "1", "db1", 0, "sh")
    insert_hit(connection, "2", "db1", 60, WEB, memory=(1000, 1000))
    insert_hit(connection, "3", "db1", 120, "/other", memory=(500, 500))
    assert select("incident_causes", COLUMNS) == [("1", "cgroup_limit", "2", WEB, 1000)]


def test_an_incident_without_a_suspect_is_unknown(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_kill(connection, "1", "db1", 0, "sh")
    insert_kill(connection, "2", "db2", 0, kind="allocation_failure")
    assert select("incident_causes", COLUMNS) == [("1", "unknown", None, None, None)]
