"""What every engine is given, and what the views make of it on DuckDB.

It is the samples as they are, the logs of a small generated fleet with every kernel and carrier,
and copies of both that lack values or say 0 here and there: so any value may be missing beside
any other, and engines that refuse to divide by zero do so here. `python -m tests.corpus
--engines` gives them the corpus and a larger fleet.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oomdb.fleet.budgets import import_budgets
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest
from oomdb.tables import EVENT_TABLES, EVENTS, TABLES, Type
from oomdb.views import load_views
from tests import plain_database, samples
from tests.test_engines import fleet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from oomdb.tables import Column, Table
    from oomdb.views import View

    Rows = Counter[tuple[tuple[str, Any], ...]]

#: Copies of all events in whose rows one value in so many is missing, and one number is 0.
_DAMAGED_COPIES = 1
_ONE_IN = 8
#: A page has a size; two zones of one name and node would have no order.
_NEVER_ZERO = frozenset({"page_size_kb", "node"})
#: What the fleet's owner tells of it.
_LABELS = "host,role\n*1,odd\n*,any\n"
_BUDGETS = "label,comm,kb,note\nrole=any,java,1000000,\n,*,4000000,whatever it is\n"
#: Rows of a view that a failure names.
_MOST_SHOWN = 10


class Content:
    """The rows of one database for all engines, in a database in memory without a view."""

    def __init__(self, database: Path, *, damaged_copies: int = 0) -> None:
        self.tables: duckdb.DuckDBPyConnection = plain_database.empty()
        self.tables.execute(f"ATTACH '{database}' AS read (READ_ONLY)")
        for table in TABLES:
            names = column_names(table)
            self.tables.execute(
                f"INSERT INTO {table.name} ({names}) SELECT {names} FROM read.{table.name}"
            )
            if table is EVENTS or table in EVENT_TABLES:
                for copy_no in range(damaged_copies):
                    _add_damaged(self.tables, table, copy_no)
        self.tables.execute("DETACH read")

    @cached_property
    def expected(self) -> dict[str, Rows]:
        """The rows of each view's SELECT on DuckDB."""
        found: dict[str, Rows] = {}
        with self.tables.cursor() as connection:
            for view in load_views():
                # A temporary table spares the views after it to work it out again.
                connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
                found[view.name] = counted(connection.execute(f"FROM {view.name}").fetchall())
        return found

    def differences(self, view: View, rows: Iterable[Sequence[Any]]) -> list[str]:
        """The rows that are not those of DuckDB, in any order; a few of them where many are."""
        found, wanted = counted(rows), self.expected[view.name]
        differences = [
            *(f"only DuckDB: {_shown(row)}" for row in (wanted - found).elements()),
            *(f"not DuckDB: {_shown(row)}" for row in (found - wanted).elements()),
        ]
        return sorted(differences, key=_without_engine)[:_MOST_SHOWN]

    def assert_expected(self, view: View, rows: Iterable[Sequence[Any]]) -> None:
        """Fail with the rows that differ, or where there is none that could."""
        assert self.expected[view.name], "no row that could differ"
        differences = self.differences(view, rows)
        assert not differences, "\n".join(differences)


@cache
def of_tests() -> Content:
    """The samples, the fleet, and a damaged copy of all; it is only read."""
    with tempfile.TemporaryDirectory(prefix="oomdb-engines-") as folder:
        return Content(_database(Path(folder)), damaged_copies=_DAMAGED_COPIES)


def _database(folder: Path) -> Path:
    """The samples, which were last changed in 1970 as in `samples.events`, and the fleet."""
    logs, database = folder / "logs", folder / "oomdb.duckdb"
    for log in samples.logs():
        copy = logs / samples.name(log)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, copy)
        os.utime(copy, (0, 0))
    fleet.write(folder / "fleet")
    assert ingest([logs, folder / "fleet"], database).set_aside == []
    tell(folder, database)
    return database


def tell(folder: Path, database: Path) -> None:
    """Import labels and budgets that mean some hosts, or all."""
    for told, imported in ((_LABELS, import_labels), (_BUDGETS, import_budgets)):
        sheet = folder / "sheet.csv"
        sheet.write_text(told, encoding="utf-8")
        imported(sheet, database)


def _add_damaged(connection: duckdb.DuckDBPyConnection, table: Table, copy_no: int) -> None:
    """Add a copy of what was read into the table; which values it lacks is the same each time."""
    columns = ", ".join(_damaged(column, copy_no) for column in table.columns)
    connection.execute(
        f"INSERT INTO {table.name} SELECT {columns} FROM ("
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY rowid) AS place"
        f" FROM read.{table.name})"
    )


def _damaged(column: Column, copy_no: int) -> str:
    if column.name == "event_id":
        return f"'damaged {copy_no} ' || event_id"
    if column.required:
        return column.name
    chance = f"HASH('{column.name} {copy_no}', event_id, place) % {_ONE_IN}"
    is_zeroed = column.type is Type.INTEGER and column.name not in _NEVER_ZERO
    zero = f"WHEN {chance} = 1 THEN 0" if is_zeroed else ""
    return f"CASE WHEN {chance} = 0 THEN NULL {zero} ELSE {column.name} END"


def column_names(table: Table) -> str:
    """The names of a table's columns, for a statement."""
    return ", ".join(column.name for column in table.columns)


def counted(rows: Iterable[Sequence[Any]]) -> Rows:
    """How often each row is there; values differ where their types do: 1, 1.0 and TRUE."""
    return Counter(tuple((type(value).__name__, value) for value in row) for row in rows)


def _shown(row: tuple[tuple[str, Any], ...]) -> str:
    return ", ".join(repr(value) for _, value in row)


def _without_engine(difference: str) -> str:
    return difference.partition(": ")[2]
