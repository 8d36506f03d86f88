from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plain_database import insert
from tests.queries.request import insert_request

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


@pytest.mark.parametrize(
    ("mask", "layout", "zone"),
    [
        (0x0, "linux-5.1", "Normal"),
        (0x8, "linux-5.1", "Normal"),
        (0x1, "linux-5.1", "DMA"),
        (0x9, "linux-5.1", "DMA"),
        (0x4, "linux-5.1", "DMA32"),
        (0x2, "linux-5.1", "HighMem"),
        (0xA, "linux-5.1", "Movable"),
        (0x3, "linux-5.1", None),
        (0x6, "linux-5.1", None),
        (0xA, None, "Movable"),
        # Linux 2.6.24: MOVABLE is 0x100000.
        (0x1000D2, "linux-2.6.24", "Movable"),
        (0x200D2, "linux-2.6.24", "HighMem"),
    ],
)
def test_the_highest_zone(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    layout: str | None,
    zone: str | None,
) -> None:
    insert_request(connection, mask, layout=layout)
    assert select("request_scope", "highest_zone") == [(zone,)]


@pytest.mark.parametrize(
    ("mask", "layout", "half", "harder"),
    [
        # GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, each in three layouts.
        (0xD0, "linux-2.6.32", False, False),
        (0x20, "linux-2.6.32", True, True),
        (0x24000C0, "linux-4.4", False, False),
        (0x2080020, "linux-4.4", True, True),
        (0x2000000, "linux-4.4", False, False),
        (0xCC0, "linux-6.4", False, False),
        (0x820, "linux-6.4", True, True),
        (0x2800, "linux-6.4", False, False),
        # NOMEMALLOC keeps from the reserves; a huge page that does not wake kswapd is not harder.
        (0x10020, "linux-2.6.32", True, False),
        (0x4352CA, "linux-2.6.32", False, False),
    ],
)
def test_how_far_below_min(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    layout: str,
    half: bool,
    harder: bool,
) -> None:
    insert_request(connection, mask, 1, layout=layout)
    assert select("request_scope", "may_use_half_min, is_harder") == [(half, harder)]


def test_what_triggered_it(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_request(connection, 0xCC0, 3, event_id="asked")
    insert_request(connection, 0xCC0, -1, event_id="sysrq")
    insert_request(connection, 0xD0, 0, event_id="old sysrq", layout="linux-2.6.32")
    insert(connection, "stack_frames", event_id="old sysrq", position=5, symbol="moom_callback")
    insert_request(connection, 0, 0, event_id="fault", layout="linux-2.6.32")
    insert_request(connection, 0xCC0, 0, event_id="dump", kind="memory_dump")
    assert select("request_scope", "event_id, trigger_kind, request_order, is_harder") == [
        ("asked", "request", 3, False),
        ("fault", "page_fault", 0, False),
        ("old sysrq", "sysrq", 0, False),
        ("sysrq", "sysrq", 0, False),
    ]


def test_reclaimable_pages_may_not_use_contiguous_areas(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    for mask in (0xCC0, 0x100CCA, 0xCD8):
        insert_request(connection, mask, event_id=hex(mask))
    assert select("request_scope", "event_id, may_use_cma, has_wait_flag") == [
        ("0x100cca", True, False),
        ("0xcc0", False, False),
        ("0xcd8", False, False),
    ]


@pytest.mark.parametrize(
    ("mask", "layout", "highatomic", "boost"),
    [
        # HIGH, ATOMIC and NOWAIT of each layout.
        (0xCE0, "linux-5.1", False, False),
        (0xA20, "linux-5.1", True, True),
        (0x820, "linux-5.1", False, False),
        (0x20, "linux-2.6.32", True, False),
        # Since 6.3 whoever is urgent in any way.
        (0xCE0, "linux-6.4", True, True),
        (0x820, "linux-6.4", True, True),
        (0x2800, "linux-6.4", True, False),
        (0x80820, "linux-6.4", True, True),
        (0xCC0, "linux-6.4", False, False),
        (0xA20, None, False, False),
    ],
)
def test_what_urgent_requests_may_use(
    connection: duckdb.DuckDBPyConnection,
    select: Rows,
    mask: int,
    layout: str | None,
    highatomic: bool,
    boost: bool,
) -> None:
    insert_request(connection, mask, layout=layout)
    assert select("request_scope", "may_use_highatomic, ignores_boost") == [(highatomic, boost)]


def test_a_failure_with_an_empty_mask_is_a_request(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    # GFP_NOWAIT up to Linux 4.3.
    insert_request(connection, 0, layout="linux-2.6.32", kind="allocation_failure")
    assert select("request_scope", "trigger_kind, is_harder") == [("request", True)]
