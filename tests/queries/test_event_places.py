from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import insert_kill, insert_sighting

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_host_else_the_log(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_kill(connection, "known", "web1", 0, "java", uptime_s=7.0)
    insert_kill(connection, "unknown", None, None, "java")
    insert_kill(connection, "nowhere", None, None, "java")
    for event_id in ("known", "unknown"):
        insert_sighting(connection, event_id, "log2", 30)
        insert_sighting(connection, event_id, "log1", 40)
    assert select("event_places", "event_id, place, uptime_s, first_line") == [
        ("known", "web1", 7.0, 30),
        ("nowhere", None, None, None),
        ("unknown", "log1", None, 30),
    ]
