"""Mem-Info counters as rows, for tests that are about memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plain_database import insert

if TYPE_CHECKING:
    import duckdb

_CORE = (
    *("active_anon", "inactive_anon", "active_file", "inactive_file", "free"),
    *("slab_reclaimable", "slab_unreclaimable", "pagetables", "bounce"),
)


def insert_counters(
    connection: duckdb.DuckDBPyConnection,
    *,
    event_id: str = "e",
    ram_pages: int | None = None,
    reserved_pages: int | None = None,
    page_size_kb: int = 4,
    kind: str = "oom_kill",
    event: dict[str, object] | None = None,
    **pages: int | None,
) -> None:
    """An event with the counters that every kernel prints, 0 pages each but for those given.

    None leaves a counter out.
    """
    insert(
        connection,
        "events",
        event_id=event_id,
        kind=kind,
        page_size_kb=page_size_kb,
        ram_pages=ram_pages,
        reserved_pages=reserved_pages,
        **(event or {}),
    )
    for name, count in {**dict.fromkeys(_CORE, 0), **pages}.items():
        if count is not None:
            insert(connection, "memory_counters", event_id=event_id, name=name, pages=count)
