"""Hold rows of the saved views against the second arithmetic, and say where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.arithmetic import badness
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


def of_scores(event: Event, rows: Sequence[Row]) -> Iterator[str]:
    """What differs between `score_audit` and the kernel's formula, in words."""
    processes = event.rows("processes")
    if len(rows) != len(processes):
        yield f"{len(processes)} processes, view {len(rows)}"
        return
    tried = badness.candidates(event)
    for process, row in zip(processes, rows, strict=True):
        where = f"row {row['row_no']} pid {row['pid']}"
        fitting = [
            one
            for one in tried
            if (one.total_pages, one.basis) == (row["total_pages"], row["total_basis"])
        ]
        if tried and not fitting:
            yield f"{where} total {row['total_pages']} ({row['total_basis']}), none of {tried}"
            continue
        plain = next((one for one in fitting if one.bonus == "plain"), None)
        rooted = {badness.score(event, process, one) for one in fitting if one.bonus != "plain"}
        expected = None if plain is None else badness.score(event, process, plain)
        if row["score"] != expected:
            yield f"{where} score {expected}, view {row['score']}"
        if row["score_root"] not in (rooted or {None}):
            yield f"{where} score_root {rooted}, view {row['score_root']}"
    closest = badness.closest_difference(event)
    for row in rows:
        if row["is_chosen"] and row["pid"] == event.row["chosen_pid"] and closest is not None:
            if abs(row["score_difference"]) != closest:
                yield f"score_difference {closest}, view {row['score_difference']}"
            if row["score_matches"] != (closest <= 1):
                yield f"score_matches {closest <= 1}, view {row['score_matches']}"
    yield from _of_ranks(event, rows, tried)


def _of_ranks(
    event: Event, rows: Sequence[Row], tried: Sequence[badness.Candidate]
) -> Iterator[str]:
    """Without a bonus the rank is the number of those with more points, and one."""
    if {one.bonus for one in tried} != {"plain"}:
        return
    total = {(row["total_pages"], row["total_basis"]) for row in rows}
    used = next((one for one in tried if {(one.total_pages, one.basis)} == total), None)
    if used is None:
        yield f"totals {total}"
        return
    weights = [badness.points(event, process, used) for process in event.rows("processes")]
    known = [weight for weight in weights if weight is not None]
    for weight, row in zip(weights, rows, strict=True):
        rank = None if weight is None else 1 + sum(other > weight for other in known)
        if row["badness_rank"] != rank:
            yield f"row {row['row_no']} rank {rank}, view {row['badness_rank']}"
