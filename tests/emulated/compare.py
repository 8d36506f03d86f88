"""What was read from a report against what was printed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.reports.reader import in_blocks
from oomdb.rows.builder import rows_of

if TYPE_CHECKING:
    from oomdb.rows.batch import RowBatch
    from tests.emulated.paper import Paper

#: Columns that are not printed.
_DERIVED = frozenset(
    {
        "line_no",
        "trace_no",
        "zone_no",
        "page_size_kb",
        "page_size_basis",
        "gfp_layout",
        "gfp_layout_basis",
        "constraint_kind",
        "constraint_basis",
        "uptime_s",
        "printed_time",
        "reaped_uptime_s",
    }
)
_NAMES = {"comm": "comm_bytes", "invoker_comm": "invoker_comm_bytes", "chosen_comm": None}


def read(lines: list[str]) -> list[RowBatch]:
    """The rows of all reports in a log of these lines."""
    data = "".join(f"{line}\n" for line in lines).encode("latin-1")
    return [rows_of(located.report) for located in in_blocks([data])]


def rows(batch: RowBatch, table: str) -> list[dict[str, object]]:
    """All rows of a table."""
    return batch.of(table)


def differences(paper: Paper, batch: RowBatch) -> list[str]:
    """Every value that was read otherwise than it was printed."""
    found = []
    for table in tables.EVENT_TABLES:
        if table.name == "sightings":
            continue
        printed = paper.rows.get(table.name, [])
        stored = rows(batch, table.name)
        if len(printed) != len(stored):
            found.append(f"{table.name}: {len(printed)} rows printed, {len(stored)} read")
            extra = stored[len(printed) :] or printed[len(stored) :]
            found.append(f"    such as {extra[0]}")
            continue
        for number, (one, other) in enumerate(zip(printed, stored, strict=True), 1):
            found += [f"{table.name} row {number}: {text}" for text in _row(one, other)]
    expected = {**paper.event, "damage": ",".join(sorted(paper.damage)) or None}
    return found + [f"events: {text}" for text in _row(expected, batch.event)]


def _row(printed: dict[str, object], stored: dict[str, object]) -> list[str]:
    found = []
    for column in sorted({*printed, *stored} - _DERIVED):
        if column.endswith("_bytes") and column.removesuffix("_bytes") in _NAMES:
            continue
        one, other = printed.get(column), stored.get(column)
        if column in _NAMES:
            raw = _NAMES[column] and stored.get(str(_NAMES[column]))
            other = raw if isinstance(raw, bytes) else str(other).encode()
            one = str(one).encode("latin-1")
            if _NAMES[column] is None and not str(printed.get(column)).isprintable():
                continue
        elif isinstance(one, str) and not one.isascii():
            one = one.encode("latin-1").decode()
        if one != other:
            found.append(f"{column} {one!r} was read as {other!r}")
    return found
