"""Bringing what is kept of the saved views up to date, for the events that changed.

`oomdb.store.facts` tells what is kept, and where.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from oomdb import tables
from oomdb.rows.columns import LEAVES, schema
from oomdb.store import facts
from oomdb.store.event_rows import CHANGED, EventRows, create_changed
from oomdb.store.facts import SCHEMA
from oomdb.views import Storage, load_views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from oomdb.store.connection import Connection
    from oomdb.views import View

#: Events that are derived at a time, and those whose rows are held back; they bound the memory.
_MOST_EVENTS = 20_000
_MOST_HELD_EVENTS = 2000
#: So many are derived by one thread: to share the work among several costs more than it.
_FEW_EVENTS = 100

#: The events that change, numbered: first those whose rows were written or taken away, or of
#: which nothing is kept yet.
_CHANGING = f"""
CREATE TEMP TABLE changing AS
SELECT
  event_id, is_written, ROW_NUMBER() OVER (ORDER BY NOT is_written, place, event_id) AS change_no
FROM (
  SELECT
    c.event_id,
    e.rowid AS place,
    e.event_id IS NULL OR p.event_id IS NULL OR {{is_held}} AS is_written
  FROM (SELECT DISTINCT event_id FROM temp.{CHANGED}) AS c
  LEFT JOIN events AS e ON e.event_id = c.event_id
  LEFT JOIN {SCHEMA}.event_places AS p ON p.event_id = c.event_id
)"""

#: How many events of a slice something was kept of before.
_KEPT_BEFORE = (
    f"SELECT COUNT(*) FROM {SCHEMA}.event_places"
    " WHERE event_id IN (SELECT slice_id FROM temp.slice)"
)

#: Stands for what views tell of hosts beside their events.
_HOSTS_STAMP = "SELECT COALESCE(SUM(HASH(hosts))::VARCHAR, '') FROM hosts"

#: Stands there while the views that hold for all events are older than some of these.
_OUTDATED = "outdated"

#: The tables whose rows may be held back, and how they are registered then.
_LEAVES = frozenset(table.name for table in LEAVES)
_HELD = "held_"


class HeldRows(EventRows):
    """Writes rows of events together with what is kept of the views about them.

    Until then the rows of a report's lines are held back: so the columns beside a table are
    written with its rows, once. `events` itself is written at once.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._held: dict[str, list[pa.Table]] = {}
        self._event_ids: set[str] = set()

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows of `events`, or hold back those of a table of events."""
        if name == tables.EVENTS.name:
            super().insert(name, rows)
            self._event_ids.update(map(str, rows.column("event_id").to_pylist()))
        else:
            self._held.setdefault(name, []).append(rows)

    def delete(self, event_ids: Collection[str]) -> None:
        """Take out all rows of events but their sightings."""
        super().delete(event_ids)
        gone = self._event_ids.intersection(event_ids)
        if gone:
            self._event_ids -= gone
            ids = pa.array(sorted(gone), pa.string())
            self._held = {
                name: [_without(rows, ids) for rows in parts] for name, parts in self._held.items()
            }

    def clear(self) -> None:
        """Take out all rows of all events but their sightings."""
        super().clear()
        self._held.clear()
        self._event_ids.clear()

    def note_changed(self, event_ids: Collection[str]) -> None:
        """Note events whose rows or sightings changed; derive what is kept of many such."""
        super().note_changed(event_ids)
        if len(self._event_ids) >= _MOST_HELD_EVENTS:
            database = cast("duckdb.DuckDBPyConnection", self._connection)
            with self._registered():
                _derive_changed(database, frozenset(self._held))

    def derive(self) -> None:
        """Write what is held back, and bring what is kept up to date with the tables."""
        database = cast("duckdb.DuckDBPyConnection", self._connection)
        database.begin()
        with self._registered():
            derive(database, frozenset(self._held))
        database.commit()

    @contextmanager
    def _registered(self) -> Iterator[None]:
        """The rows that are held back as tables for statements, after which they are let go."""
        database = cast("duckdb.DuckDBPyConnection", self._connection)
        held = {name: _whole(name, parts) for name, parts in self._held.items()}
        held["events"] = pa.table({"event_id": pa.array(sorted(self._event_ids), pa.string())})
        for name, rows in held.items():
            database.register(_HELD + name, rows)
        try:
            yield
        finally:
            for name in held:
                database.unregister(_HELD + name)
        self._held.clear()
        self._event_ids.clear()


def _without(rows: pa.Table, event_ids: pa.Array[pa.StringScalar]) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows.column("event_id").cast(pa.string()), event_ids)))


def _whole(name: str, parts: list[pa.Table]) -> pa.Table:
    """The rows with every column of the table."""
    rows = pa.concat_tables(parts, promote_options="default")
    for field in schema(name):
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(len(rows), field.type))
    return rows


def derive(connection: duckdb.DuckDBPyConnection, held: Collection[str] | None = None) -> None:
    """Bring what is kept up to date with the tables.

    `temp.changed_events`, where there is one, names the events whose rows or sightings were
    written or taken away since; it is dropped. Events that are new, gone, or have another
    host or time than before are found here. Where nothing has changed nothing is derived.
    Rows of the tables in `held` are registered as `held_` with the table's name, the ids of
    their events as `held_events`; they are written.
    """
    create_changed(connection)
    connection.execute(f"INSERT INTO temp.{CHANGED} {facts.moved(f'{SCHEMA}.event_places')}")
    _derive_changed(connection, held)
    (stamp,) = connection.execute(_HOSTS_STAMP).fetchone() or ("",)
    (known,) = connection.execute(
        f"SELECT COALESCE(MAX(stamp), '') FROM {SCHEMA}.stamps WHERE name = 'hosts'"
    ).fetchone() or ("",)
    if stamp != known:
        (every,) = connection.execute("SELECT COUNT(*) FROM events").fetchone() or (0,)
        with _threads_for(connection, every):
            _derive_whole(connection)
        _stamp(connection, stamp)


def _stamp(connection: duckdb.DuckDBPyConnection, stamp: str) -> None:
    """Keep what the views that hold for all events were derived of."""
    connection.execute(f"DELETE FROM {SCHEMA}.stamps")
    connection.execute(f"INSERT INTO {SCHEMA}.stamps VALUES ('hosts', ?)", [stamp])


def _derive_changed(connection: duckdb.DuckDBPyConnection, held: Collection[str] | None) -> None:
    """Derive anew what is kept of the changed events by themselves."""
    is_held = "FALSE" if held is None else f"c.event_id IN (SELECT event_id FROM {_HELD}events)"
    connection.execute(_CHANGING.format(is_held=is_held))
    connection.execute(f"DROP TABLE temp.{CHANGED}")
    count, written = connection.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (is_written) FROM changing"
    ).fetchone() or (0, 0)
    with _threads_for(connection, count):
        for first in range(1, written + 1, _MOST_EVENTS):
            last = min(first + _MOST_EVENTS - 1, written)
            _Slice(connection, facts.by_event(), held or ()).derive(first, last)
        for first in range(written + 1, count + 1, _MOST_EVENTS):
            last = first + _MOST_EVENTS - 1
            _Slice(connection, facts.by_place(), ()).derive(first, last)
    connection.execute("DROP TABLE temp.changing")
    beside = {view.beside for view in load_views()}
    for name in sorted(set(held or ()) - beside):
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {_HELD}{name}")
    if count:
        _stamp(connection, _OUTDATED)


@contextmanager
def _threads_for(connection: duckdb.DuckDBPyConnection, event_count: int) -> Iterator[None]:
    """No more threads meanwhile than statements about so many events are worth."""
    (before,) = connection.execute("SELECT CURRENT_SETTING('threads')").fetchone() or (1,)
    if event_count > _FEW_EVENTS:
        yield
        return
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # after an error the connection is given up
            connection.execute(f"SET threads = {before}")


@contextmanager
def _in_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Meanwhile joins go through their first table, so that its rows come in their order.

    To sort them takes longer than to look them up in tables that are as long.
    """
    connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # after an error the connection is given up
            connection.execute("RESET disabled_optimizers")


