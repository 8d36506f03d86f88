"""Ten dense logs on two workers, beside the same on one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, Result, compare, grown, has_option, ingest_into

if TYPE_CHECKING:
    from benchmarks.harness import Context

_FILES, _LINES = 10, 240


def measure(context: Context) -> list[Result]:
    each = context.size(200, 16)
    result = Result(
        "workers",
        f"ingest of {_FILES} dense files of {each} reports, `--jobs 2`",
        "the same with `--jobs 1`; times faster",
        "1.7 x",
        "1.95 x",
    )
    if not has_option("ingest", "--jobs"):
        result.skipped = "`oomdb ingest` has no --jobs"
    elif (os.cpu_count() or 1) < 2:
        result.skipped = "this machine has one processor"
    if result.skipped:
        return [result]
    compare(result, _ingest(context, each, 2), _ingest(context, each, 1), context.runs)
    result.ratios = [1 / ratio for ratio in result.ratios]
    parts = [max(1, each // 16), each // 4, each]
    commands = [_ingest(context, part, 2) for part in parts]
    fastest = min(result.ours, key=lambda run: run.seconds)
    sizes = [_FILES * part for part in parts]
    result.growth = grown("reports", sizes, commands, _nothing(context), fastest)
    return [result]


def _ingest(context: Context, each: int, jobs: int) -> Command:
    folder = inputs.dense(context.work, _FILES, each, _LINES)
    return ingest_into(context.work / "workers.duckdb", folder, options=("--jobs", str(jobs)))


def _nothing(context: Context) -> Command:
    empty = inputs.kept(context.work, "empty.log", lambda path: path.touch())
    return ingest_into(context.work / "workers.duckdb", empty, options=("--jobs", "2"))
