"""Bringing what is kept of the saved views up to date, for the events that changed.

`oomdb.store.facts` tells what is kept, and where.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

import duckdb

from oomdb import tables
from oomdb.batches import in_batches
from oomdb.store import facts
from oomdb.store.event_rows import CHANGED, create_changed
from oomdb.store.facts import SCHEMA
from oomdb.store.slices import HELD, Slice
from oomdb.views import Storage, load_views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: Events that are derived at a time, and rows of processes in them. They bound the memory.
_MOST_EVENTS = 20_000
_MOST_ROWS = 400_000
#: So many are derived by one thread: to share the work among several costs more than it.
_FEW_EVENTS = 100
_FEW_ROWS = 20_000

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

#: The rows of processes of each of these events in the table.
_ROWS_OF = """
SELECT c.change_no, COUNT(p.event_id)
FROM changing AS c
LEFT JOIN processes AS p ON p.event_id = c.event_id
WHERE c.is_written
GROUP BY c.change_no
ORDER BY c.change_no"""

#: Stands for what views tell of hosts beside their events.
_HOSTS_STAMP = "SELECT COALESCE(SUM(HASH(hosts))::VARCHAR, '') FROM hosts"

#: Stands there while the views that hold for all events are older than some of these.
_OUTDATED = "outdated"


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
    derive_changed(connection, held)
    (stamp,) = connection.execute(_HOSTS_STAMP).fetchone() or ("",)
    (known,) = connection.execute(
        f"SELECT COALESCE(MAX(stamp), '') FROM {SCHEMA}.stamps WHERE name = 'hosts'"
    ).fetchone() or ("",)
    if stamp != known:
        (every,) = connection.execute("SELECT COUNT(*) FROM events").fetchone() or (0,)
        with _threads_for(connection, every, 0):
            _derive_whole(connection)
        _stamp(connection, stamp)


def _stamp(connection: duckdb.DuckDBPyConnection, stamp: str) -> None:
    """Keep what the views that hold for all events were derived of."""
    connection.execute(f"DELETE FROM {SCHEMA}.stamps")
    connection.execute(f"INSERT INTO {SCHEMA}.stamps VALUES ('hosts', ?)", [stamp])


def derive_changed(connection: duckdb.DuckDBPyConnection, held: Collection[str] | None) -> None:
    """Derive anew what is kept of the changed events by themselves.

    `temp.changed_events` names them, and is dropped; `held` is as `derive` has it.
    """
    is_held = "FALSE" if held is None else f"c.event_id IN (SELECT event_id FROM {HELD}events)"
    connection.execute(_CHANGING.format(is_held=is_held))
    connection.execute(f"DROP TABLE temp.{CHANGED}")
    count, written = connection.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (is_written) FROM changing"
    ).fetchone() or (0, 0)
    ends, row_count = _slices(connection, written, held or ())
    with _threads_for(connection, count, row_count):
        for first, last in pairwise([0, *ends]):
            Slice(connection, facts.by_event(), held or ()).derive(first + 1, last)
        for first in range(written + 1, count + 1, _MOST_EVENTS):
            last = first + _MOST_EVENTS - 1
            Slice(connection, facts.by_place(), ()).derive(first, last)
    connection.execute("DROP TABLE temp.changing")
    beside = {view.beside for view in load_views()}
    for name in sorted(set(held or ()) - beside):
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {HELD}{name}")
    if count:
        _stamp(connection, _OUTDATED)


def _slices(
    connection: duckdb.DuckDBPyConnection, written: int, held: Collection[str]
) -> tuple[list[int], int]:
    """The number of the last event of each slice of those that were written, and their rows.

    Rows that are held back are no more than one slice's; otherwise those in the table count.
    """
    processes = tables.PROCESSES.name
    if not written:
        return [], 0
    if held:
        rows = f"SELECT COUNT(*) FROM {HELD}{processes}"
        (count,) = (connection.execute(rows).fetchone() if processes in held else None) or (0,)
        return [*range(_MOST_EVENTS, written, _MOST_EVENTS), written], count
    rows_of = connection.execute(_ROWS_OF).fetchall()
    some = in_batches(rows_of, _MOST_EVENTS, itemgetter(1), _MOST_ROWS)
    return [slice_of[-1][0] for slice_of in some], sum(count for _, count in rows_of)


@contextmanager
def _threads_for(
    connection: duckdb.DuckDBPyConnection, event_count: int, row_count: int
) -> Iterator[None]:
    """No more threads meanwhile than statements about so many events and rows are worth."""
    (before,) = connection.execute("SELECT CURRENT_SETTING('threads')").fetchone() or (1,)
    if event_count > _FEW_EVENTS or row_count > _FEW_ROWS:
        yield
        return
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # after an error the connection is given up
            connection.execute(f"SET threads = {before}")


def _derive_whole(connection: duckdb.DuckDBPyConnection) -> None:
    """Derive anew the views that follow from all events."""
    for view in load_views():
        if view.storage is Storage.WHOLE:
            table = f"{SCHEMA}.{view.name}"
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} {view.sql}")
