from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert
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
        # Isolated blocks serve nobody; a block whose letters are lost may serve.
        (0xCC0, 1, ("9U", "1I", "0"), (1, False)),
        (0xCC0, 1, ("9", "1", "0"), (1, None)),
        (0xCC0, 1, ("9", "0", "0"), (0, False)),
    ],
)
def test_since_4_4_one_block_on_an_ordinary_list_is_enough(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    order: int,
    blocks: tuple[str, ...],
    found: tuple[int, bool | None],
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


def test_a_list_that_was_cut_may_have_had_a_block(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, 0xCC0, 2)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("9U", "1E"))
    connection.execute("DELETE FROM buddy_totals")
    assert select("zone_blocks", "large_blocks, has_block, has_block_at_high") == [(0, None, None)]


def test_lists_of_areas_and_atomic_blocks_do_not_serve_the_last_attempt(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, 0x100CCA, 1)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("9U", "1C", "1H", "1H"))
    # Orders 2 and 3 hold one block each that may be for atomic requests: 16 + 32 kB.
    columns = "has_block, has_block_at_high, highatomic_list_kb"
    assert select("zone_blocks", columns) == [(True, False, 48)]


@pytest.mark.parametrize(("mask", "has_block"), [(0x1080020, None), (0x14000C0, False)])
def test_4_10_may_take_any_list_for_a_request_that_cannot_wait(
    connection: duckdb.DuckDBPyConnection, select: Rows, mask: int, has_block: bool | None
) -> None:
    insert_request(connection, mask, 1, layout="linux-4.10")
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("9U", "1C"))
    assert select("zone_blocks", "has_block") == [(has_block,)]


def test_rhel_6_starts_at_nothing_above_min(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # Order 3: (8 + 1) * 4 = 36 kB do not count. 9000 - 36 - 2000 * 4 - 100 * 8 - 9 * 16 = 20 kB
    # are left: more than 0 at min; at high 1500 - 1000 = 500, halved twice is 125.
    insert_request(
        connection, 0xD0, 3, layout="linux-2.6.32", invoker_oom_adj=0, invoker_oom_score_adj=0
    )
    insert(connection, "victims", event_id="e", role="victim", uid=27)
    insert_zone(connection, "e", "Normal", SIZES, (0,), ("2000", "100", "9", "0"))
    assert select("zone_blocks", "has_block, has_block_at_high") == [(True, False)]
    assert select("zone_fallbacks", "order_kb, verdict, usable_reason") == [
        (36, "usable", "refused_at_high")
    ]
