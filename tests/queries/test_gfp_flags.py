from __future__ import annotations

from typing import TYPE_CHECKING

from tests.queries.request import insert_request
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    import duckdb

    from tests.queries.conftest import Rows


def test_the_seed(connection: duckdb.DuckDBPyConnection, select: Rows) -> None:
    insert_seed(connection)
    # 0x201da = 0x20000 + 0x100 + 0x80 + 0x40 + 0x10 + 0x8 + 0x2
    assert select("gfp_flags", "bit, flag") == [
        (0x2, "HIGHMEM"),
        (0x8, "MOVABLE"),
        (0x10, "WAIT"),
        (0x40, "IO"),
        (0x80, "FS"),
        (0x100, "COLD"),
        (0x20000, "HARDWALL"),
    ]


def test_the_same_bit_has_another_name_in_another_layout(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, 0x10, event_id="old", layout="linux-2.6.32")
    insert_request(connection, 0x10, event_id="new", layout="linux-5.1")
    assert select("gfp_flags", "event_id, flag, layout") == [
        ("new", "RECLAIMABLE", "linux-5.1"),
        ("old", "WAIT", "linux-2.6.32"),
    ]


def test_nothing_is_named_without_a_layout_a_mask_or_a_known_bit(
    connection: duckdb.DuckDBPyConnection, select: Rows
) -> None:
    insert_request(connection, 0x10, event_id="no layout", layout=None)
    insert_request(connection, None, event_id="no mask")
    insert_request(connection, 0, event_id="no flag")
    insert_request(connection, 1 << 40, event_id="unknown bit")
    assert select("gfp_flags", "event_id, flag") == []
