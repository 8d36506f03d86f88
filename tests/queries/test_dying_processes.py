from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.badness import insert_event, insert_process

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


@pytest.mark.parametrize(
    ("host", "uptime_s", "dying"),
    [
        ("h", 102.5, [("second", 9, True)]),
        ("h", 700.0, [("second", 9, True)]),
        ("h", 700.5, []),
        ("h", 99.0, []),
        ("other", 102.5, []),
    ],
)
def test_killed_on_that_host_within_ten_minutes(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    host: str,
    uptime_s: float,
    dying: list[tuple[str, int, bool]],
) -> None:
    insert_event(connection, "first", host_id="h", uptime_s=100.0)
    insert_process(connection, 9, 100000, event_id="first", pgtables_bytes=0, killed_as="victim")
    insert_event(connection, "second", host_id=host, uptime_s=uptime_s)
    insert_process(connection, 7, 500, event_id="second", pgtables_bytes=0, killed_as="victim")
    insert_process(connection, 9, 100000, event_id="second", pgtables_bytes=0)
    assert select("dying_processes", "event_id, row_no, is_top", "event_id = 'second'") == dying
