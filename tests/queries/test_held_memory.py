from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

COLUMNS = "row_no, victim_no, pid, rss_kb, swap_kb, page_tables_kb, held_kb, held_basis"


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 1537770 * 4 and 66407 * 4; nothing in swap.
    assert select("held_memory", COLUMNS, "is_victim") == [
        (27, 1, 5424, 6151080, 0, 265628, 6151080, "rss_and_swap")
    ]
    assert select("held_memory", "COUNT(*), SUM(held_kb)") == [(36, 1752029 * 4)]


def test_swap_counts_where_it_is_printed(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4)
    insert(connection, "processes", event_id="e", row_no=1, pid=7, rss_pages=10, swapents=5)
    insert(connection, "processes", event_id="e", row_no=2, pid=8, rss_pages=10)
    assert select("held_memory", COLUMNS) == [
        (1, None, 7, 40, 20, None, 60, "rss_and_swap"),
        (2, None, 8, 40, None, None, 40, "rss"),
    ]


def test_a_victim_without_a_row_comes_from_its_kill_line(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=4)
    insert(connection, "processes", event_id="e", row_no=1, pid=7, rss_pages=10, swapents=0)
    sizes = {"anon_rss_kb": 100, "file_rss_kb": 20}
    insert(connection, "victims", event_id="e", victim_no=1, pid=7, **sizes)
    insert(connection, "victims", event_id="e", victim_no=2, pid=8, shmem_rss_kb=3, **sizes)
    insert(connection, "victims", event_id="e", victim_no=3, pid=9, pgtables_kb=4, **sizes)
    insert(connection, "victims", event_id="e", victim_no=4, pid=10)
    # 100 + 20 + 3; the last one's line had no sizes.
    assert select("held_memory", COLUMNS) == [
        (1, 1, 7, 40, 0, None, 40, "rss_and_swap"),
        (None, 2, 8, 123, None, None, 123, "kill_line"),
        (None, 3, 9, 120, None, 4, 120, "kill_line"),
    ]
