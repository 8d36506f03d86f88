"""What was measured as a table, on the terminal and in the page of the documentation."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.harness import machine, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.harness import Result

_BEGIN = "<!-- measured: begin -->"
_END = "<!-- measured: end -->"


def told(results: Sequence[Result]) -> Sequence[Result]:
    """The results, after each was printed."""
    for result in results:
        print(f"{result.row:14} {result.shown():34} reach {result.reach}, dream {result.dream}")
        print(f"{'':14} {result.work}; beside {result.baseline}")
        for line in _details(result):
            print(f"{'':14} {line}")
        for line in result.table:
            print(line)
        print(flush=True)
    return results


def write(path: Path, results: Sequence[Result], *, is_short: bool) -> None:
    """Put the results in the place of those that a page holds; ValueError without such a place."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{path} has no {_BEGIN} and {_END}")
    measured = "\n".join(_page(results, is_short=is_short))
    path.write_text(f"{before}{begin}\n{measured}\n{end}{after}", encoding="utf-8")


def _page(results: Sequence[Result], *, is_short: bool) -> Iterator[str]:
    if is_short:
        yield "The short form, with smaller inputs: it shows the direction, not the figures.\n"
    for name, value in machine().items():
        yield f"- {name}: {value}"
    yield ""
    yield "| row | work | beside | measured | reach | dream | growth |"
    yield "|---|---|---|---|---|---|---|"
    for result in results:
        growth = f"{result.growth.exponent:.2f}" if result.growth else "-"
        yield (
            f"| {result.row} | {result.work} | {result.baseline} | {result.shown()} |"
            f" {result.reach} | {result.dream} | {growth} |"
        )
    yield ""
    for result in results:
        details = list(_details(result))
        if details:
            yield f"`{result.row}`: " + ". ".join(details) + ".\n"
        if result.table:
            yield from (*result.table, "")


def _details(result: Result) -> Iterator[str]:
    """Seconds, memory and growth behind a ratio."""
    if result.ours and result.theirs:
        yield f"{seconds_of(result.ours):.3f} s beside {seconds_of(result.theirs):.3f} s"
        peak = statistics.median(run.peak_mb for run in result.ours)
        yield f"peak {peak:.0f} MiB"
        both = (result.ours, result.theirs)
        cpu = [statistics.median(run.cpu_seconds for run in runs) for runs in both]
        yield f"processor time {cpu[0]:.3f} s beside {cpu[1]:.3f} s"
    if result.growth is not None:
        growth = result.growth
        pairs = zip(growth.sizes, growth.seconds, strict=True)
        shown = ", ".join(f"{size:,.0f}: {cost:.3f}" for size, cost in pairs)
        yield (
            f"exponent {growth.exponent:.2f} over {growth.unit} ({shown}),"
            f" the {growth.fixed_s:.3f} of no input taken off"
        )
    yield from result.notes
