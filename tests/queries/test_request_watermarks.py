from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.request import insert_request
from tests.queries.seed import insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


@pytest.mark.parametrize(
    ("mask", "page_size_kb", "mark_min_kb"),
    [
        (0xCC0, 4, 4004),
        # 1001 pages: less 500 is 501; less a quarter, 125, is 376.
        (0xCE0, 4, 501 * 4),
        (0xA20, 4, 376 * 4),
        # ATOMIC alone: 1001 - 250 = 751.
        (0x200, 4, 751 * 4),
        (0xCC0, None, 4004),
        (0xA20, None, None),
    ],
)
def test_urgent_requests_go_below_min(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    page_size_kb: int | None,
    mark_min_kb: int | None,
) -> None:
    insert_request(connection, mask, page_size_kb=page_size_kb)
    insert_zone(connection, "e", "Normal", (0, 4004, 5004, 6004, 90000, 90000), (0,))
    assert select("request_watermarks", "node, zone, min_kb, mark_min_kb") == [
        (0, "Normal", 4004, mark_min_kb)
    ]
