"""The totalpages of constrained_alloc() in mm/oom_kill.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert
from tests.queries.badness import insert_event
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

COLUMNS = "candidate_no, total_pages, total_basis"


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # Its zones' present, 2097022 pages, are not its RAM of 2097151: 2097151 - 94167.
    assert select("badness_totals", COLUMNS) == [(1, 2002984, "ram")]


def test_swap_counts_whole(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_event(connection, swap_total_kb=400002, swap_free_kb=0)
    # 1000000 + 100000 and a half, cut.
    assert select("badness_totals", COLUMNS) == [(1, 1100000, "ram")]


def test_managed_where_reserved_is_wrong(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Linux 3.13 to 3.17 print the last zone's reserved pages: 50 instead of 150.
    insert_event(connection, ram_pages=3000, reserved_pages=50)
    insert_zone(connection, "e", "DMA32", (1, 1, 1, 1, 8000, 7600), ())
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 4000, 3800), ())
    assert select("badness_totals", COLUMNS) == [(1, 2850, "managed")]


@pytest.mark.parametrize("kind", ["cpuset", "memory_policy"])
def test_only_the_allowed_nodes(
    connection: duckdb.DuckDBPyConnection, select: Rows, kind: str
) -> None:
    insert_event(connection, constraint_kind=kind, swap_total_kb=4000)
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 8000, 7600), (), node=1)
    assert select("badness_totals", COLUMNS) == [(1, 3000, "nodes")]


def test_a_constraint_that_is_not_printed_may_have_held(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Node 1 alone is shown, 2000 of 3000 pages: up to 4.20 a policy may have left out node 0.
    insert_event(connection, ram_pages=3000, reserved_pages=150)
    insert_zone(connection, "e", "Normal", (1, 1, 1, 1, 8000, 7600), (), node=1)
    assert select("badness_totals", COLUMNS) == [(1, 2850, "ram"), (2, 2000, "nodes")]
    connection.execute("UPDATE events SET constraint_kind = 'none'")
    assert select("badness_totals", COLUMNS) == [(1, 2850, "ram")]


@pytest.mark.parametrize(
    ("counters", "swap_total_kb", "candidates"),
    [
        ({"memory.limit": 4000}, None, [(1, 1000, "cgroup")]),
        # cgroup v2 with swap.max: whether the machine has swap is not printed.
        (
            {"memory.limit": 4000, "swap.usage": 0, "swap.limit": 800},
            None,
            [(1, 1000, "cgroup"), (2, 1200, "cgroup_and_swap")],
        ),
        (
            {"memory.limit": 4000, "swap.usage": 8, "swap.limit": 800},
            None,
            [(1, 1200, "cgroup_and_swap"), (2, 1000, "cgroup")],
        ),
        # cgroup v1: the second limit is of both together; its usage tells of swap.
        (
            {
                "memory.limit": 4000,
                "memory.usage": 4000,
                "memory+swap.limit": 6000,
                "memory+swap.usage": 4400,
            },
            None,
            [(1, 1500, "cgroup_and_swap"), (2, 1000, "cgroup")],
        ),
        # Up to Linux 3.8 the machine's swap is printed too, and less of it counts less.
        (
            {"memory.limit": 4000, "memory+swap.limit": 6000},
            400,
            [(1, 1000, "cgroup"), (2, 1100, "cgroup_and_swap")],
        ),
        ({"memory.limit": 4000, "memory+swap.limit": None}, 0, [(1, 1000, "cgroup")]),
        ({"memory.limit": None}, None, []),
    ],
)
def test_a_cgroup_s_limit(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    counters: dict[str, int | None],
    swap_total_kb: int | None,
    candidates: list[tuple[int, int, str]],
) -> None:
    insert_event(connection, constraint_kind="memcg", swap_total_kb=swap_total_kb)
    for name, value in counters.items():
        insert(connection, "cgroup_counters", event_id="e", name=name, value=value, unit="kB")
    assert select("badness_totals", COLUMNS) == candidates
