"""A second ingest of ten thousand files that have not changed, beside a walk over them."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import (
    OOMDB,
    Command,
    Growth,
    Result,
    compare,
    ingest_into,
    lacks,
    run,
)

if TYPE_CHECKING:
    from benchmarks.harness import Context


def measure(context: Context) -> list[Result]:
    files = context.size(10000, 1000)
    result = Result(
        "unchanged",
        f"second ingest of {files:,} unchanged files",
        "`find -type f` over them, then `python -c pass`",
        "5 x",
        "2 x",
        skipped=lacks("find"),
    )
    if result.skipped:
        return [result]
    folder = inputs.many(context.work, files)
    walk = f"find {shlex.quote(str(folder))} -type f > /dev/null"
    theirs = Command(("sh", "-c", f"{walk} && {shlex.quote(sys.executable)} -c pass"))
    compare(result, _again(context, files), theirs, context.runs)
    parts = [files // 16, files // 4, files]
    seconds = [run(_again(context, part)).seconds for part in parts[:-1]]
    seconds.append(min(one.seconds for one in result.ours))
    fixed_s = run(_again(context, 1)).seconds
    result.growth = Growth("files", tuple(parts), tuple(seconds), fixed_s)
    return [result]


def _again(context: Context, files: int) -> Command:
    """The ingest of files that a database has: it is filled first, which is not measured."""
    folder = inputs.many(context.work, files)
    database = context.work / f"unchanged-{files}.duckdb"
    run(ingest_into(database, folder))
    return Command((*OOMDB, "ingest", str(folder), "--db", str(database)))
