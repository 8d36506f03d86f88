from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.request import insert_request
from tests.queries.seed import insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows

X86_64 = {"DMA": (0, 2801, 7792, 7792), "DMA32": (0, 0, 4990, 4990), "Normal": (0, 0, 0, 0)}
SIZES = (1, 1, 1, 1, 1, 1)
COLUMNS = "class_count, dma_index, dma32_index, normal_index, highmem_index, movable_index"


@pytest.mark.parametrize(
    ("lines", "indexes"),
    [
        (X86_64, (4, 0, 1, 2, None, 3)),
        ({"DMA": (0, 900, 900, 900, 900), "DMA32": (0,) * 5}, (5, 0, 1, 2, None, 3)),
        # 32 bits: DMA, Normal, HighMem, Movable; and where HighMem is not shown.
        (
            {"DMA": (0, 867, 3011, 3011), "Normal": (0, 0, 17149, 17149), "HighMem": (0,) * 4},
            (4, 0, None, 1, 2, 3),
        ),
        ({"DMA": (0, 867, 867, 867), "Normal": (0, 0, 0, 0)}, (4, 0, None, 1, None, 2)),
        ({"Normal": (0, 300, 300), "HighMem": (0, 0, 0)}, (3, None, None, 0, 1, 2)),
        # arm64 of Linux 4.16 to 5.4: no DMA, and Device at the end.
        ({"DMA32": (0, 900, 900, 900), "Normal": (0,) * 4}, (4, None, 0, 1, None, 2)),
        ({"DMA32": (0, 900, 900), "Normal": (0, 0, 0)}, (3, None, 0, 1, None, 2)),
        # arm64 since 5.5 with DMA32 configured but empty.
        ({"DMA": (0, 0, 900, 900), "Normal": (0, 0, 0, 0)}, (4, 0, None, 2, None, 3)),
        # ppc64, s390x: all memory may be in DMA or Normal.
        ({"DMA": (0, 0, 0)}, (3, 0, None, 1, None, 2)),
        ({"Normal": (0, 0)}, (2, None, None, 0, None, 1)),
        # A node of x86-64 that has only Normal.
        ({"Normal": (0, 0, 0, 0, 0)}, (5, None, None, 2, None, 3)),
    ],
)
def test_the_types_that_a_machine_has(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    lines: dict[str, tuple[int, ...]],
    indexes: tuple[int | None, ...],
) -> None:
    for zone, reserves in lines.items():
        insert_zone(connection, "e", zone, SIZES, reserves)
    assert select("zone_type_indexes", COLUMNS) == [indexes]


@pytest.mark.parametrize(
    ("mask", "lines", "indexes"),
    [
        # GFP_KERNEL on 32 bits, where Normal is empty and HighMem is left out.
        (0xCC0, {"DMA": (0, 0, 1280, 1280)}, (4, 0, None, 1, None, 2)),
        (0xCC0, {"Normal": (0, 17149, 17149)}, (3, None, None, 0, None, 1)),
        (0xCC0, {"DMA32": (0, 0, 0, 900)}, (4, None, 1, 2, None, 3)),
        # A request for DMA leaves out Normal too: nothing says whose entry comes next.
        (0xCC1, {"DMA": (0, 0, 1280, 1280)}, (4, 0, None, 2, None, 3)),
    ],
)
def test_zones_above_the_request_s_are_left_out_since_6_1(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    lines: dict[str, tuple[int, ...]],
    indexes: tuple[int | None, ...],
) -> None:
    insert_request(connection, mask)
    for zone, reserves in lines.items():
        insert_zone(connection, "e", zone, SIZES, reserves)
    assert select("zone_type_indexes", COLUMNS) == [indexes]


def test_one_node_tells_for_the_others(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    for zone, reserves in {"DMA": (0, 900, 900), "Normal": (0, 0, 0)}.items():
        insert_zone(connection, "e", zone, SIZES, reserves, node=0)
    insert_zone(connection, "e", "Normal", SIZES, (0, 0, 0), node=1)
    assert select("zone_type_indexes", COLUMNS) == [(3, 0, None, 1, None, 2)]


def test_without_reserve_lines_nothing_is_known(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_zone(connection, "e", "Normal", SIZES, ())
    assert select("zone_type_indexes", COLUMNS) == []
