from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 43500 - 24252 = 19248 kB above min, but 19960 kB reserved: 712 short.
    # 15900 - 132 = 15768 kB above min, but 31168 kB reserved: 15400 short.
    columns = "fallback_no, node, zone, free_kb, min_kb, spare_kb, reserve_kb, needed_min_kb"
    assert select("reserve_blocked_fallbacks", columns + ", short_min_kb") == [
        (2, 0, "DMA32", 43500, 24252, 19248, 19960, 44212, 712),
        (3, 0, "DMA", 15900, 132, 15768, 31168, 31300, 15400),
    ]
