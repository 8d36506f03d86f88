"""Requests for memory as rows, for tests that are about zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

GFP_KERNEL_3_10 = 0xD0
GFP_KERNEL_5_1 = 0xCC0
GFP_HIGHUSER_MOVABLE_5_1 = 0x100CCA
GFP_ATOMIC_5_1 = 0xA20


def insert_request(
    connection: duckdb.DuckDBPyConnection,
    mask: int | None,
    order: int = 0,
    *,
    layout: str | None = "linux-5.1",
    event_id: str = "e",
    **columns: object,
) -> None:
    """An event whose request has this mask and order.

    Kernels with the layout of 5.1 print no `unstable` here (they are 5.8 or later).
    """
    event: dict[str, object] = {"kind": "oom_kill", "page_size_kb": 4, **columns}
    insert(
        connection,
        "events",
        event_id=event_id,
        gfp_mask=mask,
        gfp_layout=layout,
        alloc_order=order,
        **event,
    )
    names = ["unevictable"] if layout == "linux-5.1" else ["unevictable", "unstable"]
    for name in names:
        insert(connection, "memory_counters", event_id=event_id, name=name, pages=0)
