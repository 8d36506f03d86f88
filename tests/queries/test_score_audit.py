from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plain_database import insert
from tests.queries.badness import insert_event, insert_process
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 1537770 + 66407 = 1604177; * 1000 / 2002984 = 800, cut; without page tables 767.
    columns = "page_table_pages, swap_pages, total_pages, points, score, score_without_page_tables"
    assert select("score_audit", columns, "pid = 5424") == [(66407, 0, 2002984, 1604177, 800, 767)]
    columns = "score_printed, score_rule, score_difference, score_matches, badness_rank, is_chosen"
    assert select("score_audit", columns + ", is_victim, is_top, reason", "pid = 5424") == [
        (800, "plain", 0, True, 1, True, True, True, None)
    ]
    # The other java: 204324 + 494 = 204818; * 1000 / 2002984 = 102.
    columns = "points, score, score_printed, score_matches, badness_rank, is_victim, is_top"
    assert select("score_audit", columns, "pid = 13675") == [
        (204818, 102, None, None, 2, False, False)
    ]
    # dbus-daemon: 96 + 19 - 900 * 2002 is below 0 and counts as 1. systemd-udevd: never.
    assert select("score_audit", "points, score", "pid = 526") == [(1, 0)]
    assert select("score_audit", "points, badness_rank, is_top", "pid = 368") == [
        (None, None, False)
    ]
    assert select("score_audit", "COUNT(*), COUNT(points)") == [(36, 34)]


@pytest.mark.parametrize(
    ("printed", "rule", "difference", "matches", "rank"),
    [
        # 100000 pages of root: 100; less 3 %: 97; less 30 thousandths: 70. Another process
        # has 98000, and passes root where root has a bonus.
        (100, "plain", 0, True, 1),
        (97, "root_3_percent", 0, True, 2),
        (70, "root_30_thousandths", 0, True, 2),
        (96, "root_3_percent", 1, True, 2),
        (85, "root_3_percent", 12, False, 2),
    ],
)
def test_root_s_bonus_is_told_by_the_printed_score(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    printed: int,
    rule: str,
    difference: int,
    matches: bool,
    rank: int,
) -> None:
    insert_event(connection, chosen_pid=7, chosen_score=printed)
    insert_process(connection, 7, 100000, uid=0, nr_ptes=0, killed_as="victim")
    insert_process(connection, 8, 98000, nr_ptes=0)
    columns = "score_rule, score_difference, score_matches, badness_rank"
    assert select("score_audit", columns, "pid = 7") == [(rule, difference, matches, rank)]


