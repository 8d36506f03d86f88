"""How long a command takes that has nothing to do, beside Python that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import inputs
from benchmarks.harness import (
    BARE_PYTHON,
    OOMDB,
    Command,
    Result,
    in_turns,
    ingest_into,
    run,
    spread,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Context

#: These are over in a moment, and what else the machine does shows.
_RUNS = 11


def measure(context: Context) -> list[Result]:
    database = _database(context)
    return [
        _measure(context, "start_help", ("--help",), "+150 ms", "+60 ms"),
        _measure(
            context,
            "start_sql",
            ("sql", "SELECT 1", "--db", str(database)),
            "+350 ms",
            "+200 ms",
        ),
    ]


def _measure(context: Context, row: str, words: tuple[str, ...], reach: str, dream: str) -> Result:
    shown = " ".join(f"'{word}'" if " " in word else word for word in words[:2] if word != "--db")
    result = Result(row, f"`oomdb {shown}`", "`python -c pass`", reach, dream)
    ours, theirs = Command((*OOMDB, *words)), Command(BARE_PYTHON)
    result.ours, result.theirs = in_turns(ours, theirs, max(context.runs, _RUNS))
    pairs = zip(result.ours, result.theirs, strict=True)
    more = [(one.seconds - other.seconds) * 1000 for one, other in pairs]
    result.value = f"+{spread(more, 'ms', 0)}"
    return result


def _database(context: Context) -> Path:
    """A database with a few events in it."""
    database = context.work / "start.duckdb"
    run(ingest_into(database, inputs.dense(context.work, 1, 4, 137)))
    return database
