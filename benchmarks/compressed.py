"""The same syslog gzipped and zstd-compressed, beside the searches for compressed files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, Result, compare, grown, ingest_into, lacks
from benchmarks.plain import NEEDLE, reports_in

if TYPE_CHECKING:
    from benchmarks.harness import Context


def measure(context: Context) -> list[Result]:
    return [_measure(context, ".gz", "zgrep"), _measure(context, ".zst", "zstdgrep")]


def _measure(context: Context, suffix: str, program: str) -> Result:
    size = context.size(10**9, 25 * 10**6)
    result = Result(
        {".gz": "gzip", ".zst": "zstd"}[suffix],
        f"the same, `{suffix}` ({size / 1e9:.2f} GB before)",
        f"`{program} -c`",
        "below 1 x",
        "0.33 x",
        skipped=lacks(program),
    )
    if result.skipped:
        return result
    database = context.work / "compressed.duckdb"
    log = inputs.plain(context.work, size, reports_in(size), suffix)
    theirs = Command((program, "-c", "-F", NEEDLE, str(log)))
    compare(result, ingest_into(database, log), theirs, context.runs)
    parts = [size // 16, size // 4, size]
    commands = [
        ingest_into(
            database,
            inputs.plain(context.work, part, reports_in(part), suffix),
        )
        for part in parts
    ]
    empty = inputs.kept(context.work, "empty.log", lambda path: path.touch())
    fastest = min(result.ours, key=lambda run: run.seconds)
    fixed = ingest_into(database, empty)
    result.growth = grown("bytes before compression", parts, commands, fixed, fastest)
    return result
