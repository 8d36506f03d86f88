from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.kills import at, insert_host, insert_kill

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

WEB = "/system.slice/web.service"


def insert_hit(
    connection: duckdb.DuckDBPyConnection,
    event_id: str,
    host: str | None,
    after_s: int | None,
    path: str,
    comm: str = "java",
    **counters: tuple[int, int | None],
) -> None:
    """A kill by the limit of the cgroup; counters are usage and limit by resource."""
    insert_kill(connection, event_id, host, after_s, comm, oom_memcg=path, constraint_kind="memcg")
    for resource, values in counters.items():
        for name, value in zip(("usage", "limit"), values, strict=True):
            insert(
                connection,
                "cgroup_counters",
                event_id=event_id,
                cgroup=path,
                name=f"{resource.replace('_and_', '+')}.{name}",
                value=value,
                unit="kB",
            )


def pod_path(number: int, container: str) -> str:
    pod = f"pod0f6cf8ab_5a5e_4f38_9d5a_{number:012d}"
    return (
        "/kubepods.slice/kubepods-burstable.slice"
        f"/kubepods-burstable-{pod}.slice/cri-containerd-{container}.scope"
    )


def test_a_unit_on_each_host_and_by_its_name(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_host(connection, "db1", labels="role=db")
    insert_host(connection, "db2")
    insert_hit(connection, "1", "db1", 0, WEB, memory=(1000, 1000))
    insert_hit(connection, "2", "db1", 500, WEB, memory=(1990, 2000))
    insert_hit(connection, "3", "db2", 800, WEB, "sh", memory=(900, 900))
    insert_hit(connection, "4", "db2", 0, "/once.slice", memory=(1, 1))
    # db2 hit it once: no row of its own. The fleet's last hit is db2's.
    columns = "scope, hostname, labels, subject_kind, subject, oom_memcg, cgroups, hosts"
    assert select("limits_hit", columns) == [
        ("cgroup", "db1.example", "role=db", "unit", "web.service", WEB, 1, 1),
        ("identity", None, None, "unit", "web.service", WEB, 1, 2),
    ]
    columns = "scope, events, kills, first_at, last_at, interval_s, limited, usage_kb, limit_kb"
    assert select("limits_hit", columns + ", lowest_limit_kb, highest_limit_kb") == [
        ("cgroup", 2, 2, at(0), at(500), 500, "memory", 1990, 2000, 1000, 2000),
        ("identity", 3, 3, at(0), at(800), 400, "memory", 900, 900, 900, 2000),
    ]


def test_containers_started_again_and_pods_made_anew(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    memory = (524280, 524288)
    insert_hit(connection, "1", "k1", 0, pod_path(1, "aa"), memory=memory)
    insert_hit(connection, "2", "k1", 300, pod_path(1, "bb"), memory=memory)
    insert_hit(connection, "3", "k2", 900, pod_path(2, "cc"), memory=memory)
    insert_hit(connection, "4", "k2", 950, pod_path(3, "dd"), "node", memory=memory)
    # No path was hit twice. Two containers were of one pod, three have the same class, limit
    # and victim.
    columns = "scope, host_id, subject_kind, subject, cgroups, hosts, events, interval_s, limit_kb"
    words = "container of a burstable pod, memory limit 524288 kB, killed java"
    assert select("limits_hit", columns) == [
        ("identity", None, "pod_container", words, 3, 2, 3, 450, 524288),
        ("pod", "k1", "pod", "0f6cf8ab-5a5e-4f38-9d5a-000000000001", 2, 1, 2, 300, 524288),
    ]


def test_of_memory_and_swap_the_one_with_least_left(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for event_id in "12":
        insert_hit(
            connection,
            event_id,
            "h",
            None,
            "/lxc/VM_A",
            memory=(53192, 262144),
            memory_and_swap=(524280, 524288),
            kmem=(9, 9),
        )
    columns = "scope, subject_kind, subject, limited, usage_kb, limit_kb, first_at, interval_s"
    assert select("limits_hit", columns) == [
        ("cgroup", "container", "VM_A", "memory+swap", 524280, 524288, None, None),
        ("identity", "container", "VM_A", "memory+swap", 524280, 524288, None, None),
    ]


def test_without_a_limit_in_the_report(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for event_id in "12":
        insert_hit(connection, event_id, "h", None, "/docker/abcdef012345", memory=(77, None))
    columns = "scope, subject, limited, usage_kb, limit_kb, highest_limit_kb"
    assert select("limits_hit", columns) == [
        ("cgroup", "abcdef012345", None, None, None, None),
        ("identity", "docker container, limit unknown, killed java", None, None, None, None),
    ]


def test_counters_of_other_cgroups_do_not_count(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for event_id in "12":
        insert_hit(connection, event_id, "h", None, "/a", memory=(100, 100))
        for name in ("memory.usage", "memory.limit"):
            insert(
                connection,
                "cgroup_counters",
                event_id=event_id,
                cgroup="/a/b",
                name=name,
                value=5000,
                unit="kB",
            )
    assert select("limits_hit", "usage_kb, limit_kb", "scope = 'cgroup'") == [(100, 100)]


def test_an_unknown_host_may_be_any(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for event_id in "12":
        insert_hit(connection, event_id, None, None, WEB, memory=(1, 1))
    for event_id in "34":
        insert_hit(connection, event_id, None, None, pod_path(7, event_id), memory=(2, 2))
    assert select("limits_hit", "scope, subject_kind, events, hosts") == [
        ("identity", "pod_container", 2, 0),
        ("identity", "unit", 2, 0),
        ("pod", "pod", 2, 0),
    ]
