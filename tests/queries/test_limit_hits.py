from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.kills import at, insert_kill
from tests.queries.test_limits_hit import WEB, insert_hit, pod_path

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_each_hit_with_whose_limit_it_was(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_hit(connection, "1", "db1", 0, WEB, memory=(990, 1000), memory_and_swap=(1500, 1500))
    insert_hit(connection, "2", None, None, WEB, memory=(7, None))
    insert_kill(connection, "3", "db1", 5, "sh")  # no limit
    insert_hit(connection, "4", "db1", 9, "/", memory=(1, 1))  # the root has none
    columns = "event_id, occurred_at, subject_kind, subject, identity_words, limited, usage_kb"
    # Of two limits the one that had least left: 1500 - 1500 against 1000 - 990.
    assert select("limit_hits", f"{columns}, limit_kb, kills") == [
        ("1", at(0), "unit", "web.service", "web.service", "memory+swap", 1500, 1500, 1),
        ("2", None, "unit", "web.service", "web.service", None, None, None, 1),
    ]


def test_containers_keep_their_words_when_their_ids_change(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for number in (1, 2):
        path = pod_path(number, f"{number:064x}")
        insert_hit(connection, str(number), "k1", number, path, memory=(2048, 2048))
    found = select("limit_hits", "subject, identity_words")
    words = "container of a burstable pod, memory limit 2048 kB, killed java"
    assert found == [(f"{number:064x}", words) for number in (1, 2)]
