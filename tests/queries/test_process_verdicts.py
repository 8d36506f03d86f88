from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.badness import insert_event, insert_process
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    columns = "audit_pages, points, thousandths, badness_rank, is_chosen"
    assert select("process_verdicts", columns, "pid = 5424") == [(2002984, 1604177, None, 1, True)]
    assert select("process_verdicts", "lone_reason, lone_spared_reason", "pid = 5424") == [
        (None, None)
    ]


def test_without_page_tables_the_kernel_counts_in_thousandths(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_process(connection, 7, 100000, killed_as="victim")
    # 100000 of 1000000 pages are 100 thousandths.
    assert select("process_verdicts", "thousandths, badness_rank") == [(100, 1)]


def test_the_report_alone_does_not_tell_who_was_dying(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for event_id, uptime_s in (("first", 100.0), ("second", 102.5)):
        insert_event(connection, event_id, host_id="h", uptime_s=uptime_s)
        victim = 9 if event_id == "first" else 7
        for pid, rss_pages in ((7, 500), (9, 100000)):
            killed_as = "victim" if pid == victim else None
            insert_process(
                connection,
                pid,
                rss_pages,
                event_id=event_id,
                killed_as=killed_as,
                pgtables_bytes=0,
            )
    columns = "pid, lone_reason, lone_spared_reason, asks_others"
    assert select("process_verdicts", columns, "event_id = 'second'") == [
        (7, "unexplained", None, True),
        (9, None, "unexplained", True),
    ]
    assert select("process_verdicts", "pid, asks_others", "event_id = 'first'") == [
        (7, False),
        (9, False),
    ]


def test_where_nobody_was_chosen_nobody_was_spared_for_a_reason(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, kind="no_victim")
    insert_process(connection, 7, 500, pgtables_bytes=0)
    assert select("process_verdicts", "lone_spared_reason") == [("no_chosen",)]
    assert select("score_audit", "spared_reason") == [(None,)]
