"""Hold a log found in the world against the careful reading that came with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.corpus.compare import Difference, Verdict, describe
from tests.corpus.digits import zone_key
from tests.corpus.truth import MAX_KB, MAX_PAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.corpus.found import Event, Row
    from tests.corpus.truth import Expected


def judge_public(expected: Sequence[Expected], events: Sequence[Event]) -> Verdict:
    """A log found in the world: each report field by field, as far as the truth goes."""
    verdict = Verdict(reports=len(expected))
    reports = [event for event in events if event.is_report]
    verdict.expect("number of reports", len(expected), len(reports))
    pairs = align(expected, reports)
    matched = {id(event) for _, event in pairs if event is not None}
    for number, (one, event) in enumerate(pairs, start=1):
        if event is None:
            lost = f"invoker {one.invoker!r}, victims {[kill.pid for kill in one.kills]}"
            verdict.expect("event", lost, None, number)
        else:
            _judge_public_report(verdict, number, one, event)
    for event in reports:
        if id(event) not in matched:
            verdict.differences.append(Difference("extra report", None, describe(event)))
    return verdict


def align(
    expected: Sequence[Expected], events: Sequence[Event]
) -> list[tuple[Expected, Event | None]]:
    """Pair each expected report with the event most like it, both in printed order."""
    rows, columns = len(expected), len(events)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            together = likeness(expected[i], events[j]) + best[i + 1][j + 1]
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[Expected, Event | None]] = []
    i = j = 0
    while i < rows:
        if j == columns or best[i][j] == best[i + 1][j]:
            pairs.append((expected[i], None))
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((expected[i], events[j]))
            i, j = i + 1, j + 1
    return pairs


def likeness(expected: Expected, event: Event) -> float:
    """How much an event looks like a report; 0 when nothing speaks for it."""
    row = event.row
    pids = {victim.get("pid") for victim in event.rows("victims")}
    points = 4.0 * len(pids & {kill.pid for kill in expected.kills})
    if any(row.get("chosen_pid") == pid for pid, _, _ in expected.scores):
        points += 4
    if expected.invoker is not None and expected.invoker == row.get("invoker_comm"):
        points += 3
    if expected.header.get("gfp_mask") == row.get("gfp_mask") and "gfp_mask" in expected.header:
        points += 1
    if expected.ram_pages is not None and expected.ram_pages == row.get("ram_pages"):
        points += 1
    if expected.panic is not None and row.get("panic_message"):
        points += 1
    if (expected.invoker is None) == (row.get("invoker_comm") is None):
        points += 0.5
    return points


def _judge_public_report(verdict: Verdict, number: int, expected: Expected, event: Event) -> None:
    row = event.row
    if row.get("kind") not in expected.kinds:
        verdict.expect("kind", sorted(expected.kinds), row.get("kind"), number)
    _judge_header(verdict, number, expected, row)
    if expected.panic is not None:
        message = str(row.get("panic_message") or "")
        if not message.startswith(expected.panic):
            verdict.expect("panic_message", expected.panic, row.get("panic_message"), number)
    _judge_kills(verdict, number, expected, event)
    verdict.expect("table rows", expected.table_rows, len(event.rows("processes")), number)
    if expected.table_header is not None:
        printed = row.get("task_table_header")
        header = None if printed is None else _words(printed)
        verdict.expect("task_table_header", _words(expected.table_header), header, number)
    _judge_zones(verdict, number, expected, event)
    for name, value in expected.cgroup.items():
        rows = event.rows("cgroup_counters")
        found = [one.get("value") for one in rows if one.get("name") == name]
        verdict.expect(name, [value], found, number)


def _judge_header(verdict: Verdict, number: int, expected: Expected, row: Row) -> None:
    if expected.invoker is not None:
        verdict.expect("invoker", expected.invoker, row.get("invoker_comm"), number)
    else:
        # Without a header the invoker can still be known from the CPU line.
        verdict.expect("gfp_mask", None, row.get("gfp_mask"), number)
    for column, value in expected.header.items():
        verdict.expect(column, value, row.get(column), number)
    printed = row.get("constraint_printed")
    verdict.expect("constraint_printed", expected.constraint_printed, printed, number)
    kind = row.get("constraint_kind")
    if kind not in expected.constraint_kinds:
        verdict.expect("constraint_kind", expected.constraint_kinds, kind, number)
    if expected.ram_pages is not None:
        verdict.expect("ram_pages", expected.ram_pages, row.get("ram_pages"), number)
    if expected.kernel_release is not None:
        release = row.get("kernel_release")
        verdict.expect("kernel_release", expected.kernel_release, release, number)


def _words(header: str) -> str:
    return " ".join(re.sub(r"[][]", " ", header).split())


def _judge_kills(verdict: Verdict, number: int, expected: Expected, event: Event) -> None:
    victims = event.rows("victims")
    pids = [victim.get("pid") for victim in victims]
    verdict.expect("victims", [kill.pid for kill in expected.kills], pids, number)
    by_pid = {victim.get("pid"): victim for victim in victims}
    for kill in expected.kills:
        victim = by_pid.get(kill.pid)
        if victim is None:
            continue
        verdict.expect(f"comm of {kill.pid}", kill.comm, victim.get("comm"), number)
        for column, value in kill.sizes:
            true = value if value <= MAX_KB or column == "total_vm_kb" else None
            verdict.expect(f"{column} of {kill.pid}", true, victim.get(column), number)
    if expected.scores:
        row = event.row
        got = [(row.get("chosen_pid"), row.get("chosen_comm"), row.get("chosen_score"))]
        verdict.expect("chosen pid, comm, score", expected.scores, got, number)


def _judge_zones(verdict: Verdict, number: int, expected: Expected, event: Event) -> None:
    zones = event.rows("zones")
    verdict.expect("zones", expected.zone_count, len(zones), number)
    for true in expected.zones:
        key = zone_key(true["zone"])
        where = f"zone {key[0]} {key[1]}"
        found = _zone_row(zones, key)
        marks = _zone_row(event.rows("watermarks"), key)
        if found is None:
            verdict.expect(where, "a row", None, number)
            continue
        verdict.expect(f"{where} free_kb", _kb(true["free"]), found.get("free_kb"), number)
        for name in ("min", "low", "high"):
            got = None if marks is None else marks.get(f"{name}_kb")
            verdict.expect(f"{where} {name}_kb", _kb(true[name]), got, number)
        reserves = true["lowmem_reserve"]
        if reserves is not None:
            rows = [row for row in event.rows("lowmem_reserves") if _is_zone(row, key)]
            got_reserves = [row.get("reserve_pages") for row in rows]
            true_reserves = [value if value <= MAX_PAGES else None for value in reserves]
            verdict.expect(f"{where} lowmem_reserve", true_reserves, got_reserves, number)


def _kb(value: int) -> int | None:
    return value if value <= MAX_KB else None


def _is_zone(row: Row, key: tuple[int, str]) -> bool:
    return (row.get("node"), row.get("zone")) == key


def _zone_row(rows: Sequence[Row], key: tuple[int, str]) -> Row | None:
    return next((row for row in rows if _is_zone(row, key)), None)
