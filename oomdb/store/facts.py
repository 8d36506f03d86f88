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
from functools import cache
from typing import TYPE_CHECKING

from oomdb import tables
from oomdb.views import Storage, load_views

if TYPE_CHECKING:
    import duckdb

    from oomdb.views import View

#: The schema of the tables that hold views.
SCHEMA = "facts"
#: Events that are derived at a time; it bounds the memory.
_MOST_EVENTS = 20_000
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

#: Stands for what views tell of hosts beside their events.
_HOSTS_STAMP = "SELECT COALESCE(SUM(HASH(hosts)), 0)::VARCHAR FROM hosts"


def install(database: duckdb.DuckDBPyConnection) -> None:
    """Make every saved view anew, with nothing kept yet; `derive` fills them."""
    _uninstall(database)
    database.execute(f"CREATE SCHEMA {SCHEMA}")
    database.execute(f"CREATE TABLE {SCHEMA}.stamps (name VARCHAR, stamp VARCHAR)")
    for view in load_views():
        database.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        if view.storage is Storage.NONE:
            continue
        if view.storage is Storage.BESIDE:
            source = view.beside
            described = database.execute(f"DESCRIBE {view.name}").fetchall()
            present = _columns(database, source)
            for name, kind, *_ in described:
                if name not in present:
                    database.execute(f"ALTER TABLE {source} ADD COLUMN {name} {kind}")
        else:
            source = f"{SCHEMA}.{view.name}"
            database.execute(f"CREATE TABLE {source} AS FROM {view.name} WITH NO DATA")
        columns = ", ".join(name for name, _ in view.columns)
        database.execute(f"CREATE OR REPLACE VIEW {view.name} AS SELECT {columns} FROM {source}")


def _uninstall(database: duckdb.DuckDBPyConnection) -> None:
    """Take away the saved views of any oomdb and what it kept for them."""
    for (name,) in database.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    ).fetchall():
        database.execute(f"DROP VIEW {name}")
    database.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    for table in tables.TABLES:
        declared = {column.name for column in table.columns}
        for name in _columns(database, table.name) - declared:
            database.execute(f"ALTER TABLE {table.name} DROP COLUMN {name}")


def _columns(database: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = database.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
        [table],
    )
    return {name for (name,) in found.fetchall()}


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
    for first in range(1, count + 1, _MOST_EVENTS):
        _derive_events(connection, first)
    connection.execute("DROP TABLE temp.changing")
    (stamp,) = connection.execute(_HOSTS_STAMP).fetchone() or ("",)
    (known,) = connection.execute(
        f"SELECT MAX(stamp) FROM {SCHEMA}.stamps WHERE name = 'hosts'"
    ).fetchone() or ("",)
    if count or stamp != known:
        _derive_whole(connection)
        connection.execute(f"DELETE FROM {SCHEMA}.stamps")
        connection.execute(f"INSERT INTO {SCHEMA}.stamps VALUES ('hosts', ?)", [stamp])


def _derive_events(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Derive anew what is kept of `_MOST_EVENTS` events that change, from the `first` on."""
    views, sources = _by_event()
    main = _main(connection)
    connection.execute(
        "CREATE TEMP TABLE slice AS SELECT event_id, change_no FROM temp.changing"
        f" WHERE change_no BETWEEN {first} AND {first + _MOST_EVENTS - 1}"
    )
    for table in sources:
        connection.execute(
            f"CREATE TEMP TABLE {table} AS"
            f" SELECT * FROM {main}.{table} SEMI JOIN temp.slice USING (event_id)"
        )
    for view in views:
        connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
    for view in views:
        if view.storage is Storage.BESIDE:
            _write_beside(connection, view, main)
        else:
            _write(connection, view)
    for name in ("slice", *sources, *(view.name for view in views)):
        connection.execute(f"DROP TABLE temp.{name}")


def _write(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    """Put the view's rows of the slice in the place of those events' rows before.

    The rows of one event stay together, in the order of the events.
    """
    table = f"{SCHEMA}.{view.name}"
    connection.execute(f"DELETE FROM {table} WHERE event_id IN (SELECT event_id FROM temp.slice)")
    order = ", ".join(f"v.{name}" for name, _ in view.columns[1:3])
    connection.execute(
        f"INSERT INTO {table} SELECT v.* FROM temp.{view.name} AS v"
        f" JOIN temp.slice AS s ON s.event_id = v.event_id ORDER BY s.change_no, {order}"
    )


def _write_beside(connection: duckdb.DuckDBPyConnection, view: View, main: str) -> None:
    table = tables.BY_NAME[view.beside]
    declared = {column.name for column in table.columns}
    keys = [column.name for column in table.columns if column.required]
    values = ", ".join(f"{name} = v.{name}" for name, _ in view.columns if name not in declared)
    same = " AND ".join(f"t.{name} = v.{name}" for name in keys)
    connection.execute(
        f"UPDATE {main}.{table.name} AS t SET {values} FROM temp.{view.name} AS v WHERE {same}"
    )


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
def _by_event() -> tuple[tuple[View, ...], tuple[str, ...]]:
    """The views that are kept by event, those that others read first; the tables they read."""
    every = {view.name: view for view in load_views()}
    kept = tuple(
        view for view in every.values() if view.storage in (Storage.BY_EVENT, Storage.BESIDE)
    )
    waiting, seen = [view.name for view in kept], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if name in every:
                waiting += re.findall(r"\w+", every[name].code)
    named = [table.name for table in (tables.EVENTS, *tables.EVENT_TABLES)]
    return kept, tuple(name for name in named if name in seen)
