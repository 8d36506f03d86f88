"""`python -m tests.corpus --engines`: every saved view on three engines, row by row.

The corpus and a generated fleet are read into one database, and what the views give of its rows
on PostgreSQL and on Spark is held against DuckDB's.
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
from tests.test_engines.content import Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oomdb.views import View

    Rows = Callable[[View], Sequence[Sequence[Any]]]

#: Larger than what tests read: machines with a history each.
_FLEET = Fleet(seed=11, hosts=60, events=200, days=20, lines_an_hour=1, processes=40)


def compare(corpus: Path) -> int:
    """Print the rows of each view and those that differ; 1 where any differ, else 0."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oomdb-engines-")))
        read = _read(corpus, folder)
        differing = 0
        for engine, rows in _engines(stack, read, folder):
            print(f"\n{engine}")
            for view in load_views():
                differences = read.differences(view, rows(view))
                differing += bool(differences)
                print(f"{view.name:28} {read.expected[view.name].total():8,} rows", flush=True)
                for difference in differences:
                    print(f"    {difference}", flush=True)
    empty = [name for name, found in read.expected.items() if not found]
    print(f"\n{differing} views differ; without a row: {', '.join(empty) or 'none'}")
    return 1 if differing else 0


def _read(corpus: Path, folder: Path) -> Content:
    """What is compared."""
    write(_FLEET, folder / "fleet")
    database = folder / "oomdb.duckdb"
    ingest([corpus, folder / "fleet"], database)
    content.tell(folder, database)
    read = Content(database)
    for table in ("events", "processes"):
        (count,) = read.tables.execute(f"SELECT COUNT(*) FROM {table}").fetchone() or (0,)
        print(f"{count:,} {table}", flush=True)
    return read


def _engines(stack: ExitStack, read: Content, folder: Path) -> Iterator[tuple[str, Rows]]:
    """Each engine that is here, with what gives the rows of a view."""
    programs = postgresql_server.installed()
    if programs is None:
        print(postgresql_server.MISSING)
    else:
        server = stack.enter_context(postgresql_server.running(programs))
        database = stack.enter_context(postgresql.filled(server, read))
        yield "PostgreSQL", lambda view: database.rows(view)[1]
    if reason := spark_session.missing():
        print(reason)
    else:
        session = stack.enter_context(spark_session.running())
        filled = spark.Filled(session, folder, read)
        yield (
            "Spark",
            lambda view: [tuple(row.values()) for row in filled.rows(view).to_pylist()],
        )
