"""Logs of nothing but reports, beside OOMAnalyser on the same reports."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import Command, Result, grown, in_turns, ingest_into, seconds_of

if TYPE_CHECKING:
    from benchmarks.harness import Context

_DRIVER = Path(__file__).parent / "baselines" / "oomanalyser.py"
#: Lines of a report: a large process table, and the one that OOMAnalyser's rate is known for.
_LINES = (240, 137)
#: OOMAnalyser takes its time for each alike; so many tell its rate.
_BASELINE_REPORTS = 200


def measure(context: Context) -> list[Result]:
    return [_measure(context, lines) for lines in _LINES]


def _measure(context: Context, lines: int) -> Result:
    files, each = 10, context.size(200, 10)
    count = files * each
    folder = inputs.dense(context.work, files, each, lines)
    size = sum(path.stat().st_size for path in folder.iterdir())
    result = Result(
        "dense" if lines == _LINES[0] else f"dense_{lines}",
        f"{count} dense reports of {lines} lines, {size / count / lines:.0f} bytes a line",
        "OOMAnalyser, reports a second",
        "15 x its rate" if lines == _LINES[0] else "-",
        "50 x" if lines == _LINES[0] else "-",
    )
    database = context.work / "dense.duckdb"
    ours = ingest_into(database, folder)
    few = min(count, _BASELINE_REPORTS) // each
    theirs = _baseline(context, folder, few, few * each)
    if theirs is None:
        result.ours, _ = in_turns(ours, ours, context.runs)
        result.value = f"{count / seconds_of(result.ours):.0f} reports/s; no OOMAnalyser beside it"
        result.notes.append(
            "OOMAnalyser was not measured: no checkout of it was given"
            " (`--oomanalyser FOLDER` or OOMANALYSER)"
        )
    else:
        result.ours, result.theirs = in_turns(ours, theirs, context.runs)
        result.ratios = [
            (count / one.seconds) / (few * each / other.seconds)
            for one, other in zip(result.ours, result.theirs, strict=True)
        ]
        rate = statistics.median(few * each / run.seconds for run in result.theirs)
        result.notes.append(
            f"{count / seconds_of(result.ours):.0f} reports/s, OOMAnalyser {rate:.0f}"
            f" (its start included, {few * each} reports)"
        )
    parts = [max(1, each // 16), each // 4, each]
    commands = [
        ingest_into(database, inputs.dense(context.work, files, part, lines)) for part in parts
    ]
    empty = inputs.kept(context.work, "empty.log", lambda path: path.touch())
    fastest = min(result.ours, key=lambda run: run.seconds)
    sizes = [files * part for part in parts]
    result.growth = grown("reports", sizes, commands, ingest_into(database, empty), fastest)
    return result


def _baseline(context: Context, folder: Path, files: int, reports: int) -> Command | None:
    """OOMAnalyser on the reports of some files; None without a checkout."""
    if context.oomanalyser is None:
        return None
    logs = map(str, sorted(folder.iterdir())[:files])
    return Command((sys.executable, str(_DRIVER), str(context.oomanalyser), str(reports), *logs))
