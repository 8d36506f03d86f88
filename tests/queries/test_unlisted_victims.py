from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.badness import insert_event, insert_process

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_only_victims_that_the_table_lacks(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_process(connection, 7, 100, killed_as="victim")
    row = {"event_id": "e", "comm": "java", "pgtables_kb": 8}
    insert(connection, "victims", victim_no=2, pid=8, anon_rss_kb=100, file_rss_kb=20, **row)
    insert(connection, "victims", victim_no=3, pid=9, **row)
    columns = "victim_no, pid, comm, rss_kb, page_tables_kb"
    assert select("unlisted_victims", columns) == [(2, 8, "java", 120, 8)]
