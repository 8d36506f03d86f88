"""Deriving what is kept of each of some events, together.

`oomdb.store.facts` tells what is kept, and where.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

from oomdb import tables
from oomdb.rows.columns import LEAVES
from oomdb.store.facts import SCHEMA
from oomdb.views import Storage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from oomdb.store import facts
    from oomdb.views import View

#: Before the name of a table: its rows that are held back, registered as a table too.
HELD = "held_"
#: The tables whose rows may be held back.
_LEAVES = frozenset(table.name for table in LEAVES)

#: How many events of a slice something was kept of before.
_KEPT_BEFORE = (
    f"SELECT COUNT(*) FROM {SCHEMA}.event_places"
    " WHERE event_id IN (SELECT slice_id FROM temp.slice)"
)


class Slice:
    """Some of the events that change, of which is derived anew what is kept of each.

    Among themselves they go by numbers in the place of their ids, which join faster.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        derivation: facts.Derivation,
        held: Collection[str],
    ) -> None:
        self._connection = connection
        self._derivation = derivation
        self._held = held
        self._main = _main(connection)
        #: Whether the rows of any of the events are not among those that are held back.
        self._in_tables = True

    def derive(self, first: int, last: int) -> None:
        """Derive the events that change, from the `first` to the `last` by their numbers."""
        connection = self._connection
        connection.execute(
            "CREATE TEMP TABLE slice AS"
            f" SELECT event_id AS slice_id, CAST(change_no - {first} AS INTEGER) AS event_no"
            f" FROM temp.changing WHERE change_no BETWEEN {first} AND {last}"
        )
        (known,) = connection.execute(_KEPT_BEFORE).fetchone() or (0,)
        views, shared = self._derivation.views, self._derivation.shared
        sources = self._derivation.sources
        self._take_rows(sources)
        rows = {view: f"({view.sql})" for view in views}
        for view in views:
            # What no other view reads is written as it comes.
            if view.name in shared:
                connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
                rows[view] = f"temp.{view.name}"
        for view in views:
            if view.storage is Storage.BY_EVENT:
                self._write(view, rows[view], is_known=bool(known))
        for name in sorted({view.beside for view in views if view.beside}):
            beside = {view: rows[view] for view in views if view.beside == name}
            self._write_beside(tables.BY_NAME[name], beside, is_known=bool(known))
        for name in ("slice", *sources, *shared):
            connection.execute(f"DROP TABLE temp.{name}")

    def _take_rows(self, sources: dict[str, list[str]]) -> None:
        """Make temporary tables of the rows of these events, with the columns that are needed.

        They stand before the tables of the same names.
        """
        beside = {view.beside for view in self._derivation.views}
        self._in_tables = not self._held or self._are_in_tables()
        for table, columns in sources.items():
            address = ["rowid AS row_address"] if table in beside else []
            rows = self._rows_of(f"{self._main}.{table}", [*columns, *address])
            if not self._in_tables and table in _LEAVES:
                rows += " LIMIT 0"
            self._connection.execute(f"CREATE TEMP TABLE {table} AS {rows}")
            if table in self._held:
                rows = self._rows_of(HELD + table, columns)
                with _in_order(self._connection):
                    self._connection.execute(f"INSERT INTO temp.{table} BY NAME {rows}")

    def _are_in_tables(self) -> bool:
        found = self._connection.execute(
            "SELECT COUNT(*) FROM temp.slice AS s SEMI JOIN events AS e ON e.event_id = s.slice_id"
            f" WHERE s.slice_id NOT IN (SELECT event_id FROM {HELD}events)"
        ).fetchone()
        return found is not None and bool(found[0])

    def _rows_of(self, source: str, columns: list[str]) -> str:
        listed = ", ".join(f"t.{name}" for name in columns)
        return (
            f"SELECT s.event_no AS event_id, {listed} FROM {source} AS t"
            " JOIN temp.slice AS s ON s.slice_id = t.event_id"
        )

    def _write(self, view: View, rows: str, *, is_known: bool) -> None:
        """Put the view's rows in the place of those events' rows before.

        The rows of one event stay together, in the order of the events.
        """
        table = f"{SCHEMA}.{view.name}"
        if is_known:
            self._connection.execute(
                f"DELETE FROM {table} WHERE event_id IN (SELECT slice_id FROM temp.slice)"
            )
        order = ", ".join(f"v.{name}" for name, _ in view.columns[:3])
        self._connection.execute(
            f"INSERT INTO {table} SELECT s.slice_id, v.* EXCLUDE (event_id) FROM {rows} AS v"
            f" JOIN temp.slice AS s ON s.event_no = v.event_id ORDER BY {order}"
        )

    def _write_beside(self, table: tables.Table, views: dict[View, str], *, is_known: bool) -> None:
        """Write what the views, each with its rows, tell of the table's rows beside them."""
        printed = [column.name for column in table.columns]
        columns: dict[str, str] = {}
        for view in views:
            for name, _ in view.columns:
                if name not in printed:
                    columns.setdefault(name, f"{view.name}.{name}")
        told = ", ".join(columns.values())
        own = ", ".join(f"t.{name}" for name in printed if name != tables.EVENT_ID.name)
        (key,) = (
            column.name
            for column in table.columns
            if column.required and column is not tables.EVENT_ID
        )
        beside = " ".join(
            f"LEFT JOIN {rows} AS {view.name}"
            f" ON {view.name}.event_id = s.event_no AND {view.name}.{key} = t.{key}"
            for view, rows in views.items()
        )
        if table.name in self._held:
            with _in_order(self._connection):
                self._connection.execute(
                    f"INSERT INTO {self._main}.{table.name} BY NAME"
                    f" SELECT s.slice_id AS event_id, {own}, {told} FROM {HELD}{table.name} AS t"
                    f" JOIN temp.slice AS s ON s.slice_id = t.event_id {beside}"
                )
        if self._in_tables:
            rows = (
                f"SELECT t.row_address, {told} FROM temp.{table.name} AS t"
                f" JOIN temp.slice AS s ON s.event_no = t.event_id {beside}"
                " WHERE t.row_address IS NOT NULL"
            )
            self._update_beside(table, list(columns), rows, is_known=is_known)

    def _update_beside(
        self, table: tables.Table, columns: list[str], rows: str, *, is_known: bool
    ) -> None:
        """Write the columns beside rows that stand in the table already."""
        # In the order of the table: an update of scattered rows takes ten times as long.
        self._connection.execute(f"CREATE TEMP TABLE beside AS {rows} ORDER BY t.row_address")
        counts = ", ".join(f"COUNT({name})" for name in columns)
        told = self._connection.execute(f"SELECT {counts} FROM temp.beside").fetchone() or ()
        # Columns of new rows are NULL already.
        written = [name for name, count in zip(columns, told, strict=True) if count or is_known]
        if written:
            self._connection.execute(
                f"UPDATE {self._main}.{table.name} AS t"
                f" SET {', '.join(f'{name} = v.{name}' for name in written)}"
                " FROM temp.beside AS v WHERE t.rowid = v.row_address"
            )
        self._connection.execute("DROP TABLE temp.beside")


@contextmanager
def _in_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Meanwhile joins go through their first table, so that its rows come in their order.

    To sort them takes longer than to look them up in tables that are as long, and DuckDB takes
    a table of Arrow's for short.
    """
    connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # after an error the connection is given up
            connection.execute("RESET disabled_optimizers")


def _main(connection: duckdb.DuckDBPyConnection) -> str:
    """The schema of the database itself, which temporary tables do not hide."""
    (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    return '"' + str(name).replace('"', '""') + '".main'
