"""The part of __zone_watermark_ok() (mm/page_alloc.c) that is about large requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.arithmetic.zones import Request
    from tests.corpus.found import Event, Row

_BEFORE_4_14 = ("linux-4.4", "linux-4.10", "linux-4.13")


def rows_of(event: Event, table: str, zone: Row) -> list[Row]:
    """The rows of a table that are about one zone."""
    return [
        row
        for row in event.rows(table)
        if (row["node"], row["zone"]) == (zone["node"], zone["zone"])
    ]


def row_of(event: Event, table: str, zone: Row) -> Row:
    """The one row about a zone, empty when there is none."""
    return next(iter(rows_of(event, table, zone)), {})


def is_rhel6(event: Event) -> bool:
    """Whether header and kill line are of RHEL 6, whose check is a variant."""
    header = event.row
    return (
        header["invoker_oom_adj"] is not None
        and header["invoker_oom_score_adj"] is not None
        and any(v["uid"] is not None for v in event.rows("victims") if v["role"] == "victim")
    )


def has_block(
    zone: Row, event: Event, asked: Request, marks: Row, least: int | None, *, at_high: bool
) -> bool | None:
    """The part of __zone_watermark_ok() that is about order."""
    lists = rows_of(event, "buddy_orders", zone)
    if not lists or asked.order is None:
        return None
    if asked.order == 0:
        return True
    if asked.is_4_3:
        return _has_block_4_3(zone, event, asked.order, marks, least, lists, at_high)
    if asked.layout is None and event.row["gfp_names"] is None and not event.rows("nodes"):
        return None
    sure, unsure = set("UME"), set()
    if not at_high:
        sure |= {"C"} if "CMA" in asked.alloc_flags else set()
        sure |= {"H"} if "HARDER" in asked.alloc_flags else set()
    if asked.layout in _BEFORE_4_14 and "HARDER" in asked.alloc_flags:
        unsure = set("CHIR")
    large = [row for row in lists if row["alloc_order"] >= asked.order and row["free_blocks"]]
    if any(sure & set(row["migratetypes"] or "") for row in large):
        return True
    open_question = any(
        not row["migratetypes"] or unsure & set(row["migratetypes"]) for row in large
    )
    if open_question or not rows_of(event, "buddy_totals", zone):
        return None
    return False


def _has_block_4_3(
    zone: Row,
    event: Event,
    order: int,
    marks: Row,
    least: int | None,
    lists: list[Row],
    at_high: bool,
) -> bool | None:
    page, rhel6, free = event.row["page_size_kb"], is_rhel6(event), zone["free_kb"]
    mark: Any = marks.get("high_kb") if at_high else least
    if rhel6:
        start = marks.get("min_kb")
        mark = None if mark is None or start is None else (mark - start if at_high else 0)
    if None in (page, free, mark):
        return None
    pages, mark = free // page - (1 << order) + (-1 if rhel6 else 1), mark // page
    counts = {row["alloc_order"]: row["free_blocks"] for row in lists}
    for smaller in range(order):
        if smaller not in counts:
            return None
        pages -= counts[smaller] << smaller
        if not rhel6 or smaller < 2:
            mark >>= 1
        if pages <= mark:
            return False
    return True
