"""The story of made-up events: what is known, what is not, and what lies."""

from __future__ import annotations

import calendar
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from oomdb import explain
from tests import plain_database
from tests.plain_database import insert
from tests.queries.request import GFP_KERNEL_5_1, insert_request
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

SECTIONS = [
    "1. Who asked for what",
    "2. What each zone had, and by how much it refused",
    "3. Who was killed, and was it the right one",
    "4. Where the memory was",
    "5. The processes",
    "6. Has it happened before",
    "7. Where this comes from",
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with plain_database.with_views() as connection:
        yield connection


#: The views that a story is told of, with those that they read.
VIEWS = (
    "cgroup_identity",
    "fragmentation",
    "gfp_flags",
    "incident_events",
    "incidents",
    "memory_balance",
    "memory_suspects",
    "over_budget",
    "process_memory",
    "recurrent_victims",
    "request_scope",
    "score_audit",
    "watermark_tuning",
    "zone_fallbacks",
)


def told(connection: duckdb.DuckDBPyConnection, width: int = 80) -> str:
    """The story of event `e` as text, with every paragraph on one line."""
    with plain_database.worked_out(connection, *VIEWS):
        story = explain.explain(connection, "e")
    json.loads(explain.as_json(story))
    text = explain.as_text(story, width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "None" not in text
    return text


def joined(text: str) -> str:
    return " ".join(text.split())


def test_an_event_of_which_nothing_is_known(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill")
    text = told(connection)
    assert [line for line in text.splitlines() if line[:1].isdigit()] == SECTIONS
    for section in text.split("\n\n")[1:]:
        assert "nknown" in section
    assert "Out of memory, host unknown: the report does not show who was killed." in text


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        ("oom_kill", "Out of memory, host db1: the report does not show who was killed."),
        ("no_victim", "Out of memory, host db1: the kernel found no process that it could kill."),
        ("panic", "Kernel panic, host db1:"),
        ("allocation_failure", "Not an OOM kill, host db1: one request for memory failed."),
        ("memory_dump", "Not an OOM kill, host db1:"),
    ],
)
def test_the_headline_says_what_it_is(
    connection: duckdb.DuckDBPyConnection, kind: str, headline: str
) -> None:
    insert(connection, "hosts", host_id="h", hostname="db1")
    insert(connection, "events", event_id="e", kind=kind, host_id="h")
    assert told(connection).startswith(headline)


def test_the_time_is_utc_where_known(connection: duckdb.DuckDBPyConnection) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        occurred_at=datetime(2026, 5, 31, 14, 7, 2),
        time_basis="stamp",
        uptime_s=12345.5,
    )
    assert "when    2026-05-31T14:07:02Z; 12,345.500 s after boot\n" in told(connection)


def test_a_cgroup_limit_is_told_instead_of_zones(connection: duckdb.DuckDBPyConnection) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        constraint_kind="memcg",
        constraint_basis="printed",
        oom_memcg="/system.slice/web.service",
    )
    for name, value, unit in [
        ("memory.usage", 49152, "kB"),
        ("memory.limit", 49152, "kB"),
        ("memory.failcnt", 69, "count"),
        ("swap.usage", 0, "kB"),
        ("swap.limit", None, "kB"),
        ("anon", 50180096, "bytes"),
        ("pgfault", 99999999, "count"),
    ]:
        insert(connection, "cgroup_counters", event_id="e", name=name, value=value, unit=unit)
    text = joined(told(connection))
    assert "What each zone had" not in text
    assert "cgroup /system.slice/web.service" in text
    assert "49,152 kB used of a limit of 49,152 kB: 49,152 - 49,152 = 0 kB left (full)" in text
    assert "hit 69 times (failcnt)" in text
    assert "0 kB used, no limit" in text
    assert "anon 49,004 kB" in text
    assert "pgfault" not in text


def test_an_inferred_constraint_is_marked(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", cpuset="/")
    assert "none; all memory of the machine could be used (not printed; inferred" in joined(
        told(connection)
    )


def test_a_constraint_is_not_inferred_from_a_cpuset(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", cpuset="batch")
    assert "could use): unknown, not printed" in joined(told(connection))


def test_an_order_is_worked_out(connection: duckdb.DuckDBPyConnection) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        alloc_order=3,
        invoker_comm="nginx",
        invoker_pid=7,
        page_size_kb=64,
        page_size_basis="buddy",
    )
    assert (
        "nginx (pid 7) asked for order 3, that is 2^3 = 8 pages in one piece:"
        " 8 pages x 64 kB = 512 kB."
    ) in joined(told(connection))


def test_sysrq_asks_for_no_memory(connection: duckdb.DuckDBPyConnection) -> None:
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        alloc_order=-1,
        invoker_comm="kworker/0:1",
    )
    assert "no memory was asked for" in joined(told(connection))


