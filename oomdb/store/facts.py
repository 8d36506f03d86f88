"""The saved views in the database, and the rows of those that are kept.

A view is kept where its rows cost more to find than to hold; its file says how:

- `by event`: its rows are of one event each, and follow from that event's rows alone. They
  are derived when the event's rows were written, in `facts.<view>`.
- `beside TABLE`: the same with one row for each row of the table, which takes the columns
  that it lacks. So a view over millions of processes needs no join.
- `whole`: its rows follow from all events, and are derived anew when any event, host or
  label has changed.

The SELECT of the file is the only definition: what is kept is what it gives, for the
changed events, over tables of the same names that hold those events alone.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from oomdb import resources, tables
from oomdb.store import functions
from oomdb.store.insertion import registered
from oomdb.views import Storage, load_views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import duckdb

    from oomdb.views import View

#: The schema of the tables that hold views.
SCHEMA = "facts"
#: Events that are derived at a time; it bounds the memory.
_MOST_EVENTS = 20_000
#: So many are derived by one thread: to share the work among several costs more than it.
_FEW_EVENTS = 100
#: The temporary table with the ids of events whose rows or sightings were written.
CHANGED = "changed_events"

#: Events that are new or gone, or whose host or time was settled by other reports.
_MOVED = f"""
INSERT INTO temp.{CHANGED}
SELECT COALESCE(e.event_id, p.event_id) AS event_id
FROM events AS e
FULL JOIN {SCHEMA}.event_places AS p ON p.event_id = e.event_id
WHERE e.event_id IS NULL OR p.event_id IS NULL
  OR e.host_id IS DISTINCT FROM p.host_id
  OR e.occurred_at IS DISTINCT FROM p.occurred_at"""

#: How many events of a slice something was kept of before.
_KEPT_BEFORE = (
    f"SELECT COUNT(*) FROM {SCHEMA}.event_places"
    " WHERE event_id IN (SELECT slice_id FROM temp.slice)"
)

#: Stands for what views tell of hosts beside their events.
_HOSTS_STAMP = "SELECT COALESCE(SUM(HASH(hosts))::VARCHAR, '') FROM hosts"


def install(database: duckdb.DuckDBPyConnection, definitions: str) -> None:
    """Make every saved view anew, with nothing kept yet; `derive` fills them.

    `definitions` stands for the files of the views. Where the statements of
    `migrations/facts.sql` were made of the same, they save asking the views for their types.
    """
    _uninstall(database)
    database.execute(functions.DUCKDB)
    ready = (resources.folder("migrations") / "facts.sql").read_text(encoding="utf-8")
    head, _, statements = ready.partition("\n")
    if head != f"-- {definitions}":
        make(database)
        return
    database.execute(statements)
    for view in load_views():
        if view.storage is Storage.NONE:
            database.execute(f"CREATE VIEW {view.name} AS {view.sql}")


def make(database: duckdb.DuckDBPyConnection) -> None:
    """Make every saved view of its SELECT alone, in a database that has none."""
    database.execute(f"CREATE SCHEMA {SCHEMA}")
    database.execute(f"CREATE TABLE {SCHEMA}.stamps (name VARCHAR, stamp VARCHAR)")
    database.execute(f"CREATE TABLE {SCHEMA}.beside (table_name VARCHAR, column_name VARCHAR)")
    for view in load_views():
        database.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        if view.storage is Storage.NONE:
            continue
        if view.storage is Storage.BESIDE:
            described = database.execute(f"DESCRIBE {view.name}").fetchall()
            present = _columns(database, view.beside)
            for name, kind, *_ in described:
                if name not in present:
                    database.execute(f"ALTER TABLE {view.beside} ADD COLUMN {name} {kind}")
                    row = [view.beside, name]
                    database.execute(f"INSERT INTO {SCHEMA}.beside VALUES (?, ?)", row)
        else:
            table = f"{SCHEMA}.{view.name}"
            database.execute(f"CREATE TABLE {table} AS FROM {view.name} WITH NO DATA")
        database.execute(f"CREATE OR REPLACE {view_of_kept(view)}")


def view_of_kept(view: View) -> str:
    """The rest of a statement that makes a view of the rows that are kept."""
    columns = ", ".join(name for name, _ in view.columns)
    source = view.beside or f"{SCHEMA}.{view.name}"
    return f"VIEW {view.name} AS SELECT {columns} FROM {source}"


def _uninstall(database: duckdb.DuckDBPyConnection) -> None:
    """Take away the saved views of any oomdb and what it kept for them."""
    for (name,) in database.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    ).fetchall():
        database.execute(f"DROP VIEW {name}")
    kept = "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'beside'"
    if database.execute(kept, [SCHEMA]).fetchone():
        for table, name in database.execute(f"FROM {SCHEMA}.beside").fetchall():
            database.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    database.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _columns(database: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = database.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
        [table],
    )
    return {name for (name,) in found.fetchall()}


def note_changed(connection: duckdb.DuckDBPyConnection, event_ids: Collection[str]) -> None:
    """Note events whose rows or sightings were written or taken away, for `derive`."""
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {CHANGED} (event_id VARCHAR)")
    with registered(connection, "noted_events", event_id=list(event_ids)):
        connection.execute(f"INSERT INTO temp.{CHANGED} SELECT event_id FROM noted_events")


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring what is kept up to date with the tables.

    `temp.changed_events`, where there is one, names the events whose rows or sightings were
    written or taken away since; it is dropped. Events that are new, gone, or have another
    host or time than before are found here. Where nothing has changed nothing is derived.
    """
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {CHANGED} (event_id VARCHAR)")
    connection.execute(_MOVED)
    connection.execute(
        "CREATE TEMP TABLE changing AS"
        " SELECT event_id, ROW_NUMBER() OVER (ORDER BY place, event_id) AS change_no FROM ("
        "SELECT c.event_id, MAX(e.rowid) AS place"
        f" FROM temp.{CHANGED} AS c LEFT JOIN events AS e ON e.event_id = c.event_id"
        " GROUP BY c.event_id)"
    )
    connection.execute(f"DROP TABLE temp.{CHANGED}")
    (count,) = connection.execute("SELECT COUNT(*) FROM changing").fetchone() or (0,)
    with _threads_for(connection, count):
        for first in range(1, count + 1, _MOST_EVENTS):
            _derive_events(connection, first)
    connection.execute("DROP TABLE temp.changing")
    (stamp,) = connection.execute(_HOSTS_STAMP).fetchone() or ("",)
    (known,) = connection.execute(
        f"SELECT COALESCE(MAX(stamp), '') FROM {SCHEMA}.stamps WHERE name = 'hosts'"
    ).fetchone() or ("",)
    if count or stamp != known:
        (every,) = connection.execute("SELECT COUNT(*) FROM events").fetchone() or (0,)
        with _threads_for(connection, every):
            _derive_whole(connection)
        connection.execute(f"DELETE FROM {SCHEMA}.stamps")
        connection.execute(f"INSERT INTO {SCHEMA}.stamps VALUES ('hosts', ?)", [stamp])


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
        connection.execute(f"SET threads = {before}")


