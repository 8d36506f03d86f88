from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.request import insert_request
from tests.queries.seed import insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

SIZES = (9000, 1000, 1250, 1500, 90000, 90000)


@pytest.mark.parametrize(
    ("mask", "order", "blocks", "found"),
    [
        (0xCC0, 0, ("0", "0", "0"), (0, True)),
        (0xCC0, 1, ("9U", "0", "0"), (0, False)),
        (0xCC0, 1, ("9U", "0", "2M"), (2, True)),
        (0xCC0, 1, ("9U", "1E", "2H"), (3, True)),
        (0xCC0, 1, ("9U", "1C", "2H"), (3, False)),
        # Contiguous areas serve movable pages, atomic blocks serve atomic requests.
        (0x100CCA, 1, ("9U", "1C", "0"), (1, True)),
        (0xA20, 1, ("9U", "0", "2H"), (2, True)),
        # Isolated blocks serve nobody; without letters any block counts.
        (0xCC0, 1, ("9U", "1I", "0"), (1, False)),
        (0xCC0, 1, ("9", "1", "0"), (1, True)),
    ],
)
def test_since_4_4_one_block_on_an_ordinary_list_is_enough(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    order: int,
    blocks: tuple[str, ...],
    found: tuple[int, bool],
) -> None:
    insert_request(connection, mask, order)
    insert_zone(connection, "e", "Normal", SIZES, (0,), blocks)
    assert select("zone_blocks", "large_blocks, has_block") == [found]


@pytest.mark.parametrize(("small_blocks", "has_block"), [(2123, True), (2124, False)])
def test_up_to_4_3_what_is_left_must_be_above_half_of_min(
    connection: duckdb.DuckDBPyConnection, select: Rows, small_blocks: int, has_block: bool
) -> None:
    insert_request(connection, 0xD0, 1, layout="linux-2.6.32")
    # 9000 - 4 (the first page of two) - 2123 * 4 = 504 kB > 1000 / 2; 2124 leave 500.
    blocks = (f"{small_blocks}U", "0", "0")
    insert_zone(connection, "e", "Normal", SIZES, (0,), blocks)
    assert select("zone_blocks", "large_blocks, has_block") == [(0, has_block)]
