from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def event(connection: duckdb.DuckDBPyConnection, **columns: object) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", **columns)


@pytest.mark.parametrize(
    ("columns", "has_wait", "has_atomic"),
    [
        ({"gfp_layout": "linux-2.6.32"}, True, False),
        ({"gfp_layout": "linux-4.4"}, False, True),
        ({"gfp_layout": "linux-5.18"}, False, True),
        ({"gfp_layout": "linux-6.4"}, False, False),
        ({"gfp_names": "GFP_NEW"}, False, None),
        ({}, None, None),
    ],
)
def test_the_flags_of_the_mask(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    columns: dict[str, str],
    has_wait: bool | None,
    has_atomic: bool | None,
) -> None:
    event(connection, **columns)
    assert select("report_shape", "has_wait_flag, has_atomic_flag") == [(has_wait, has_atomic)]


@pytest.mark.parametrize(
    ("table", "row", "has_unstable"),
    [
        ("memory_counters", {"name": "unstable"}, True),
        ("memory_counters", {"name": "unevictable"}, False),
        # The line that would count it is lost.
        ("memory_counters", {"name": "free"}, None),
        ("nodes", {"unstable_kb": 0}, True),
        ("nodes", {"active_anon_kb": 0}, False),
        ("zones", {"unstable_kb": 0}, True),
        ("zones", {"free_kb": 0}, None),
    ],
)
def test_unstable(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    table: str,
    row: dict[str, object],
    has_unstable: bool | None,
) -> None:
    event(connection)
    insert(connection, table, event_id="e", **row)
    assert select("report_shape", "has_unstable") == [(has_unstable,)]


def test_zone_lines_and_the_cpu_line(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    event(connection, invoker_uid=0)
    assert select("report_shape", "has_zone_stacks, has_invoker_uid") == [(None, True)]
    insert(connection, "zones", event_id="e", free_kb=0)
    assert select("report_shape", "has_zone_stacks") == [(False,)]
    insert(connection, "zones", event_id="e", free_kb=0, kernel_stack_kb=0)
    assert select("report_shape", "has_zone_stacks") == [(True,)]


@pytest.mark.parametrize(
    ("adjustments", "uid", "is_rhel6"),
    [
        ({"invoker_oom_adj": 0, "invoker_oom_score_adj": 0}, 27, True),
        ({"invoker_oom_adj": 0, "invoker_oom_score_adj": 0}, None, False),
        ({"invoker_oom_score_adj": 0}, 27, False),
        ({"invoker_oom_adj": 0}, 27, False),
    ],
)
def test_rhel_6(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    adjustments: dict[str, int],
    uid: int | None,
    is_rhel6: bool,
) -> None:
    event(connection, **adjustments)
    insert(connection, "victims", event_id="e", role="victim", uid=uid)
    assert select("report_shape", "is_rhel6") == [(is_rhel6,)]
