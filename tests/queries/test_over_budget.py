from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert
from tests.queries.kills import at, insert_host
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    insert_host(connection, "mq", labels="role=broker")
    connection.execute("UPDATE events SET host_id = 'mq', occurred_at = ?", [at(0)])
    insert(
        connection,
        "budgets",
        budget_no=1,
        comm_like="java",
        budget_kb=4521984,
        note="4 GB + 320 MB",
    )
    columns = "occurred_at, hostname, labels, pid, comm, is_victim, note, budget_kb, held_kb"
    assert select("over_budget", columns) == [
        (at(0), "mq.example", "role=broker", 5424, "java", True, "4 GB + 320 MB", 4521984, 6151080)
    ]
    columns = "over_kb, rss_kb, swap_kb, page_tables_kb, held_basis, unit, budget_no"
    assert select("over_budget", columns) == [
        (1629096, 6151080, 0, 265628, "rss_and_swap", None, 1)
    ]


def test_a_process_at_its_budget_is_not_over_it(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_seed(connection)
    insert(connection, "budgets", budget_no=1, comm_like="java", budget_kb=6151080)
    assert select("over_budget", "pid") == []
    connection.execute("UPDATE budgets SET budget_kb = 6151079")
    assert select("over_budget", "pid, over_kb") == [(5424, 1)]
