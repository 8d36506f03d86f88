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
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from oomdb import resources, tables
from oomdb.store import functions
from oomdb.views import Storage, load_views

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from oomdb.views import View

#: What other reports may change of an event, beside its rows; `settle` and `Assignment` do.
_MOVING = frozenset(
    {"sightings", "host_id", "occurred_at", "occurred_epoch_s", "time_basis", "printed_time"}
)
#: The schema of the tables that hold views.
SCHEMA = "facts"


def install(database: duckdb.DuckDBPyConnection, definitions: str) -> None:
    """Make every saved view anew, with nothing kept yet; `oomdb.store.deriving` fills them.

    `definitions` stands for the files of the views. Where the statements of
    `migrations/facts.sql` were made of the same, they save asking the views for their types.
    """
    _uninstall(database)
    database.execute(functions.DUCKDB)
    ready = (resources.folder("migrations") / "facts.sql").read_text(encoding="utf-8")
    head, _, statements = ready.partition("\n")
    if head != f"-- {definitions}":
        make(database)
    else:
        database.execute(statements)
        for view in load_views():
            if view.storage is Storage.NONE:
                database.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    names = ", ".join(f"('{view.name}')" for view in load_views())
    database.execute(f"INSERT INTO {SCHEMA}.views VALUES {names}")


def make(database: duckdb.DuckDBPyConnection) -> None:
    """Make every saved view of its SELECT alone, in a database that has none."""
    database.execute(f"CREATE SCHEMA {SCHEMA}")
    database.execute(f"CREATE TABLE {SCHEMA}.stamps (name VARCHAR, stamp VARCHAR)")
    database.execute(f"CREATE TABLE {SCHEMA}.views (view_name VARCHAR)")
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


def moved(event_places: str) -> str:
    """The SQL for events that are new or gone, or whose host or time other reports settled.

    `event_places` is the table that keeps the view of that name.
    """
    return f"""
SELECT COALESCE(e.event_id, p.event_id) AS event_id
FROM events AS e
FULL JOIN {event_places} AS p ON p.event_id = e.event_id
WHERE e.event_id IS NULL OR p.event_id IS NULL
  OR e.host_id IS DISTINCT FROM p.host_id
  OR e.occurred_at IS DISTINCT FROM p.occurred_at"""


def _uninstall(database: duckdb.DuckDBPyConnection) -> None:
    """Take away the saved views of any oomdb and what it kept for them; other views stay."""
    ours = {view.name for view in load_views()}
    kept = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ?"
    present = {name for (name,) in database.execute(kept, [SCHEMA]).fetchall()}
    if "views" in present:
        ours |= {name for (name,) in database.execute(f"FROM {SCHEMA}.views").fetchall()}
    for name in sorted(ours):
        database.execute(f"DROP VIEW IF EXISTS {name}")
    if "beside" in present:
        for table, name in database.execute(f"FROM {SCHEMA}.beside").fetchall():
            database.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    database.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _columns(database: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = database.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
        [table],
    )
    return {name for (name,) in found.fetchall()}


@dataclass(frozen=True, slots=True)
class Derivation:
    """Views that are derived together, those that others read first.

    `shared` are the names of those that are read by others of them; `sources` the tables that
    they read, each with the columns that any of the views may read beside the event's id.
    """

    views: tuple[View, ...]
    shared: frozenset[str]
    sources: dict[str, list[str]]


@cache
def by_event() -> Derivation:
    """What is derived of an event whose rows were written."""
    return _derivation(kept_by_event())


@cache
def by_place() -> Derivation:
    """What is derived of an event whose host, time or sightings alone have changed."""
    return _derivation(tuple(view for view in kept_by_event() if _MOVING & _words_read([view])))


def _derivation(views: tuple[View, ...]) -> Derivation:
    seen = _words_read(views)
    sources = {
        table: [name for name in read if name != tables.EVENT_ID.name]
        for table, read in _columns_among(seen).items()
    }
    return Derivation(views, frozenset(view.name for view in views if view.name in seen), sources)


def kept_by_event() -> tuple[View, ...]:
    """The views whose rows are of one event each and worth keeping, those read by others first."""
    by_event = (Storage.BY_EVENT, Storage.BESIDE)
    return tuple(view for view in load_views() if view.storage in by_event)


@cache
def words_read() -> frozenset[str]:
    """The words of these views, and of all views that they read."""
    return _words_read(kept_by_event())


def columns_read() -> dict[str, list[str]]:
    """The tables with rows of one event each that they read, and the columns of each."""
    return _columns_among(words_read())


def _words_read(views: Iterable[View]) -> frozenset[str]:
    every = {view.name: view for view in load_views()}
    waiting, seen = [name for view in views for name in _words(view)], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if name in every:
                waiting += _words(every[name])
    return frozenset(seen)


def _columns_among(words: frozenset[str]) -> dict[str, list[str]]:
    return {
        table.name: [column.name for column in table.columns if column.name in words]
        for table in (tables.EVENTS, *tables.EVENT_TABLES)
        if table.name in words
    }


def _words(view: View) -> set[str]:
    """The names in a view's SELECT, but for its own: it may call a column so."""
    return set(re.findall(r"\w+", view.code)) - {view.name}
