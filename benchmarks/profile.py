"""`python -m benchmarks.profile ROW`: where the time of a row's own command goes.

The command runs in this process under cProfile, on the row's input in the short form; what
it does in other processes is not seen.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks import inputs, views
from benchmarks.harness import Context, has_option, ingest_into, remove_database, run
from benchmarks.plain import reports_in
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("row", choices=sorted(_ROWS))
    parser.add_argument("--lines", type=int, default=25, help="how much of the profile is shown")
    parser.add_argument("--work", type=Path, help="folder that keeps the inputs; else a new one")
    parser.add_argument("--full", action="store_true", help="the input of the full form")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = (arguments.work or Path(folder)).resolve()
        context = Context(work, short=not arguments.full, runs=1, oomanalyser=None)
        command = _ROWS[arguments.row](context)
        profile = cProfile.Profile()
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), suppress(SystemExit):
            profile.runcall(command)
    stats = pstats.Stats(profile, stream=sys.stdout)
    stats.strip_dirs().sort_stats("tottime").print_stats(arguments.lines)


def _oomdb(*words: str) -> Callable[[], None]:
    """A command of oomdb in this process, its modules being loaded included."""

    def command() -> None:
        from oomdb.cli import main as run_command

        sys.argv = ["oomdb", *words]
        run_command()

    return command


def _ingest(context: Context, log: Path) -> Callable[[], None]:
    database = context.work / "profile.duckdb"
    remove_database(database)
    alone = ("--jobs", "1") if has_option("ingest", "--jobs") else ()
    return _oomdb("ingest", str(log), "--db", str(database), *alone)


def _plain(context: Context, suffix: str = "") -> Callable[[], None]:
    size = context.size(10**9, 5 * 10**7)
    return _ingest(context, inputs.plain(context.work, size, reports_in(size), suffix))


def _dense(context: Context) -> Callable[[], None]:
    each = context.size(200, 10)
    return _ingest(context, inputs.dense(context.work, 10, each, 240))


def _unchanged(context: Context) -> Callable[[], None]:
    folder = inputs.many(context.work, context.size(10000, 1000))
    database = context.work / "profile.duckdb"
    run(ingest_into(database, folder))
    return _oomdb("ingest", str(folder), "--db", str(database))


def _views(context: Context) -> Callable[[], None]:
    """DuckDB's work is no Python; the profile then has one line a view."""
    database = views.database(context)

    def command() -> None:
        with duckdb.connect(str(database), read_only=True) as connection:
            for view in load_views():
                connection.execute(views.everything(view)).fetchall()

    return command


def _sql(context: Context) -> Callable[[], None]:
    database = context.work / "profile.duckdb"
    run(ingest_into(database, inputs.dense(context.work, 1, 4, 137)))
    return _oomdb("sql", "SELECT 1", "--db", str(database))


_ROWS: dict[str, Callable[[Context], Callable[[], None]]] = {
    "plain": _plain,
    "gzip": lambda context: _plain(context, ".gz"),
    "zstd": lambda context: _plain(context, ".zst"),
    "dense": _dense,
    "unchanged": _unchanged,
    "views": _views,
    "start_help": lambda _: _oomdb("--help"),
    "start_sql": _sql,
}


if __name__ == "__main__":
    main()
