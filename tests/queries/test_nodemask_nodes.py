from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert
from tests.queries.request import insert_request

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


@pytest.mark.parametrize(
    ("nodemask", "nodes"),
    [
        ("0", [0]),
        ("1-2", [1, 2]),
        ("0,2-3", [0, 2, 3]),
        ("0,1,2,3", [0, 1, 2, 3]),
        ("10", []),
        ("(null)", []),
        ("", []),
        (None, []),
    ],
)
def test_lists_are_taken_apart(
    connection: duckdb.DuckDBPyConnection, select: Rows, nodemask: str | None, nodes: list[int]
) -> None:
    insert_request(connection, 0xCC0, nodemask=nodemask)
    for node in range(4):
        for zone in ("DMA32", "Normal"):
            insert(connection, "zones", event_id="e", node=node, zone=zone)
    assert select("nodemask_nodes", "node") == [(node,) for node in nodes]
