from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert
from tests.queries.request import insert_request

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

EVERY = [0, 1, 2, 3]
LISTS = [
    ("0", [0]),
    ("1-2", [1, 2]),
    ("0,2-3", [0, 2, 3]),
    ("0,1,2,3", EVERY),
    ("10", []),
    ("", EVERY),
    (None, EVERY),
    # What is no list of numbers tells nothing, and breaks nothing.
    ("0x1", EVERY),
    ("99999999999999999999", EVERY),
]


def insert_nodes(connection: duckdb.DuckDBPyConnection, **columns: object) -> None:
    insert_request(connection, 0xCC0, **columns)  # type: ignore[arg-type]
    for node in EVERY:
        for zone in ("DMA32", "Normal"):
            insert(connection, "zones", event_id="e", node=node, zone=zone)


@pytest.mark.parametrize(("nodemask", "nodes"), [*LISTS, ("(null)", EVERY)])
def test_the_nodemask(
    connection: duckdb.DuckDBPyConnection, select: Rows, nodemask: str | None, nodes: list[int]
) -> None:
    insert_nodes(connection, nodemask=nodemask, mems_allowed="1")
    assert select("request_nodes", "node", "is_in_nodemask") == [(node,) for node in nodes]
    assert select("request_nodes", "node", "is_in_cpuset") == [(1,)]


@pytest.mark.parametrize(("mems_allowed", "nodes"), LISTS)
def test_the_cpuset(
    connection: duckdb.DuckDBPyConnection, select: Rows, mems_allowed: str | None, nodes: list[int]
) -> None:
    insert_nodes(connection, nodemask="(null)", mems_allowed=mems_allowed)
    assert select("request_nodes", "node", "is_in_cpuset") == [(node,) for node in nodes]
    assert select("request_nodes", "COUNT(*)", "is_in_nodemask") == [(4,)]
