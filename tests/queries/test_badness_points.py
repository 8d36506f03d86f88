"""The formulas of oom_badness() in mm/oom_kill.c, by the columns that a table has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plain_database import insert
from tests.queries.badness import insert_event, insert_process
from tests.queries.seed import insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

COLUMNS = "rule_no, rule_name, own_pages, points, score"


def test_with_nr_ptes(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection)
    insert_process(connection, 7, 90000, nr_ptes=9000, swapents=1001, oom_score_adj=100)
    # 90000 + 9000 + 1001 = 100001; adj 100 * (1000000 / 1000) = 100000; 3 % of 100001 is
    # 3000, cut; or 30 thousandths less: 70 * 1000.
    assert select("badness_points", COLUMNS) == [
        (1, "plain", 100001, 200001, 200),
        (2, "root_3_percent", 100001, 197001, 197),
        (3, "root_30_thousandths", 100001, 170001, 170),
    ]


def test_with_nr_pmds(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection)
    insert_process(connection, 7, 90000, nr_ptes=9000, nr_pmds=1000)
    assert select("badness_points", COLUMNS) == [
        (1, "plain", 100000, 100000, 100),
        (2, "root_3_percent", 100000, 97000, 97),
    ]


def test_with_pgtables_bytes(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection)
    # 8191 bytes are 1 page, cut.
    insert_process(connection, 7, 99999, pgtables_bytes=8191)
    assert select("badness_points", COLUMNS) == [(1, "plain", 100000, 100000, 100)]


def test_pages_of_64_kb(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection, page_size_kb=64)
    # 131071 bytes are 1 page, cut.
    insert_process(connection, 7, 99999, pgtables_bytes=131071)
    assert select("badness_points", "own_pages") == [(100000,)]


def test_every_rule_is_tried_with_every_total(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, constraint_kind="memcg", swap_total_kb=4000000)
    for name, value in (("memory.limit", 400000), ("memory.usage", 400000)):
        insert(connection, "cgroup_counters", event_id="e", name=name, value=value, unit="kB")
    insert_process(connection, 7, 900, nr_ptes=100, oom_score_adj=100)
    # 1000 + 100 * 100 of 100000 pages, 1000 + 100 * 1100 with the swap; root has 30 less, or
    # 70 * 100 and 70 * 1100 in the place of the other.
    assert select("badness_points", "candidate_no, rule_name, total_pages, points") == [
        (1, "plain", 100000, 11000),
        (1, "root_30_thousandths", 100000, 8000),
        (1, "root_3_percent", 100000, 10970),
        (2, "plain", 1100000, 111000),
        (2, "root_30_thousandths", 1100000, 78000),
        (2, "root_3_percent", 1100000, 110970),
    ]


def test_without_page_tables_thousandths_are_added(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_process(connection, 7, 250999, swapents=None, oom_score_adj=100)
    insert_process(connection, 8, 950000, swapents=None, oom_score_adj=200)
    insert_process(connection, 9, 5000, swapents=None, oom_score_adj=-500)
    # 250 + 100, less 30 for root; 950 + 200 is cut to 1000; 5 - 500 is raised to 1.
    assert select("badness_points", "pid, rule_name, score") == [
        (7, "plain", 350),
        (7, "root_30_thousandths", 320),
        (8, "plain", 1000),
        (8, "root_30_thousandths", 1000),
        (9, "plain", 1),
        (9, "root_30_thousandths", 1),
    ]


def test_who_may_never_be_killed_has_no_points(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection)
    insert_process(connection, 7, 1000, pgtables_bytes=0, oom_score_adj=-1000)
    insert_process(connection, 8, 1000, oom_score_adj=None, oom_adj=0)
    assert select("badness_points", "pid") == []


@pytest.mark.parametrize(("zone_columns", "points"), [({"kernel_stack_kb": 0}, 1), ({}, -499000)])
def test_points_may_be_negative_since_5_9(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    zone_columns: dict[str, Any],
    points: int,
) -> None:
    insert_event(connection, constraint_kind="none")
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 1, 1), (), **zone_columns)
    insert_process(connection, 7, 1000, pgtables_bytes=0, oom_score_adj=-500)
    # 1000 - 500 * 1000; up to 5.8, which print kernel_stack in the zone's line, at least 1.
    assert select("badness_points", "points") == [(points,)]
