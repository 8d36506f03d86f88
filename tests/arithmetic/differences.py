"""Hold rows of the saved views against the second arithmetic, and say where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.arithmetic.zones import zonelist

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.corpus.found import Event, Row


def of_zones(event: Event, rows: Sequence[Row]) -> Iterator[str]:
    """What differs between `zone_fallbacks` and the kernel's walk, in words."""
    judged = zonelist(event)
    rows = sorted(rows, key=lambda row: row["fallback_no"])
    walked = [(one.node, one.zone) for one in judged]
    given = [(row["node"], row["zone"]) for row in rows]
    if walked != given:
        yield f"zones {walked}, view {given}"
        return
    for one, row in zip(judged, rows, strict=True):
        where = f"node {one.node} {one.zone}"
        for name, expected, got in (
            ("usable_free_kb", one.usable_kb, row["usable_free_kb"]),
            ("min_kb", one.min_kb, row["min_kb"]),
            ("has_block", one.has_block, row["has_block"]),
        ):
            if expected != got:
                yield f"{where} {name} {expected}, view {got}"
        if row["reserve_kb"] not in (one.reserves_kb or {None}):
            yield f"{where} reserve_kb {set(one.reserves_kb)}, view {row['reserve_kb']}"
        if row["verdict"] not in one.verdicts:
            yield f"{where} verdict {set(one.verdicts)}, view {row['verdict']}"
        if (row["usable_reason"] is not None) != (row["verdict"] == "usable"):
            yield f"{where} {row['verdict']} with reason {row['usable_reason']}"
        if row["usable_reason"] == "refused_at_high" and one.passes_high is not False:
            yield f"{where} refused_at_high, but passes_high {one.passes_high}"
        fails_last = one.passes_high is False and event.row["kind"] != "allocation_failure"
        if row["usable_reason"] in ("memory_moved", "unexplained") and fails_last:
            yield f"{where} {row['usable_reason']}, but it fails at high"
