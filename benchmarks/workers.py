"""Ten dense logs on two processors, beside the same on one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, Result, compare, grown, ingest_into, lacks

if TYPE_CHECKING:
    from benchmarks.harness import Context

_FILES, _LINES = 10, 240


def measure(context: Context) -> list[Result]:
    each = context.size(200, 16)
    result = Result(
        "workers",
        f"ingest of {_FILES} dense files of {each} reports on two processors",
        "the same on one (`taskset`); times faster",
        "1.7 x",
        "1.95 x",
    )
    result.skipped = lacks("taskset")
    if len(os.sched_getaffinity(0)) < 2:
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


def _ingest(context: Context, each: int, processors: int) -> Command:
    """As many processes read as there are processors, and DuckDB has as many threads."""
    folder = inputs.dense(context.work, _FILES, each, _LINES)
    return _on(processors, ingest_into(context.work / "workers.duckdb", folder))


def _nothing(context: Context) -> Command:
    empty = inputs.kept(context.work, "empty.log", lambda path: path.touch())
    return _on(2, ingest_into(context.work / "workers.duckdb", empty))


def _on(processors: int, command: Command) -> Command:
    """The command on so many processors of this machine."""
    chosen = sorted(os.sched_getaffinity(0))[:processors]
    return replace(command, words=("taskset", "-c", ",".join(map(str, chosen)), *command.words))