def _derive_events(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Derive anew what is kept of `_MOST_EVENTS` events that change, from the `first` on.

    Among themselves they go by numbers in the place of their ids, which join faster.
    """
    views, shared, sources = _by_event()
    main = _main(connection)
    connection.execute(
        "CREATE TEMP TABLE slice AS"
        f" SELECT event_id AS slice_id, CAST(change_no - {first} AS INTEGER) AS event_no"
        f" FROM temp.changing WHERE change_no BETWEEN {first} AND {first + _MOST_EVENTS - 1}"
    )
    (known,) = connection.execute(_KEPT_BEFORE).fetchone() or (0,)
    for table, columns in sources.items():
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT s.event_no AS event_id, {columns}"
            f" FROM {main}.{table} AS t JOIN temp.slice AS s ON s.slice_id = t.event_id"
        )
    for view in views:
        if view.name in shared:
            connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
    for view in views:
        if view.storage is Storage.BY_EVENT:
            # What no other view reads is written as it comes.
            rows = f"temp.{view.name}" if view.name in shared else f"({view.sql})"
            _write(connection, view, rows, is_known=bool(known))
    for name in sorted({view.beside for view in views if view.beside}):
        beside = {
            view: f"temp.{view.name}" if view.name in shared else f"({view.sql})"
            for view in views
            if view.beside == name
        }
        _write_beside(connection, tables.BY_NAME[name], beside, main, is_known=bool(known))
    for name in ("slice", *sources, *shared):
        connection.execute(f"DROP TABLE temp.{name}")


def _write(connection: duckdb.DuckDBPyConnection, view: View, rows: str, *, is_known: bool) -> None:
    """Put the view's rows of the slice in the place of those events' rows before.

    The rows of one event stay together, in the order of the events.
    """
    table = f"{SCHEMA}.{view.name}"
    if is_known:
        connection.execute(
            f"DELETE FROM {table} WHERE event_id IN (SELECT slice_id FROM temp.slice)"
        )
    order = ", ".join(f"v.{name}" for name, _ in view.columns[:3])
    connection.execute(
        f"INSERT INTO {table} SELECT s.slice_id, v.* EXCLUDE (event_id) FROM {rows} AS v"
        f" JOIN temp.slice AS s ON s.event_no = v.event_id ORDER BY {order}"
    )


def _write_beside(
    connection: duckdb.DuckDBPyConnection,
    table: tables.Table,
    views: dict[View, str],
    main: str,
    *,
    is_known: bool,
) -> None:
    """Write what the views, each with its rows, tell of the table's rows into their columns."""
    known = {column.name for column in table.columns}
    keys = ", ".join(column.name for column in table.columns if column.required)
    columns: dict[str, str] = {}
    for view in views:
        for name, _ in view.columns:
            if name not in known:
                columns.setdefault(name, f"{view.name}.{name}")
    joins = " ".join(f"JOIN {rows} AS {view.name} USING ({keys})" for view, rows in views.items())
    # In the order of the table: an update of scattered rows takes ten times as long.
    connection.execute(
        f"CREATE TEMP TABLE beside AS SELECT row_address, {', '.join(columns.values())}"
        f" FROM temp.{table.name} {joins} ORDER BY row_address"
    )
    counts = ", ".join(f"COUNT({name})" for name in columns)
    told = connection.execute(f"SELECT {counts} FROM temp.beside").fetchone() or ()
    # Columns of new rows are NULL already.
    written = [name for name, count in zip(columns, told, strict=True) if count or is_known]
    if written:
        connection.execute(
            f"UPDATE {main}.{table.name} AS t"
            f" SET {', '.join(f'{name} = v.{name}' for name in written)}"
            " FROM temp.beside AS v WHERE t.rowid = v.row_address"
        )
    connection.execute("DROP TABLE temp.beside")


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


@cache
def _by_event() -> tuple[tuple[View, ...], tuple[str, ...], dict[str, str]]:
    """The views that are kept by event, those that others read first.

    With the names of those that are read by others of them, and the tables they read, each
    with the columns that any of them may read.
    """
    kept, seen = kept_by_event(), words_read()
    shared = tuple(view.name for view in kept if view.name in seen)
    beside = {view.beside for view in kept}
    sources: dict[str, str] = {}
    for table, columns in columns_read().items():
        names = [name for name in columns if name != tables.EVENT_ID.name]
        address = ["rowid AS row_address"] if table in beside else []
        sources[table] = ", ".join(f"t.{name}" for name in [*names, *address])
    return kept, shared, sources


def kept_by_event() -> tuple[View, ...]:
    """The views whose rows are of one event each and worth keeping, those read by others first."""
    by_event = (Storage.BY_EVENT, Storage.BESIDE)
    return tuple(view for view in load_views() if view.storage in by_event)


@cache
def words_read() -> frozenset[str]:
    """The words of these views, and of all views that they read."""
    every = {view.name: view for view in load_views()}
    waiting, seen = [name for view in kept_by_event() for name in _words(view)], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if name in every:
                waiting += _words(every[name])
    return frozenset(seen)


def columns_read() -> dict[str, list[str]]:
    """The tables with rows of one event each that they read, and the columns of each."""
    seen = words_read()
    return {
        table.name: [column.name for column in table.columns if column.name in seen]
        for table in (tables.EVENTS, *tables.EVENT_TABLES)
        if table.name in seen
    }


def _words(view: View) -> set[str]:
    """The names in a view's SELECT, but for its own: it may call a column so."""
    return set(re.findall(r"\w+", view.code)) - {view.name}
