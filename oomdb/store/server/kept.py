"""The saved views on a server, and the rows of those that are kept.

Kept is what follows from the rows of one event alone (`stored: by event` and `beside` of a
view's file), in a table `kept_<view>` with an index on the event: a question about one event
would go through all of them. It is derived in the transaction that has changed the events,
as `oomdb.store.facts` does: the view's SELECT, over temporary tables that hold these events
alone and stand before those of the same names. All other views are asked as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.store import facts, functions
from oomdb.store.insertion import among, registered
from oomdb.views import load_views

if TYPE_CHECKING:
    from collections.abc import Collection

    from oomdb.store.server.connection import ServerConnection
    from oomdb.views import View

#: How the comments begin on views and tables that oomdb made, and how these are found.
_OURS = "oomdb: "
_IN_SCHEMA = "relnamespace = TO_REGNAMESPACE(QUOTE_IDENT(CURRENT_SCHEMA()))"
_COMMENTED = f"""
SELECT c.relname
FROM pg_class AS c
WHERE c.relkind = ? AND c.{_IN_SCHEMA}
  AND STARTS_WITH(OBJ_DESCRIPTION(c.oid, 'pg_class'), '{_OURS}')
ORDER BY c.oid DESC"""
_KEPT = "kept_"
#: Events that are derived at a time, and the memory of a sort: it holds the rows of these.
_MOST_EVENTS = 2000
_SORT_MEMORY = "64MB"


def name_of(view: View) -> str:
    """The table that holds a view's rows."""
    return f"{_KEPT}{view.name}"


def drop_views(connection: ServerConnection) -> str | None:
    """Take away the views that an oomdb made, and what it kept; a view that others need."""
    for (name,) in connection.execute(_COMMENTED, ["v"]).fetchall():
        dependents = connection.execute(_DEPENDENTS, [name, _OURS]).fetchall()
        if dependents:
            return f"{dependents[0][0]} reads the saved view {name}"
        connection.execute(f"DROP VIEW {name}")
    for (name,) in connection.execute(_COMMENTED, ["r"]).fetchall():
        connection.execute(f"DROP TABLE {name}")
    return None


#: Views of others that read a view.
_DEPENDENTS = f"""
SELECT DISTINCT r.ev_class::regclass::text
FROM pg_depend AS d
JOIN pg_rewrite AS r ON r.oid = d.objid
JOIN pg_class AS c ON c.oid = d.refobjid
WHERE d.classid = 'pg_rewrite'::regclass AND c.relname = ? AND c.{_IN_SCHEMA}
  AND r.ev_class <> c.oid
  AND NOT STARTS_WITH(COALESCE(OBJ_DESCRIPTION(r.ev_class, 'pg_class'), ''), ?)"""


def make_views(connection: ServerConnection) -> None:
    """Make the function that SQL calls, every saved view, and the empty tables of those kept."""
    for function in functions.POSTGRESQL:
        connection.execute(function)
    connection.execute(
        "CREATE INDEX IF NOT EXISTS host_names_first_label_idx ON host_names (FIRST_LABEL(name))"
    )
    kept = set(facts.kept_by_event())
    for view in load_views():
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        if view in kept:
            columns = ", ".join(name for name, _ in view.columns)
            table = name_of(view)
            connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {view.name} LIMIT 0")
            connection.execute(f"CREATE INDEX {table}_event_id_idx ON {table} (event_id)")
            connection.execute(f"COMMENT ON TABLE {table} IS '{_OURS}rows of {view.name}'")
            connection.execute(
                f"CREATE OR REPLACE VIEW {view.name} AS SELECT {columns} FROM {table}"
            )
        comment = f"{_OURS}{view.fact}".replace("'", "''")
        connection.execute(f"COMMENT ON VIEW {view.name} IS '{comment}'")


def derive_whole(connection: ServerConnection, changed: Collection[str] = ()) -> None:
    """The same as `derive`, also of events that are not told: those whose place is not kept.

    It goes through all events for them.
    """
    asked = connection.execute(facts.moved(f"{_KEPT}event_places"))
    moved = {row[0] for row in asked.fetchall()}
    derive(connection, moved.union(changed))


def derive(connection: ServerConnection, changed: Collection[str]) -> None:
    """Bring what is kept of these events up to date, in the caller's transaction.

    `changed` are those whose rows or sightings were written or taken away, or of which host or
    time are others now.
    """
    event_ids = sorted(changed)
    connection.execute(f"SET LOCAL work_mem = '{_SORT_MEMORY}'")
    for first in range(0, len(event_ids), _MOST_EVENTS):
        with registered(connection, "slice", event_id=event_ids[first : first + _MOST_EVENTS]):
            _derive_slice(connection)


def _derive_slice(connection: ServerConnection) -> None:
    (schema,) = connection.execute("SELECT QUOTE_IDENT(CURRENT_SCHEMA())").fetchone()
    kept, seen = set(facts.kept_by_event()), facts.words_read()
    made: list[tuple[str, str]] = []
    of_slice = among(connection, "slice", "event_id")
    for table, columns in facts.columns_read().items():
        names = ", ".join(f"t.{name}" for name in columns)
        connection.execute(
            f"CREATE TEMPORARY TABLE {table} AS SELECT {names} FROM {schema}.{table} AS t"
            f" WHERE t.event_id {of_slice}"
        )
        connection.execute(f"ANALYZE pg_temp.{table}")
        made.append(("TABLE", table))
    for view in load_views():
        if view.name in seen:
            # One that is not kept is asked over these tables too: its own is bound to the others.
            kind = "TABLE" if view in kept else "VIEW"
            connection.execute(f"CREATE TEMPORARY {kind} {view.name} AS {view.sql}")
            if view in kept:
                connection.execute(f"ANALYZE pg_temp.{view.name}")
            made.append((kind, view.name))
        if view not in kept:
            continue
        columns = [name for name, _ in view.columns]
        rows = view.name if view.name in seen else f"({view.sql})"
        table = f"{schema}.{name_of(view)}"
        connection.execute(f"DELETE FROM {table} WHERE event_id {of_slice}")
        names = ", ".join(columns)
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows} AS v")
    for kind, name in reversed(made):
        connection.execute(f"DROP {kind} pg_temp.{name}")
