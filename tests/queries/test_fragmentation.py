from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.request import insert_request
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

SIZES = (9000, 1000, 1250, 1500, 90000, 90000)


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # DMA32: 1281 * 4 = 5124, 825 * 8 = 6600, 1404 * 16 = 22464, 290 * 32 = 9280: 43468 kB in
    # all; 22464 * 1000 / 43468 = 516. For one page no block is too small.
    columns = "alloc_order, free_blocks, migratetypes, free_kb, free_thousandths, zone_free_kb"
    assert select("fragmentation", columns, "zone = 'DMA32' AND free_blocks > 0") == [
        (0, 1281, "UEM", 5124, 117, 43468),
        (1, 825, "UEM", 6600, 151, 43468),
        (2, 1404, "UEM", 22464, 516, 43468),
        (3, 290, "EM", 9280, 213, 43468),
    ]
    columns = "zone, largest_block_kb, request_order, request_kb, is_order_met, too_small_kb"
    assert select("fragmentation", columns, "alloc_order = 10") == [
        ("DMA", 4096, 0, 4, True, 0),
        ("DMA32", 32, 0, 4, True, 0),
        ("Normal", 16, 0, 4, True, 0),
    ]
    assert select("fragmentation", "COUNT(*), SUM(CAST(is_large_enough AS INTEGER))") == [(33, 33)]


def test_a_request_of_eight_pages(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    # Orders 0 to 2: 100 * 4 + 10 * 8 + 5 * 16 = 560 kB; order 3: 1 * 32 kB for atomic requests.
    # 560 * 1000 / 592 = 945.
    insert_request(connection, 0xCC0, 3)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("100U", "10M", "5UME", "1H", "0"))
    columns = "alloc_order, is_large_enough, is_order_met, largest_block_kb, request_kb"
    assert select("fragmentation", columns + ", too_small_kb, too_small_thousandths") == [
        (0, False, False, 32, 32, 560, 945),
        (1, False, False, 32, 32, 560, 945),
        (2, False, False, 32, 32, 560, 945),
        (3, True, False, 32, 32, 560, 945),
        (4, True, False, 32, 32, 560, 945),
    ]


def test_nothing_free(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0xCC0, 1)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("0", "0"))
    columns = "free_kb, free_thousandths, zone_free_kb, largest_block_kb, too_small_kb"
    assert select("fragmentation", columns, "alloc_order = 0") == [(0, None, 0, 0, 0)]


@pytest.mark.parametrize("columns", [{"order": -1}, {"kind": "memory_dump", "mask": None}])
def test_nobody_asked(
    connection: duckdb.DuckDBPyConnection, select: Rows, columns: dict[str, object]
) -> None:
    insert_request(connection, **({"mask": 0xCC0} | columns))  # type: ignore[arg-type]
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("9U", "1U"))
    columns_read = "zone_free_kb, largest_block_kb, request_order, request_kb, is_large_enough"
    assert select(
        "fragmentation", columns_read + ", is_order_met, too_small_kb", "alloc_order = 1"
    ) == [(44, 8, None, None, None, None, None)]


def test_a_list_that_was_cut(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0xCC0, 1)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("9U",))
    connection.execute("DELETE FROM buddy_totals")
    columns = "free_kb, zone_free_kb, largest_block_kb, is_order_met, too_small_kb"
    assert select("fragmentation", columns) == [(36, None, None, None, None)]