class _Slice:
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
        beside = {view.beside for view in load_views()}
        self._in_tables = not self._held or self._are_in_tables()
        for table, columns in sources.items():
            parts = []
            if self._in_tables or table not in _LEAVES:
                address = ["rowid AS row_address"] if table in beside else []
                parts.append(self._rows_of(f"{self._main}.{table}", [*columns, *address]))
            if table in self._held:
                parts.append(self._rows_of(_HELD + table, columns))
            if not parts:
                parts.append(self._rows_of(f"{self._main}.{table}", columns) + " LIMIT 0")
            self._connection.execute(
                f"CREATE TEMP TABLE {table} AS {' UNION ALL BY NAME '.join(parts)}"
            )
            if table in beside and not self._in_tables:
                self._connection.execute(f"ALTER TABLE temp.{table} ADD COLUMN row_address BIGINT")

    def _are_in_tables(self) -> bool:
        found = self._connection.execute(
            "SELECT COUNT(*) FROM temp.slice AS s SEMI JOIN events AS e ON e.event_id = s.slice_id"
            f" WHERE s.slice_id NOT IN (SELECT event_id FROM {_HELD}events)"
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
        keys = ", ".join(column.name for column in table.columns if column.required)
        columns: dict[str, str] = {}
        for view in views:
            for name, _ in view.columns:
                if name not in printed:
                    columns.setdefault(name, f"{view.name}.{name}")
        joined = f"temp.{table.name} AS t " + " ".join(
            f"LEFT JOIN {rows} AS {view.name} USING ({keys})" for view, rows in views.items()
        )
        told = ", ".join(columns.values())
        if table.name in self._held:
            own = ", ".join(f"t.{name}" for name in printed if name != tables.EVENT_ID.name)
            with _in_order(self._connection):
                self._connection.execute(
                    f"INSERT INTO {self._main}.{table.name} BY NAME"
                    f" SELECT s.slice_id AS event_id, {own}, {told} FROM {joined}"
                    " JOIN temp.slice AS s ON s.event_no = t.event_id"
                    " WHERE t.row_address IS NULL"
                )
        if self._in_tables:
            rows = f"SELECT t.row_address, {told} FROM {joined}"
            self._update_beside(table, list(columns), rows, is_known=is_known)

    def _update_beside(
        self, table: tables.Table, columns: list[str], rows: str, *, is_known: bool
    ) -> None:
        """Write the columns beside rows that stand in the table already."""
        # In the order of the table: an update of scattered rows takes ten times as long.
        self._connection.execute(
            f"CREATE TEMP TABLE beside AS {rows}"
            " WHERE t.row_address IS NOT NULL ORDER BY t.row_address"
        )
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


def _derive_whole(connection: duckdb.DuckDBPyConnection) -> None:
    """Derive anew the views that follow from all events."""
    for view in load_views():
        if view.storage is Storage.WHOLE:
            table = f"{SCHEMA}.{view.name}"
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} {view.sql}")


def _main(connection: duckdb.DuckDBPyConnection) -> str:
    """The schema of the database itself, which temporary tables do not hide."""
    (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    return '"' + str(name).replace('"', '""') + '".main'
