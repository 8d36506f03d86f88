"""What the views and the story say of the laboratory's machines, whose trouble is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from oomdb import databases, explain
from oomdb.ingest import ingest
from oomdb.listings import evidence_of
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.store.connection import Connection


#: What each machine had been made short of memory with, by the sample that shows it.
CAUSES = {
    "rocketmq-8g.log": {"large_process"},
    "6.1-amd64--tmpfs.log": {"shmem"},
    "6.1-amd64--page-tables.log": {"page_tables"},
    "6.1-amd64--slab.log": {"unreclaimable_slab"},
    "6.1-amd64--hugetlb.log": {"hugetlb"},
    "6.1-amd64--cpuset.log": {"numa_node_full"},
    "6.1-amd64--memory-policy.log": {"numa_node_full"},
    "5.10-amd64--order-3.log": {"fragmentation"},
    "6.1-amd64--allocation-failure.log": {"fragmentation"},
    "6.1-amd64--memcg-v1.log": {"cgroup_limit"},
    "6.1-amd64--memcg-v2-pod.log": {"cgroup_limit"},
    "7.3-amd64--memcg-v2.log": {"cgroup_limit"},
    "7.3-amd64--sysrq-f.log": set(),
    "6.1-amd64--sysrq-m.log": set(),
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A database of all samples that come from machines."""
    database = tmp_path_factory.mktemp("samples") / "oomdb.duckdb"
    ingest([log for log in samples.logs() if log.parent == samples.ROOT], database)
    with databases.open_for_reading(database) as reader:
        yield reader.connection


def event_ids(connection: Connection, name: str = "") -> list[str]:
    """The events of the sample of that name, or of all."""
    sql = (
        "SELECT DISTINCT event_id FROM sightings JOIN sources USING (source_id)"
        f" WHERE path LIKE '%/{name}%' ORDER BY 1"
    )
    return [row[0] for row in connection.execute(sql).fetchall()]


@pytest.mark.parametrize(("name", "causes"), CAUSES.items(), ids=CAUSES)
def test_the_first_suspect_is_what_the_machine_was_made_short_with(
    connection: Connection, name: str, causes: set[str]
) -> None:
    ids = event_ids(connection, name)
    assert ids
    marks = ", ".join("?" * len(ids))
    sql = (
        "SELECT DISTINCT suspect FROM memory_suspects"
        f" WHERE suspect_no = 1 AND event_id IN ({marks})"
    )
    assert {row[0] for row in connection.execute(sql, ids).fetchall()} == causes


def test_every_page_is_in_one_part(connection: Connection) -> None:
    sql = (
        "SELECT event_id, scope, node, SUM(size_kb), MAX(total_kb) FROM memory_balance"
        " WHERE is_whole GROUP BY event_id, scope, node"
    )
    balances = connection.execute(sql).fetchall()
    assert {scope for _, scope, *_ in balances} == {"machine", "node", "cgroup"}
    assert [row for row in balances if row[3] != row[4]] == []


def test_no_machine_lacks_its_balance(connection: Connection) -> None:
    """Whole reports print all that is needed, and no part is larger than what it is a part of."""
    sql = (
        "SELECT events.event_id FROM events LEFT JOIN memory_balance AS b"
        " ON b.event_id = events.event_id AND b.part = 'unaccounted' AND b.scope = CASE"
        " WHEN events.constraint_kind = 'memcg' THEN 'cgroup' ELSE 'machine' END"
        " WHERE events.damage IS NULL AND (b.size_kb IS NULL OR b.share_thousandths < -10)"
    )
    assert connection.execute(sql).fetchall() == []


def test_each_line_that_a_story_cites_prints_what_it_says(
    connection: Connection,
) -> None:
    """Zones and victims stand in the cited lines of the kept report."""
    zones = rows_by_event(connection, "SELECT event_id, node, zone, free_kb FROM zones")
    victims = rows_by_event(
        connection, "SELECT event_id, pid FROM victims WHERE total_vm_kb IS NOT NULL"
    )
    for event_id in event_ids(connection):
        raw = evidence_of(connection, event_id).decode("latin-1").split("\n")
        citations = explain.citations.read(connection, event_id)
        for node, zone, free_kb in zones.get(event_id, []):
            lines = cited(citations.of("zone", node=node, zone=zone))
            assert any(f"{zone} free:{free_kb}kB" in raw[line - 1] for line in lines)
        for (pid,) in victims.get(event_id, []):
            lines = cited(citations.of("killed", pid=pid))
            assert lines
            assert all(f"process {pid}" in raw[line - 1] for line in lines)


def rows_by_event(connection: Connection, sql: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a query by their first column."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for event_id, *rest in connection.execute(sql).fetchall():
        found.setdefault(event_id, []).append(tuple(rest))
    return found


def cited(text: str) -> list[int]:
    """The numbers in ` [lines 3, 24-26]`."""
    numbers: list[int] = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        numbers += range(int(first), int(last or first) + 1)
    return numbers
