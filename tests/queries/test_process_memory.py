from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 1537770 * 4 = 6151080, the anon-rss of the kill line; 36913689 * 4 = 147654756, its
    # total-vm; 66407 * 4 = 265628.
    columns = "row_no, comm, rss_kb, total_vm_kb, page_tables_kb, swap_kb, is_victim"
    assert select("process_memory", columns, "pid = 5424") == [
        (27, "java", 6151080, 147654756, 265628, 0, True)
    ]
    # 1752029 pages in all.
    assert select("process_memory", "COUNT(*), SUM(rss_kb), SUM(CAST(is_victim AS INT))") == [
        (36, 1752029 * 4, 1)
    ]


def test_page_tables_are_printed_in_three_ways(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", page_size_kb=64)
    insert(connection, "processes", event_id="e", row_no=1, rss_pages=2, nr_ptes=3)
    insert(connection, "processes", event_id="e", row_no=2, rss_pages=2, nr_ptes=3, nr_pmds=4)
    insert(connection, "processes", event_id="e", row_no=3, rss_pages=2, pgtables_bytes=131072)
    insert(connection, "processes", event_id="e", row_no=4, rss_pages=2)
    # 3 * 64, (3 + 4) * 64, 131072 / 1024.
    assert select("process_memory", "row_no, rss_kb, page_tables_kb, is_victim") == [
        (1, 128, 192, False),
        (2, 128, 448, False),
        (3, 128, 128, False),
        (4, 128, None, False),
    ]


def test_without_a_page_size_pages_stay_unknown(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill")
    insert(
        connection, "processes", event_id="e", row_no=1, rss_pages=2, rss_anon_pages=1, swapents=1
    )
    assert select("process_memory", "row_no, rss_kb, anon_kb, swap_kb") == [(1, None, None, None)]
