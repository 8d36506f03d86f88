"""A gigabyte of syslog with twenty reports in it, beside a search for their first line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, Result, compare, grown, ingest_into, lacks

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Context

NEEDLE = "invoked oom-killer"
#: A report in so many bytes: twenty in a gigabyte.
_BYTES_A_REPORT = 5 * 10**7


def measure(context: Context) -> list[Result]:
    size = context.size(10**9, 5 * 10**7)
    result = Result(
        "plain",
        f"{size / 1e9:.2f} GB of plain syslog, reports in it: {reports_in(size)}",
        f"`rg -c -F '{NEEDLE}'`",
        "4 x",
        "1.5 x",
        skipped=lacks("rg"),
    )
    if result.skipped:
        return [result]
    log = inputs.plain(context.work, size, reports_in(size))
    ours = ingest_into(context.work / "plain.duckdb", log)
    compare(result, ours, Command(("rg", "-c", "-F", NEEDLE, str(log))), context.runs)
    parts = [size // 16, size // 4, size]
    commands = [_ingest(context, part) for part in parts]
    fixed = ingest_into(context.work / "plain.duckdb", _empty(context.work))
    fastest = min(result.ours, key=lambda run: run.seconds)
    result.growth = grown("bytes", parts, commands, fixed, fastest)
    return [result]


def reports_in(size: int) -> int:
    """How many reports a log of that size holds."""
    return max(1, size // _BYTES_A_REPORT)


def _ingest(context: Context, size: int) -> Command:
    log = inputs.plain(context.work, size, reports_in(size))
    return ingest_into(context.work / "plain.duckdb", log)


def _empty(work: Path) -> Path:
    return inputs.kept(work, "empty.log", lambda path: path.touch())