def test_a_child_that_died_in_place_of_its_parent(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", chosen_pid=10, chosen_comm="httpd")
    insert(connection, "victims", event_id="e", victim_no=1, pid=11, comm="php", anon_rss_kb=5)
    text = joined(told(connection))
    assert "php (pid 11) held in RAM 5 (anonymous) = 5 kB" in text
    assert "The ranking chose httpd (pid 10)" in text


def test_names_that_lie_do_no_harm(connection: duckdb.DuckDBPyConnection) -> None:
    evil = "\x1b]0;x\x07[red]a\nb"
    insert(connection, "events", event_id="e", kind="oom_kill", invoker_comm=evil, alloc_order=0)
    insert(connection, "victims", event_id="e", victim_no=1, pid=1, comm=evil)
    insert(connection, "processes", event_id="e", row_no=1, pid=1, rss_pages=1, comm=evil)
    insert(connection, "unparsed_lines", event_id="e", line_no=3, text=evil * 20, reason="unknown")
    text = told(connection)
    assert all(line.isprintable() for line in text.splitlines())
    assert r"\x1b]0;x\x07[red]a\nb (pid 1)" in text


def test_the_page_can_be_narrow(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", damage="cut_end,wrapped")
    insert(connection, "sources", source_id="s", path="/logs/" + "x" * 200, sha256="", size_bytes=1)
    insert(connection, "sightings", event_id="e", source_id="s", first_line=3, last_line=90)
    text = told(connection, width=60)
    assert "Damage: cut_end: its end is missing." in text
    assert "x:3-90" in text.replace("\n     ", "")


def test_many_unparsed_lines_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill", damage="unparsed_lines")
    for number in range(1, 13):
        insert(connection, "unparsed_lines", event_id="e", line_no=number, text=f"text {number}")
    text = told(connection)
    assert "Not understood, line 10 of the report: text 10" in text
    assert "text 11" not in text
    assert "... and 2 more." in text


def test_a_budget_that_was_passed(connection: duckdb.DuckDBPyConnection) -> None:
    insert_seed(connection, "e")
    insert(
        connection,
        "budgets",
        budget_no=1,
        comm_like="java",
        budget_kb=4521984,
        note="4 GB heap and 320 MB PermGen",
    )
    assert (
        "Over its budget: java (pid 5424) held 6,151,080 kB of 4,521,984 kB (4 GB heap and"
        " 320 MB PermGen): 1,629,096 kB too many."
    ) in joined(told(connection))


def test_why_comes_before_the_details(connection: duckdb.DuckDBPyConnection) -> None:
    insert_seed(connection, "e")
    head, _ = told(connection).split("\n\n", 1)
    assert "one process, java (pid 5424), held 6,151,080 kB (76.7 % of usable RAM)" in joined(head)
    assert "node 0 DMA32 has 43,500 kB free that its lowmem_reserve kept" in joined(head)


def test_a_cgroup_is_named_as_people_know_it(connection: duckdb.DuckDBPyConnection) -> None:
    pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f6c_5a5e.slice"
    insert(
        connection,
        "events",
        event_id="e",
        kind="oom_kill",
        constraint_kind="memcg",
        oom_memcg=pod,
        task_memcg=f"{pod}/cri-containerd-{'8e3f' * 16}.scope",
    )
    for name in ("memory.usage", "memory.limit"):
        insert(connection, "cgroup_counters", event_id="e", name=name, value=40960, unit="kB")
    text = joined(told(connection))
    assert "why Kubernetes pod 0f6c-5a5e (QoS burstable) reached its limit: 40,960 kB" in text
    assert "so it was not its own limit that was hit, but one above it" in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(7200, "every 2 hours"), (600, "every 10 minutes"), (90, "90 seconds")]
)
def test_a_victim_that_is_killed_again_and_again(
    connection: duckdb.DuckDBPyConnection, seconds: int, words: str
) -> None:
    insert(connection, "hosts", host_id="h", hostname="db1")
    for number, event_id in enumerate("bcde"):
        moment = datetime(2026, 5, 31) + timedelta(seconds=seconds * number)
        insert(
            connection,
            "events",
            event_id=event_id,
            kind="oom_kill",
            host_id="h",
            occurred_at=moment,
            occurred_epoch_s=calendar.timegm(moment.timetuple()),
            time_basis="stamp",
        )
        insert(connection, "victims", event_id=event_id, victim_no=1, pid=number, comm="java")
    text = joined(told(connection))
    assert "java on this host: killed 4 times in 4 reports, from 2026-05-31 00:00Z to" in text
    assert words in text
    assert "; still happening." in text
    assert ("number 4 of a storm of 4 reports" in text) == (seconds <= 600)


def test_an_event_that_stands_alone(connection: duckdb.DuckDBPyConnection) -> None:
    insert(connection, "hosts", host_id="h", hostname="db1")
    insert(connection, "events", event_id="e", kind="oom_kill", host_id="h")
    assert "Not in this database: no other report of this host is near it" in joined(
        told(connection)
    )


def test_what_the_watermarks_say_of_the_settings(connection: duckdb.DuckDBPyConnection) -> None:
    insert_seed(connection, "e")
    text = joined(told(connection))
    # 132 + 24252 + 43192 kB; DMA32 has 43500 - 24252 and DMA 15900 - 132 above their min.
    assert "vm.min_free_kbytes is 67,576 kB (the zones' min together)" in text
    assert "low and high are 5/4 and 3/2 of min, as by default" in text
    assert "lowmem_reserve locks 35,016 kB of free memory away from it" in text


def test_the_pieces_of_a_zone_for_a_large_request(connection: duckdb.DuckDBPyConnection) -> None:
    insert_request(connection, GFP_KERNEL_5_1, 2)
    sizes, blocks = (4000, 400, 500, 600, 40400, 40000), ("600UM", "200UM", "0")
    insert_zone(connection, "e", "Normal", sizes, (0, 0, 0, 0), blocks)
    assert (
        "Node 0 Normal: its largest free block has 8 kB, the request needs one of 16 kB;"
        " 4,000 kB of its free 4,000 kB (100.0 %) are in smaller ones."
    ) in joined(told(connection))
