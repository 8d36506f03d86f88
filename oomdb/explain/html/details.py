"""What a page shows beyond the story: whole tables, and the report's own lines."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError
from oomdb.listings import evidence_of
from oomdb.pages.tables import Source

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from oomdb.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Process:
    """One row of the process table; fields as in the view `process_memory`."""

    pid: int | None
    comm: str | None
    uid: int | None
    rss_kb: int | None
    swap_kb: int | None
    page_tables_kb: int | None
    total_vm_kb: int | None
    oom_score_adj: int | None
    is_victim: bool | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One process in the ranking; fields as in the view `score_audit`."""

    badness_rank: int | None
    pid: int | None
    comm: str | None
    points: int | None
    score: int | None
    score_printed: int | None
    oom_score_adj: int | None
    is_victim: bool | None
    reason: str | None
    spared_reason: str | None


@dataclass(frozen=True, slots=True)
class FreeBlocks:
    """One order of one zone's free lists; fields as in the view `fragmentation`."""

    node: int
    zone: str
    alloc_order: int
    block_kb: int | None
    free_blocks: int | None
    free_kb: int | None
    free_thousandths: int | None
    zone_free_kb: int | None
    request_order: int | None
    is_large_enough: bool | None


@dataclass(frozen=True, slots=True)
class Details:
    """Rows in the order of their sources' SQL, which `sources` has by the view's name.

    `raw_lines` are the lines that `oomdb explain EVENT --raw` prints, None where none were
    kept; the first is line 1.
    """

    processes: tuple[Process, ...]
    ranking: tuple[Ranked, ...]
    free_blocks: tuple[FreeBlocks, ...]
    raw_lines: tuple[str, ...] | None
    sources: dict[str, Source]


#: By view: what the page reads itself, then what the story has read, with the same order.
_ORDERS = {
    "process_memory": "rss_kb DESC NULLS LAST, row_no",
    "score_audit": "badness_rank NULLS LAST, row_no",
    "fragmentation": "node, zone, alloc_order",
    "zone_fallbacks": "fallback_no",
    "memory_balance": "scope, node NULLS FIRST, part_no",
    "cgroup_counters": "name",
}
_COLUMNS = {
    "zone_fallbacks": (
        "fallback_no, node, zone, free_kb, usable_free_kb, min_kb, reserve_kb, needed_min_kb,\n"
        "  needed_low_kb, needed_high_kb, short_min_kb, short_low_kb, short_high_kb, verdict"
    ),
    "memory_balance": "scope, node, part, size_kb, share_thousandths, total_kb, basis",
    "cgroup_counters": "cgroup, name, value, unit",
}


def read(connection: Connection, event_id: str) -> Details:
    """The details of the event, which must be in the database."""
    sources = {view: _source(view, columns, event_id) for view, columns in _COLUMNS.items()}
    rows = {}
    for view, row_type in (
        ("process_memory", Process),
        ("score_audit", Ranked),
        ("fragmentation", FreeBlocks),
    ):
        sources[view] = _source(view, _names(row_type), event_id)
        rows[view] = reading.records(connection, sources[view].sql)
    return Details(
        tuple(Process(**record) for record in rows["process_memory"]),
        tuple(Ranked(**record) for record in rows["score_audit"]),
        tuple(FreeBlocks(**record) for record in rows["fragmentation"]),
        _raw_lines(connection, event_id),
        sources,
    )


def _names(row_type: type[DataclassInstance]) -> str:
    return ", ".join(field.name for field in fields(row_type))


def _source(view: str, columns: str, event_id: str) -> Source:
    literal = event_id.replace("'", "''")
    return Source(
        view,
        f"SELECT {columns}\nFROM {view}\nWHERE event_id = '{literal}'\nORDER BY {_ORDERS[view]}",
    )


def _raw_lines(connection: Connection, event_id: str) -> tuple[str, ...] | None:
    try:
        evidence = evidence_of(connection, event_id)
    except OomdbError:
        return None
    text = evidence.decode("utf-8", "surrogateescape").removesuffix("\n")
    return tuple(line.removesuffix("\r") for line in text.split("\n"))
