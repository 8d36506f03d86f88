"""Process tables as rows, for tests that are about badness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb


def insert_event(
    connection: duckdb.DuckDBPyConnection, event_id: str = "e", **columns: object
) -> None:
    """A kill on a machine of 1000000 pages of 4 kB and no swap."""
    event: dict[str, object] = {
        "kind": "oom_kill",
        "page_size_kb": 4,
        "ram_pages": 1000500,
        "reserved_pages": 500,
        "swap_total_kb": 0,
        **columns,
    }
    insert(connection, "events", event_id=event_id, **event)


def insert_process(
    connection: duckdb.DuckDBPyConnection,
    pid: int,
    rss_pages: int,
    *,
    event_id: str = "e",
    killed_as: str | None = None,
    **columns: object,
) -> None:
    """A row of the table, in order of pid; `killed_as` makes it a victim of that role."""
    row: dict[str, object] = {"oom_score_adj": 0, "swapents": 0, "uid": 1000, **columns}
    insert(
        connection, "processes", event_id=event_id, row_no=pid, pid=pid, rss_pages=rss_pages, **row
    )
    if killed_as is not None:
        (count,) = connection.execute("SELECT COUNT(*) FROM victims").fetchone() or (0,)
        insert(
            connection, "victims", event_id=event_id, victim_no=count + 1, pid=pid, role=killed_as
        )
