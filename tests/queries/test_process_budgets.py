from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

COLUMNS = "pid, comm, unit, is_victim, budget_no, budget_kb, held_kb, over_kb"


def insert_event(connection: duckdb.DuckDBPyConnection, event_id: str, **columns: object) -> None:
    """Three processes, 40 kB each, of which the first is killed."""
    insert(connection, "events", event_id=event_id, kind="oom_kill", page_size_kb=4, **columns)
    for pid, comm in enumerate(("java", "javac", "sh_1"), start=1):
        row = {"row_no": pid, "pid": pid, "comm": comm, "rss_pages": 10, "swapents": 0}
        insert(connection, "processes", event_id=event_id, **row)
    insert(connection, "victims", event_id=event_id, victim_no=1, pid=1, comm="java")


def insert_budget(connection: duckdb.DuckDBPyConnection, number: int, **columns: object) -> None:
    insert(connection, "budgets", budget_no=number, **columns)


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    insert_budget(connection, 1, comm_like="java", budget_kb=4096 * 1024 + 320 * 1024)
    # 4 GB and 320 MB are 4521984 kB; 6151080 - 4521984 = 1629096, and the other java held
    # 204324 pages: 817296 - 4521984 = -3704688.
    assert select("process_budgets", COLUMNS) == [
        (5424, "java", None, True, 1, 4521984, 6151080, 1629096),
        (13675, "java", None, False, 1, 4521984, 817296, -3704688),
    ]


def test_the_last_budget_that_fits_counts(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, "e")
    insert_budget(connection, 1, comm_like="java%", budget_kb=10)
    insert_budget(connection, 2, comm_like="java", budget_kb=50)
    insert_budget(connection, 3, comm_like="sh!_1", budget_kb=40)
    insert_budget(connection, 4, comm_like="sh!_2", budget_kb=1)
    assert select("process_budgets", "pid, budget_no, over_kb") == [
        (1, 2, -10),
        (2, 1, 30),
        (3, 3, 0),
    ]


def test_budgets_of_certain_hosts(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for event_id, host in (("a", "db1"), ("b", "db2"), ("c", None)):
        insert_event(connection, event_id, host_id=host)
    insert_budget(connection, 1, comm_like="java", budget_kb=10)
    insert_budget(connection, 2, comm_like="java", budget_kb=20, host_pattern="db1")
    insert_budget(connection, 3, comm_like="java", budget_kb=30, label="role", label_pattern="x")
    insert(connection, "budget_hosts", budget_no=2, host_id="db1")
    insert(connection, "budget_hosts", budget_no=3, host_id="db2")
    assert select("process_budgets", "event_id, budget_no, over_kb") == [
        ("a", 2, 20),
        ("b", 3, 10),
        ("c", 1, 30),
    ]


def test_budgets_of_units(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    web, app = "/system.slice/web.service", "/system.slice/app.service"
    insert_event(connection, "global", task_memcg=web)
    insert_event(connection, "limit", oom_memcg=app, task_memcg=app)
    insert_event(connection, "none")
    insert_budget(connection, 1, unit_like="%.service", budget_kb=30)
    insert_budget(connection, 2, unit_like="app.service", comm_like="javac", budget_kb=10)
    # Of the global kill only the victim's unit is known; within the limit of app.service
    # every process listed is part of it.
    assert select("process_budgets", "event_id, pid, unit, budget_no, over_kb") == [
        ("global", 1, "web.service", 1, 10),
        ("limit", 1, "app.service", 1, 10),
        ("limit", 2, "app.service", 2, 30),
        ("limit", 3, "app.service", 1, 10),
    ]


def test_a_victim_that_the_table_lacks(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill")
    for number in (1, 2):
        sizes = {"pid": number, "comm": "java", "anon_rss_kb": 100 * number, "file_rss_kb": 0}
        insert(connection, "victims", event_id="e", victim_no=number, **sizes)
    insert_budget(connection, 1, comm_like="%", budget_kb=150)
    assert select("process_budgets", "victim_no, over_kb, held_basis") == [
        (1, -50, "kill_line"),
        (2, 50, "kill_line"),
    ]


def test_without_a_page_size_nobody_is_over(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert(connection, "events", event_id="e", kind="oom_kill")
    insert(connection, "processes", event_id="e", row_no=1, pid=1, comm="java", rss_pages=9)
    insert_budget(connection, 1, comm_like="java", budget_kb=1)
    assert select("process_budgets", "held_kb, over_kb") == [(None, None)]
    assert select("over_budget", "pid") == []


def test_without_budgets_there_is_nothing(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_event(connection, "e")
    assert select("process_budgets", "pid") == []
