"""Every saved view over a year of a fleet, beside the same SQL in SQLite.

A statement is timed in an open connection, after it ran once. It reads all rows and all
columns of the view: the greatest value of each. SQLite has a smaller copy and as many
seconds a view; its time is scaled by events, which is to its advantage.
"""

from __future__ import annotations

import sqlite3
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from benchmarks import inputs
from benchmarks.baselines import sqlite
from benchmarks.fleet import copies
from benchmarks.fleet.fleet import Fleet, write
from benchmarks.harness import Growth, Result, ingest_into, run, spread
from oomdb.views import load_views

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Context
    from oomdb.views import View

#: Rows of an event's process table.
_PROCESSES = 50


@dataclass
class _Timed:
    """Seconds of one view; None where it was not measured or not over in time."""

    view: str
    seconds: list[float | None] = field(default_factory=list)
    counting: float | None = None
    one_event: float | None = None
    sqlite: float | None = None
    sqlite_problem: str = ""


def measure(context: Context) -> list[Result]:
    events = _events(context)
    small = _base(context)
    result = Result(
        "views",
        f"{len(load_views())} saved views at {events:,} events with {_PROCESSES} processes each",
        f"the same SQL in SQLite at {small:,} events, scaled",
        "20 x faster, each under 1 s",
        "each under 0.2 s",
    )
    sizes = [events // 16, events // 4, events]
    timed = {view.name: _Timed(view.name) for view in load_views()}
    for size in sizes:
        with duckdb.connect(str(_database(context, size)), read_only=True) as connection:
            for view in load_views():
                _time(connection, view, timed[view.name], context, last=size == events)
    _time_sqlite(context, timed)
    _conclude(result, list(timed.values()), sizes, events / small)
    return [result]


def database(context: Context) -> Path:
    """The database that is measured."""
    return _database(context, _events(context))


def _events(context: Context) -> int:
    return context.size(1_000_000, 1600)


def _base(context: Context) -> int:
    """Events that are read from logs, and that SQLite has."""
    return context.size(4000, 100)


def _database(context: Context, events: int) -> Path:
    """A database of so many events, multiplied from those that were read."""
    base = _base(context)
    root = inputs.kept(
        context.work,
        f"{inputs.tree()}-views-{base}.duckdb",
        lambda path: _read(context, base, path),
    )
    if events <= base:
        return root
    return inputs.kept(
        context.work,
        f"{inputs.tree()}-views-{events}.duckdb",
        lambda path: copies.multiply(root, path, events // base),
    )


def _read(context: Context, events: int, database: Path) -> None:
    """A database of a fleet's logs, each report with a process table of the same length."""
    fleet = Fleet(
        seed=inputs.SEED,
        hosts=max(10, events // 40),
        events=events,
        lines_an_hour=1,
        processes=_PROCESSES,
    )
    logs = inputs.kept(context.work, f"fleet-{events}", lambda path: _write(fleet, path))
    run(ingest_into(database, logs))


def _write(fleet: Fleet, folder: Path) -> None:
    write(fleet, folder)


def _time(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    timed: _Timed,
    context: Context,
    *,
    last: bool,
) -> None:
    limit_s, times = _limit_s(context), context.size(3, 1)
    timed.seconds.append(_median(connection, everything(view), limit_s, times))
    if last:
        counting = f"SELECT COUNT(*) FROM {view.name}"
        timed.counting = _median(connection, counting, limit_s, times)
        if "event_id" in dict(view.columns):
            one = "(SELECT MAX(event_id) FROM events)"
            sql = f"{everything(view)} WHERE event_id = {one}"
            timed.one_event = _median(connection, sql, limit_s, times)


def _limit_s(context: Context) -> float:
    """How long one statement may take [s]."""
    return float(context.size(60, 3))


def everything(view: View) -> str:
    """A statement that reads all rows and all columns of a view."""
    greatest = ", ".join(f"MAX({name})" for name, _ in view.columns)
    return f"SELECT COUNT(*), {greatest} FROM {view.name}"


def _median(
    connection: duckdb.DuckDBPyConnection, sql: str, limit_s: float, runs: int
) -> float | None:
    """The middle time of some runs after a first one; None when one takes too long."""
    times = []
    for _ in range(runs + 1):
        alarm = threading.Timer(limit_s, connection.interrupt)
        alarm.start()
        start = time.perf_counter()
        try:
            connection.execute(sql).fetchall()
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            return None
        finally:
            alarm.cancel()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def _time_sqlite(context: Context, timed: dict[str, _Timed]) -> None:
    small, limit_s = _base(context), _limit_s(context)
    source = _database(context, small)
    file = inputs.kept(
        context.work,
        f"{inputs.tree()}-views-{small}.sqlite",
        lambda path: sqlite.export(source, path),
    )
    connection = sqlite.opened(file)
    for view in load_views():
        one = timed[view.name]
        try:
            one.sqlite = sqlite.timed(connection, everything(view), limit_s)
        except sqlite3.OperationalError as error:
            one.sqlite_problem = str(error)
            if "interrupted" in str(error):
                one.sqlite, one.sqlite_problem = limit_s, f"over {limit_s:.0f} s"
    connection.close()


def _conclude(result: Result, timed: list[_Timed], sizes: list[int], scale: float) -> None:
    done = [one for one in timed if one.seconds[-1] is not None]
    seconds = {one.view: one.seconds[-1] or 0.0 for one in done}
    slow = [one.view for one in timed if one.seconds[-1] is None]
    ratios = [one.sqlite * scale / seconds[one.view] for one in done if one.sqlite is not None]
    result.ratios = ratios
    slowest = max(seconds, key=lambda view: seconds[view])
    result.value = (
        f"{spread(ratios, 'x faster', 0) if ratios else 'nothing to compare'};"
        f" {sum(one < 1 for one in seconds.values())} of {len(timed)} under 1 s,"
        f" {sum(one < 0.2 for one in seconds.values())} under 0.2 s;"
        f" slowest {slowest}, {seconds[slowest]:.2f} s"
    )
    if slow:
        result.notes.append(f"not over in time: {', '.join(slow)}")
    totals = tuple(sum(one.seconds[place] or 0 for one in done) for place in range(len(sizes)))
    result.growth = Growth("events, all views", tuple(sizes), totals, 0.0)
    result.table.append("| view | all columns | COUNT(*) | one event | growth | SQLite, scaled |")
    result.table.append("|---|---|---|---|---|---|")
    for one in timed:
        result.table.append(_row(one, sizes, scale))


def _row(one: _Timed, sizes: list[int], scale: float) -> str:
    measured = [value for value in one.seconds if value is not None]
    exponent = "-"
    if len(measured) == len(sizes) and min(measured) > 0.001:
        exponent = f"{Growth('events', tuple(sizes), tuple(measured), 0.0).exponent:.2f}"
    beside = one.sqlite_problem if one.sqlite is None else _shown(one.sqlite * scale)
    if one.sqlite is not None and one.sqlite_problem:
        beside = f"over {beside}"
    cells = (one.view, _shown(one.seconds[-1]), _shown(one.counting), _shown(one.one_event))
    return f"| {' | '.join((*cells, exponent, beside))} |"


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.3f} s"
