"""All that one database holds, brought into another: a file, a server's, or an export's folder."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from oomdb import databases, tables
from oomdb.databases import mark
from oomdb.errors import DamagedDatabaseError, OomdbError, UsageError
from oomdb.reparse import read_again
from oomdb.store import custody
from oomdb.store.content import Reader
from oomdb.store.custody import Act
from oomdb.store.places import full_name
from oomdb.store.trouble import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.reparse import Progress
    from oomdb.store.places import Place

#: Tables that every oomdb fills itself.
_OWN = frozenset({tables.GFP_BITS, tables.PROPERTIES})


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought: sources and events, those that are new to the database among them.

    `lost` names evidence that is damaged, each by its source, line and problem.
    """

    sources: int
    events: int
    new_events: int
    lost: tuple[str, ...] = ()


def copy_whole(source: Place, new: Place) -> None:
    """Make a new database of all rows of another, as they are; its custody goes on.

    UsageError where there is one already, OomdbError for a redacted copy.
    """
    if _holds_something(new):
        raise UsageError(f"{new} holds a database; name a place that holds none")
    with _opened(source) as old:
        _copy(old, source, new, 0)


def bring(
    source: Place, database: Place, *, wait_s: float = 0, progress: Progress | None = None
) -> Brought:
    """Add what another database holds; into one that holds nothing all rows go as they are.

    Else the kept evidence is read again, so that reports which are in both stay one event
    each. What users told (labels, budgets) comes along only where there is none.
    """
    if mark(database) is not None and mark(database) == mark(source):
        raise UsageError(f"{source} is the database itself; name another one to import")
    with _opened(source) as old:
        events = old.event_count()
        found = len(old.sources())
        if not _holds_sources(database):
            _copy(old, source, database, wait_s)
            return Brought(found, events, events)
        act = Act("import", {"from": full_name(source), "head": custody.head(old.connection)[1]})
        with databases.open_for_ingest(database, act, wait_s=wait_s) as store:
            for table in tables.TOLD:
                if old.has_rows(table) and not store.has_rows(table):
                    store.copy(old, table)
            done = read_again(old, store, progress=progress)
    return Brought(found, events, done.new_events, done.lost)


def _holds_something(place: Place) -> bool:
    """Whether a place is taken: a file that is there, else where anything was ever written.

    A server has its tables before it has rows, also of a copy that was killed.
    """
    if mark(place) is None or isinstance(place, Path):
        return mark(place) is not None
    with databases.open_for_reading(place) as reader:
        return any(reader.has_rows(table) for table in (tables.SOURCES, tables.CUSTODY))


def _holds_sources(database: Place) -> bool:
    """Whether a database holds anything that was read."""
    if mark(database) is None:
        return False
    with databases.open_for_reading(database) as reader:
        return reader.has_rows(tables.SOURCES)


def _copy(old: Reader, source: Place, new: Place, wait_s: float) -> None:
    act = Act("copy", {"from": full_name(source)})
    with databases.open_for_ingest(new, act, wait_s=wait_s) as store:
        for table in tables.TABLES:
            if table not in _OWN:
                store.copy(old, table)
        store.inherit_sources(old)


@contextmanager
def _opened(source: Place) -> Iterator[Reader]:
    """The database, or the folder that an export wrote; OomdbError for a redacted copy."""
    if isinstance(source, Path) and (source / f"{tables.EVENTS.name}.parquet").is_file():
        with _opened_export(source) as reader:
            yield _whole(reader)
    else:
        with databases.open_for_reading(source) as reader:
            yield _whole(reader)


@contextmanager
def _opened_export(folder: Path) -> Iterator[Reader]:
    """The folder that an export wrote; DamagedDatabaseError where a file lacks or is none."""
    files = {table.name: folder / f"{table.name}.parquet" for table in tables.TABLES}
    for file in files.values():
        if not file.is_file():
            raise DamagedDatabaseError(f"{folder} is no whole export: {file.name} is missing")
    with duckdb.connect() as connection:
        try:
            for name, file in files.items():
                literal = str(file).replace("'", "''")
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM READ_PARQUET('{literal}')")
            yield Reader(connection, folder)
        except duckdb.Error as error:
            raise DamagedDatabaseError(f"{folder} is damaged: {first_line(error)}") from error


def _whole(reader: Reader) -> Reader:
    if reader.is_redacted:
        raise OomdbError(f"{reader.place} is a redacted copy: it keeps no evidence")
    return reader
