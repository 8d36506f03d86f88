"""setup_per_zone_wmarks() and setup_per_zone_lowmem_reserve(), read backwards; by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.request import insert_request
from tests.queries.seed import insert_seed, insert_zone

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 132 + 24252 + 43192 = 67576 kB; each of three shares is cut to a page, so at most two
    # pages more: 67584 kB, which is what khugepaged asks for with three zones.
    columns = "zone, low_gap_kb, high_gap_kb, gap_rule, scale_factor, min_free_kb"
    assert select("watermark_tuning", columns + ", min_free_most_kb, is_whole_machine") == [
        ("DMA", 32, 32, "quarter", None, 67576, 67584, True),
        ("DMA32", 6060, 6064, "quarter", None, 67576, 67584, True),
        ("Normal", 10796, 10800, "quarter", None, 67576, 67584, True),
    ]
    # (717310 + 1277531) / 7792 = 256 and 1277531 / 4990 = 256, cut. Of the free memory above
    # min the reserve withholds 15900 - 132 = 15768 and 43500 - 24252 = 19248 kB.
    columns = "zone, reserve_ratio, is_default_ratio, reserve_kb, locked_kb, boost_kb"
    assert select("watermark_tuning", columns) == [
        ("DMA", 256, True, 31168, 15768, None),
        ("DMA32", 256, True, 19960, 19248, None),
        ("Normal", None, None, 0, 0, None),
    ]


def machine(
    connection: duckdb.DuckDBPyConnection,
    least: int,
    low: int,
    high: int,
    *,
    zone: str = "Normal",
    boost_kb: int | None = None,
    **columns: object,
) -> None:
    """One zone of 400000 pages of 4 kB that is all of the RAM."""
    columns = {"ram_pages": 400000, **columns}
    insert_request(connection, 0xCC0, **columns)  # type: ignore[arg-type]
    sizes = (9000, least * 4, low * 4, high * 4, 1600000, 1600000)
    insert_zone(connection, "e", zone, sizes, (0, 0, 0, 0))
    connection.execute("UPDATE watermarks SET boost_kb = ?", [boost_kb])


@pytest.mark.parametrize(
    ("marks", "rule", "scale_factor", "extra_kb"),
    [
        ((1000, 1250, 1500), "quarter", None, None),
        # Cut to a page, now here and now there.
        ((1003, 1253, 1504), "quarter", None, None),
        # 400000 * 10 / 10000 = 400 pages are more than a quarter of 1000.
        ((1000, 1400, 1800), "scale_factor", 10, None),
        ((1000, 9000, 17000), "scale_factor", 200, None),
        # 5000 pages added to low and high alone.
        ((1000, 6250, 6500), "extra", None, 20000),
        ((1000, 1600, 4000), None, None, None),
    ],
)
def test_the_gaps(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    marks: tuple[int, int, int],
    rule: str | None,
    scale_factor: int | None,
    extra_kb: int | None,
) -> None:
    machine(connection, *marks)
    assert select("watermark_tuning", "gap_rule, scale_factor, extra_kb") == [
        (rule, scale_factor, extra_kb)
    ]


@pytest.mark.parametrize(
    ("marks", "columns", "boost"),
    [
        ((1800, 2050, 2300), {"boost_kb": 3200}, (3200, "printed", 4000)),
        ((1000, 1250, 1500), {"boost_kb": 0}, (0, "printed", 4000)),
        # Not printed: 4 * 250 = 1000 pages of the 1800 are min, 800 are boost.
        ((1800, 2050, 2300), {"constraint_printed": "CONSTRAINT_NONE"}, (3200, "gap", 4000)),
        # Before 5.0 there is none.
        ((1800, 2050, 2300), {}, (None, None, 7200)),
    ],
)
def test_boost(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    marks: tuple[int, int, int],
    columns: dict[str, object],
    boost: tuple[int | None, str | None, int],
) -> None:
    machine(connection, *marks, **columns)  # type: ignore[arg-type]
    assert select("watermark_tuning", "boost_kb, boost_basis, min_free_kb") == [boost]


@pytest.mark.parametrize(
    ("ram_pages", "known"), [(400000, (True, 4000)), (500000, (False, None)), (None, (None, None))]
)
def test_zones_that_are_not_shown_leave_the_setting_unknown(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    ram_pages: int | None,
    known: tuple[bool | None, int | None],
) -> None:
    machine(connection, 1000, 1250, 1500, ram_pages=ram_pages)
    assert select("watermark_tuning", "is_whole_machine, min_free_kb") == [known]


def test_highmem_has_no_share(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    machine(connection, 128, 500, 872, zone="HighMem")
    insert_zone(connection, "e", "DMA", (9, 400, 500, 600, 0, 4000), (0, 0, 781, 781))
    # 400000 pages above, 781 kept: 400000 / 781 = 512, twice the kernel's own ratio.
    assert select("watermark_tuning", "zone, gap_rule, min_free_kb") == [
        ("DMA", "quarter", 400),
        ("HighMem", None, 400),
    ]
    assert select("watermark_tuning", "reserve_ratio, is_default_ratio", "zone = 'DMA'") == [
        (512, False)
    ]


def test_what_a_reserve_locks_away(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0x100CCA)
    for zone, free in (("DMA", 900), ("DMA32", 1200), ("Normal", 9000)):
        insert_zone(connection, "e", zone, (free, 1000, 1250, 1500, 9, 9), (0, 0, 0, 100))
    # Below min: the reserve is not what refuses. 200 kB above it; then the whole 400 kB.
    assert select("watermark_tuning", "zone, reserve_kb, locked_kb") == [
        ("DMA", 400, 0),
        ("DMA32", 400, 200),
        ("Normal", 400, 400),
    ]
