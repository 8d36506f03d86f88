from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


@pytest.fixture
def event(connection: duckdb.DuckDBPyConnection) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        constraint_kind="memcg",
        oom_memcg="/a",
        page_size_kb=4,
    )


def insert_values(
    connection: duckdb.DuckDBPyConnection, unit: str, cgroup: str = "/a", **values: int
) -> None:
    for name, value in values.items():
        insert(
            connection,
            "cgroup_counters",
            event_id="e",
            cgroup=cgroup,
            name=name.replace("__", "."),
            value=value,
            unit=unit,
        )


@pytest.mark.usefixtures("event")
def test_the_second_version_s_statistics(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # As Linux 6.1 prints them, in bytes; `file` holds `shmem`, `kernel` holds the stacks, page
    # tables, per-CPU data and slab.
    insert_values(connection, "kB", memory__usage=1000, memory__limit=1024)
    insert_values(
        connection,
        "bytes",
        anon=614400,
        file=204800,
        shmem=102400,
        kernel=153600,
        kernel_stack=16384,
        pagetables=32768,
        sec_pagetables=0,
        percpu=5120,
        sock=4096,
        vmalloc=0,
        zswap=0,
        slab_reclaimable=20480,
        slab_unreclaimable=40960,
        slab=61440,
    )
    # kernel_other: 150 - 16 - 32 - 5 - 60 = 37 kB.
    assert select("cgroup_memory_parts", "part, size_kb, basis", "size_kb > 0") == [
        ("anon", 600, "statistics"),
        ("file", 100, "statistics"),
        ("kernel_other", 37, "statistics"),
        ("kernel_stacks", 16, "statistics"),
        ("page_tables", 32, "statistics"),
        ("percpu", 5, "statistics"),
        ("shmem", 100, "statistics"),
        ("slab_reclaimable", 20, "statistics"),
        ("slab_unreclaimable", 40, "statistics"),
        ("sock", 4, "statistics"),
    ]
    assert select("cgroup_memory_parts", "DISTINCT usage_kb, limit_kb, has_core") == [
        (1000, 1024, True)
    ]


@pytest.mark.usefixtures("event")
def test_each_cgroup_below_it_is_added(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    # As Linux 3.8 to 4.11 print them: a line for each cgroup, and no shmem.
    insert_values(connection, "kB", memory__usage=100, memory__limit=100, kmem__usage=7)
    insert_values(connection, "kB", cgroup="/a", rss=10, cache=2)
    insert_values(connection, "kB", cgroup="/a/b", rss=70, cache=5)
    assert select("cgroup_memory_parts", "part, size_kb, basis") == [
        ("anon", 80, "statistics"),
        ("file_and_shmem", 7, "statistics"),
        ("kernel_other", 7, "usage"),
    ]


@pytest.mark.usefixtures("event")
def test_printed_sums_of_the_first_version(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # As Linux 6.5 and later print them: its own values, then those with all cgroups below.
    insert_values(connection, "kB", memory__usage=100)
    insert_values(
        connection,
        "bytes",
        cache=1024,
        rss=2048,
        shmem=0,
        total_cache=10240,
        total_rss=61440,
        total_shmem=4096,
    )
    assert select("cgroup_memory_parts", "part, size_kb, limit_kb") == [
        ("anon", 60, None),
        ("file", 6, None),
        ("shmem", 4, None),
    ]


def test_only_a_kill_by_a_limit_has_any(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", constraint_kind="none")
    insert_values(connection, "kB", memory__usage=100, rss=5)
    assert select("cgroup_memory_parts", "part") == []
