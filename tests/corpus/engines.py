"""`python -m tests.corpus --engines`: every saved view on three engines, row by row.

The corpus, a generated fleet and the samples are each read into a database of their own, and
what the views give of its rows on PostgreSQL and on Spark is held against DuckDB's.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fleet.fleet import Fleet, write
from oomdb.ingest import ingest
from oomdb.views import load_views
from tests.servers import postgresql as postgresql_server
from tests.servers import spark as spark_session
from tests.test_engines import content, postgresql, spark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oomdb.views import View
    from tests.test_engines.content import Content

    Rows = Callable[[View], Sequence[Sequence[Any]]]

#: Larger than what tests read: machines with a history each.
_FLEET = Fleet(seed=11, hosts=60, events=200, days=20, lines_an_hour=1, processes=40)


def compare(corpus: Path) -> int:
    """Print the rows of each view and those that differ; 1 where any differ, else 0."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oomdb-engines-")))
        contents = _contents(corpus, folder)
        differences: list[str] = []
        engines = list(_engines(stack, contents, folder))
        for view in load_views():
            differences += _of_view(view, contents, engines)
    print()
    for line in differences:
        print(line)
    print(f"{len(differences)} rows named that differ")
    return 1 if differences else 0


def _contents(corpus: Path, folder: Path) -> dict[str, Content]:
    """What is compared, by name."""
    write(_FLEET, folder / "fleet")
    found = {"tests": content.of_tests()}
    for name, logs in (("corpus", corpus), ("fleet", folder / "fleet")):
        database = folder / f"{name}.duckdb"
        ingest([logs], database)
        content.tell(folder, database)
        found[name] = content.Content(database)
    for name, each in found.items():
        (events,) = each.tables.execute("SELECT COUNT(*) FROM events").fetchone() or (0,)
        print(f"{name}: {events:,} events")
    return found


def _engines(
    stack: ExitStack, contents: dict[str, Content], folder: Path
) -> Iterator[tuple[str, dict[str, Rows]]]:
    """Each engine that is here, with what gives it the rows of a view, by content."""
    programs = postgresql_server.installed()
    if programs is None:
        print(postgresql_server.MISSING)
    else:
        server = stack.enter_context(postgresql_server.running(programs))
        databases = {
            name: stack.enter_context(postgresql.filled(server, each))
            for name, each in contents.items()
        }
        yield "PostgreSQL", {name: _of_server(one) for name, one in databases.items()}
    if reason := spark_session.missing():
        print(reason)
    else:
        session = stack.enter_context(spark_session.running())
        yield "Spark", _of_spark(session, contents, folder)


def _of_server(database: postgresql.Filled) -> Rows:
    return lambda view: database.rows(view)[1]


def _of_spark(session: Any, contents: dict[str, Content], folder: Path) -> dict[str, Rows]:
    """Sessions beside each other, as each has its own views."""
    found: dict[str, Rows] = {}
    for name, each in contents.items():
        own = folder / f"spark-{name}"
        own.mkdir()
        filled = spark.Filled(session.newSession(), own, each)
        found[name] = lambda view, filled=filled: [  # type: ignore[misc]
            tuple(row.values()) for row in filled.rows(view).to_pylist()
        ]
    return found


def _of_view(
    view: View, contents: dict[str, Content], engines: list[tuple[str, dict[str, Rows]]]
) -> list[str]:
    """Print how many rows the view has of each content; those that differ."""
    differences = []
    counts = {name: each.expected[view.name].total() for name, each in contents.items()}
    for engine, rows in engines:
        for name, each in contents.items():
            found = each.differences(view, rows[name](view))
            differences += [f"{view.name}, {name}, {engine}: {one}" for one in found]
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    empty = "" if any(counts.values()) else " EMPTY"
    print(f"{view.name:28} {told}{empty}{' DIFFERS' if differences else ''}", flush=True)
    return differences