def test_the_printed_score_tells_whether_a_cgroup_s_swap_counts(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(
        connection, constraint_kind="memcg", swap_total_kb=None, chosen_pid=7, chosen_score=781
    )
    for name, value in (("memory.limit", 512000), ("memory+swap.limit", 1024000)):
        insert(connection, "cgroup_counters", event_id="e", name=name, value=value, unit="kB")
    insert_process(connection, 7, 200000, nr_ptes=0, killed_as="victim")
    # 200000 * 1000 / 128000 = 1562, but / 256000 = 781.
    assert select("score_audit", "total_pages, total_basis, score, score_matches") == [
        (256000, "cgroup_and_swap", 781, True)
    ]


@pytest.mark.parametrize(
    ("event", "victim_rss", "reason"),
    [
        ({}, 49999, "unexplained"),
        ({}, 99500, "within_tolerance"),
        ({}, 100000, None),
        ({"damage": "cut_start"}, 49999, "report_damaged"),
        (
            {"kill_message": "Out of memory (oom_kill_allocating_task)", "chosen_score": 0},
            49999,
            "allocating_task",
        ),
        ({"chosen_pid": 9}, 49999, "child_sacrificed"),
    ],
)
def test_why_the_victim_is_not_the_top(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    event: dict[str, Any],
    victim_rss: int,
    reason: str | None,
) -> None:
    insert_event(connection, **event)
    insert_process(connection, 7, victim_rss, pgtables_bytes=0, killed_as="victim")
    insert_process(connection, 8, 500000, pgtables_bytes=0, oom_score_adj=-1000)
    insert_process(connection, 9, 100000, pgtables_bytes=0)
    assert select("score_audit", "reason", "pid = 7") == [(reason,)]


def test_equals_share_the_top(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection)
    insert_process(connection, 7, 1000, pgtables_bytes=0)
    insert_process(connection, 8, 1000, pgtables_bytes=0, killed_as="victim")
    insert_process(connection, 9, 10, pgtables_bytes=0)
    assert select("score_audit", "pid, badness_rank, is_top, reason") == [
        (7, 1, True, None),
        (8, 1, True, None),
        (9, 3, False, None),
    ]


def test_a_group_dies_whatever_its_points(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_process(connection, 7, 1000, pgtables_bytes=0, killed_as="victim")
    insert_process(connection, 8, 10, pgtables_bytes=0, killed_as="group")
    insert_process(connection, 9, 5, pgtables_bytes=0, killed_as="sharing_mm")
    assert select("score_audit", "pid, is_chosen, is_victim, reason") == [
        (7, True, True, None),
        (8, False, True, "group_kill"),
        (9, False, True, "shares_memory"),
    ]


def test_a_top_that_is_dying_is_passed_over(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, "first", host_id="h", uptime_s=100.0)
    insert_process(connection, 9, 100000, event_id="first", pgtables_bytes=0, killed_as="victim")
    insert_event(connection, "second", host_id="h", uptime_s=102.5)
    insert_process(connection, 7, 500, event_id="second", pgtables_bytes=0, killed_as="victim")
    insert_process(connection, 9, 100000, event_id="second", pgtables_bytes=0)
    assert select("score_audit", "pid, reason", "event_id = 'second' AND is_victim") == [
        (7, "top_already_killed")
    ]


def test_before_2_6_36_badness_cannot_be_recomputed(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, chosen_pid=7, chosen_score=123456)
    insert_process(
        connection, 7, 1000, oom_score_adj=None, swapents=None, oom_adj=0, killed_as="victim"
    )
    columns = "points, score, badness_rank, score_printed, score_matches, reason"
    assert select("score_audit", columns) == [(None, None, None, 123456, None, "not_recomputable")]


def test_a_dying_top_is_found_in_the_same_log_where_no_host_is_named(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for event_id, line, epoch in (("first", 10, 5000), ("second", 90, 5002), ("late", 200, 9000)):
        insert_event(connection, event_id, occurred_epoch_s=epoch)
        insert(connection, "sightings", event_id=event_id, source_id="s", first_line=line)
        insert_process(connection, 7, 500, event_id=event_id, pgtables_bytes=0, killed_as="victim")
        insert_process(connection, 9, 100000, event_id=event_id, pgtables_bytes=0)
    insert(connection, "victims", event_id="first", pid=9, victim_no=9, role="victim")
    assert select("score_audit", "event_id, reason, is_victim", "is_victim AND pid = 7") == [
        ("first", "unexplained", True),
        ("late", "unexplained", True),
        ("second", "top_already_killed", True),
    ]
    assert select("score_audit", "event_id, spared_reason", "pid = 9 AND NOT is_victim") == [
        ("late", "unexplained"),
        ("second", "already_killed"),
    ]


@pytest.mark.parametrize(
    ("event", "process", "reason"),
    [
        # 100000 of 1000000 pages are 100.
        ({"chosen_score": 99}, {"nr_ptes": 0}, None),
        ({"chosen_score": 160}, {"nr_ptes": 0}, "unexplained"),
        # No column for swap, and swap is in use.
        (
            {"chosen_score": 160, "swap_total_kb": 400000, "swap_free_kb": 4},
            {"swapents": None},
            "swap_not_printed",
        ),
        # More than 8 thousandths of rss in page tables would be odd.
        ({"chosen_score": 102}, {"swapents": None, "rss_pages": 500000}, "unexplained"),
        ({"chosen_score": 502}, {"swapents": None, "rss_pages": 500000}, "page_tables_not_printed"),
        ({"chosen_score": 160, "constraint_kind": "cpuset"}, {"nr_ptes": 0}, "nodes_not_printed"),
        (
            {"chosen_score": 50, "constraint_kind": "memcg", "swap_total_kb": None},
            {"nr_ptes": 0},
            "swap_total_not_printed",
        ),
    ],
)
def test_why_the_printed_score_is_another(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    event: dict[str, Any],
    process: dict[str, Any],
    reason: str | None,
) -> None:
    insert_event(connection, chosen_pid=7, **event)
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 4000000, 4000000), ())
    insert(
        connection, "cgroup_counters", event_id="e", name="memory.limit", value=4000000, unit="kB"
    )
    row = {"rss_pages": 100000, **process}
    insert_process(connection, 7, row.pop("rss_pages"), killed_as="victim", **row)
    assert select("score_audit", "mismatch_reason") == [(reason,)]


@pytest.mark.parametrize(
    ("event", "process", "reason"),
    [
        ({}, {"oom_score_adj": -1000}, "unkillable"),
        ({}, {"oom_score_adj": -500}, "oom_score_adj"),
        ({"kill_message": "Out of memory (oom_kill_allocating_task)"}, {}, "allocating_task"),
        ({}, {}, "unexplained"),
        ({}, {"rss_pages": 100900}, "within_tolerance"),
        # The same pages as the victim are not more.
        ({}, {"rss_pages": 100000}, None),
        # 101000 less 3 % of root is 97970.
        ({}, {"rss_pages": 101000, "uid": 0}, "root_bonus"),
        # Without page tables scores are thousandths: 100 and 100.
        ({}, {"rss_pages": 100900, "nr_ptes": None}, "equal_score"),
        (
            {"swap_total_kb": 9, "swap_free_kb": 0},
            {"nr_ptes": None, "swapents": None},
            "swap_not_printed",
        ),
    ],
)
def test_why_a_larger_process_was_spared(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    event: dict[str, Any],
    process: dict[str, Any],
    reason: str | None,
) -> None:
    insert_event(connection, **event)
    row = {"rss_pages": 300000, "nr_ptes": 0, "oom_score_adj": 0, **process}
    tables = {"nr_ptes": row["nr_ptes"], "swapents": row.get("swapents", 0)}
    insert_process(connection, 7, 100000, killed_as="victim", **tables)
    insert_process(connection, 8, row.pop("rss_pages"), **row)
    assert select("score_audit", "spared_reason", "pid = 8") == [(reason,)]
    assert select("score_audit", "spared_reason", "pid = 7") == [(None,)]


def test_swap_that_is_not_printed_may_have_made_the_victim_the_top(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, swap_total_kb=400000, swap_free_kb=0)
    insert_process(connection, 7, 1000, swapents=None, killed_as="victim")
    insert_process(connection, 8, 90000, swapents=None)
    assert select("score_audit", "reason", "is_victim") == [("swap_not_printed",)]


def test_page_tables_of_64_kb_pages(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection, page_size_kb=64)
    insert_process(connection, 7, 1000, pgtables_bytes=131071)
    assert select("score_audit", "page_table_pages, points") == [(1, 1001)]
